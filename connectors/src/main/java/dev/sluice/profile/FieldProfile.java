package dev.sluice.profile;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What the values of one path were like. Filled by one thread, then only read.
public final class FieldProfile {
    /// Two longer texts differ as a rule.
    private static final int UNIQUE_LENGTH_MAX = 100;

    private final Map<BsonType, Long> types = new EnumMap<>(BsonType.class);
    private final TextProfile texts = new TextProfile();
    private final NumberProfile numbers = new NumberProfile();
    private final DateProfile dates = new DateProfile();
    private final BinaryProfile binaries = new BinaryProfile();
    private final DistinctValues distinct = new DistinctValues();
    private long twins;
    private @Nullable ObjectProfile object;
    private @Nullable ArrayProfile array;

    FieldProfile() {}

    void add(BsonValue value, int depth, Limits limits) {
        types.merge(value.getBsonType(), 1L, Long::sum);
        switch (value.getBsonType()) {
            case STRING -> {
                texts.add(value.asString().getValue());
                distinct.add(value, limits);
            }
            case SYMBOL -> texts.add(value.asSymbol().getSymbol());
            case INT32, INT64, DOUBLE, DECIMAL128 -> {
                numbers.add(value.asNumber());
                distinct.add(value, limits);
            }
            case DATE_TIME -> {
                dates.add(value.asDateTime());
                distinct.add(value, limits);
            }
            case BINARY -> {
                binaries.add(value.asBinary());
                distinct.add(value, limits);
            }
            case OBJECT_ID, BOOLEAN -> distinct.add(value, limits);
            case DOCUMENT -> objectProfile().add((BsonDocument) value, depth + 1, limits);
            case ARRAY -> arrayProfile().add((BsonArray) value, depth + 1, limits);
            case UNDEFINED,
                    NULL,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    JAVASCRIPT_WITH_SCOPE,
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> {}
        }
    }

    /// Adds what the values of another path were like.
    void addAll(FieldProfile other, Limits limits) {
        other.types.forEach((type, count) -> types.merge(type, count, Long::sum));
        texts.addAll(other.texts);
        numbers.addAll(other.numbers);
        dates.addAll(other.dates);
        binaries.addAll(other.binaries);
        distinct.addAll(other.distinct, limits);
        twins += other.twins;
        if (other.object != null) {
            objectProfile().addAll(other.object, limits);
        }
        if (other.array != null) {
            arrayProfile().addAll(other.array, limits);
        }
    }

    /// Forgets what is of no use once everything was added.
    void seal() {
        distinct.seal();
        if (object != null) {
            object.seal();
        }
        if (array != null) {
            array.seal();
        }
    }

    /// An object has the name a second time.
    void addTwin() {
        twins++;
    }

    /// In how many objects the name is there more than once. Of those, only the first value is looked at.
    public long twins() {
        return twins;
    }

    private ObjectProfile objectProfile() {
        if (object == null) {
            object = new ObjectProfile();
        }
        return object;
    }

    private ArrayProfile arrayProfile() {
        if (array == null) {
            array = new ArrayProfile();
        }
        return array;
    }

    /// How many values had each BSON type, in the order of the types; those that had none are not in it.
    public Map<BsonType, Long> types() {
        return Collections.unmodifiableMap(types);
    }

    public long count(BsonType type) {
        return types.getOrDefault(type, 0L);
    }

    /// How often the field was there, null included.
    public long count() {
        return types.values().stream().mapToLong(Long::longValue).sum();
    }

    /// How often it was there and not null.
    public long values() {
        return count() - count(BsonType.NULL) - count(BsonType.UNDEFINED);
    }

    /// Of the strings and symbols.
    public TextProfile texts() {
        return texts;
    }

    /// Of the numbers of all four types.
    public NumberProfile numbers() {
        return numbers;
    }

    public DateProfile dates() {
        return dates;
    }

    public BinaryProfile binaries() {
        return binaries;
    }

    /// Of the strings, numbers, booleans, dates, binaries and ObjectIds.
    public DistinctValues distinct() {
        return distinct;
    }

    /// Whether no value was seen twice, and that means something: of short texts, ObjectIds and UUIDs. Two
    /// numbers or dates differ as a rule.
    boolean isUnique() {
        long names = count(BsonType.STRING) + count(BsonType.OBJECT_ID) + binaries.uuids();
        return distinct.unique() && names == values() && texts.charactersMax() <= UNIQUE_LENGTH_MAX;
    }

    /// Of the objects; null where none was seen.
    public @Nullable ObjectProfile object() {
        return object;
    }

    /// Of the arrays; null where none was seen.
    public @Nullable ArrayProfile array() {
        return array;
    }
}
