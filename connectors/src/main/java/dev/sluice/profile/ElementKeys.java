package dev.sluice.profile;

import dev.sluice.mapping.convert.TextForm;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.schema.ColumnType;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Which fields tell the elements of one array apart, in all arrays of one path. Filled by one thread, then
/// only read.
final class ElementKeys {
    /// Fields of an element that are looked at.
    private static final int NAMES_MAX = 40;

    /// Arrays of two elements or more that have to be seen before a field named like an identity is a key.
    private static final int EVIDENCE_MIN = 5;

    /// The same before any other field is named as one that might be.
    private static final int SUGGESTED_MIN = 20;

    /// A key is part of an index.
    private static final int CHARACTERS_MAX = 100;

    private static final Set<String> IDENTITIES = Set.of("_id", "id", "_key", "uuid", "guid");
    private static final List<String> IDENTITY_ENDINGS = List.of("id", "uuid", "key", "code", "slug", "sku");

    private @Nullable Set<String> names;
    private long arrays;

    ElementKeys() {}

    void add(BsonArray array) {
        List<BsonDocument> objects = array.stream()
                .filter(BsonDocument.class::isInstance)
                .map(BsonDocument.class::cast)
                .toList();
        if (objects.isEmpty()) {
            return;
        }
        if (names == null) {
            names = objects.getFirst().keySet().stream()
                    .limit(NAMES_MAX)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }
        if (objects.size() > 1) {
            arrays++;
        }
        names.removeIf(name -> !tellsApart(name, objects));
    }

    private static boolean tellsApart(String name, List<BsonDocument> objects) {
        Set<Object> seen = new HashSet<>();
        for (BsonDocument object : objects) {
            Object key = key(object.get(name));
            if (key == null || !seen.add(key)) {
                return false;
            }
        }
        return true;
    }

    /// What a key's column has for a value; null for what is no key.
    private static @Nullable Object key(@Nullable BsonValue value) {
        return switch (value) {
            case BsonString text -> text.getValue();
            case BsonObjectId id -> id.getValue().toHexString();
            case BsonInt32 number -> (long) number.getValue();
            case BsonInt64 number -> number.getValue();
            case BsonBinary binary when ExactFit.of(binary, new ColumnType.Uuid()) -> binary;
            case null, default -> null;
        };
    }

    /// The field that is a key for the elements' rows: one that is named like an identity and is another in
    /// each element of an array, or that no two elements of the collection have alike.
    ///
    /// @param array its name
    /// @param elements of all arrays
    Optional<String> key(String array, ObjectProfile elements) {
        if (arrays < EVIDENCE_MIN) {
            return Optional.empty();
        }
        List<String> fit = fit(elements);
        String own = SqlNames.singular(SqlNames.snake(array)) + "_id";
        return fit.stream()
                .filter(name -> IDENTITIES.contains(name.toLowerCase(Locale.ROOT))
                        || SqlNames.snake(name).equals(own))
                .findFirst()
                .or(() -> fit.stream()
                        .filter(name -> isIdentity(name, elements.fields().get(name)))
                        .findFirst());
    }

    /// Fields that were another in each element of an array, though nothing says that they always are.
    List<String> suggested(ObjectProfile elements) {
        return arrays < SUGGESTED_MIN
                ? List.of()
                : fit(elements).stream().filter(ElementKeys::endsLikeIdentity).toList();
    }

    private static boolean isIdentity(String name, @Nullable FieldProfile field) {
        if (field == null || !field.isUnique()) {
            return false;
        }
        TextProfile texts = field.texts();
        return field.count(BsonType.OBJECT_ID) + field.binaries().uuids() == field.count()
                || texts.are(TextForm.OBJECT_ID)
                || texts.are(TextForm.UUID)
                || endsLikeIdentity(name);
    }

    /// Whether a name says that values tell one thing from another.
    static boolean endsLikeIdentity(String name) {
        String snake = SqlNames.snake(name);
        return IDENTITY_ENDINGS.stream().anyMatch(ending -> snake.equals(ending) || snake.endsWith("_" + ending));
    }

    /// The fields that all elements have, with values that a key takes.
    private List<String> fit(ObjectProfile elements) {
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> {
                            FieldProfile field = elements.fields().get(name);
                            return field != null
                                    && PathText.isReadable(List.of(name))
                                    && field.count() == elements.count()
                                    && field.twins() == 0
                                    && field.texts().unfit() == 0
                                    && field.texts().charactersMax() <= CHARACTERS_MAX
                                    && field.types().size() == 1;
                        })
                        .toList();
    }
}
