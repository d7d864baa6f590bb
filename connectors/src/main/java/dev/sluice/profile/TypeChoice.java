package dev.sluice.profile;

import dev.sluice.mapping.TextForm;
import dev.sluice.schema.ColumnType;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonType;
import org.jspecify.annotations.Nullable;

/// Which column type holds the values of one path, and why.
///
/// @param conversion of the mapping language that the type needs
/// @param reason for people, without values
record TypeChoice(ColumnType type, Optional<String> conversion, String reason) {
    /// Below this number of texts, that all of them look like a date says little.
    static final int EVIDENCE_MIN = 20;

    /// Types that are alike as far as a column is concerned.
    private enum Family {
        TEXT,
        NUMBER,
        BOOLEAN,
        DATE,
        OBJECT_ID,
        BINARY,
        OBJECT,
        ARRAY,
        OTHER
    }

    private static final Set<Family> AS_TEXT =
            EnumSet.of(Family.TEXT, Family.NUMBER, Family.BOOLEAN, Family.DATE, Family.OBJECT_ID, Family.BINARY);

    /// @return empty where nothing but null was seen
    static Optional<TypeChoice> of(FieldProfile field) {
        return of(field, true);
    }

    /// @param converts whether conversions may be proposed, which do not reach into arrays
    private static Optional<TypeChoice> of(FieldProfile field, boolean converts) {
        Map<Family, Long> families = families(field);
        return switch (families.size()) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(one(families.keySet().iterator().next(), field, converts));
            default -> Optional.of(mixed(families, field, converts));
        };
    }

    private static Map<Family, Long> families(FieldProfile field) {
        Map<Family, Long> families = new EnumMap<>(Family.class);
        field.types().forEach((type, count) -> {
            Family family = family(type);
            if (family != null) {
                families.merge(family, count, Long::sum);
            }
        });
        return families;
    }

    private static @Nullable Family family(BsonType type) {
        return switch (type) {
            case STRING, SYMBOL -> Family.TEXT;
            case DOUBLE, INT32, INT64, DECIMAL128 -> Family.NUMBER;
            case BOOLEAN -> Family.BOOLEAN;
            case DATE_TIME -> Family.DATE;
            case OBJECT_ID -> Family.OBJECT_ID;
            case BINARY -> Family.BINARY;
            case DOCUMENT -> Family.OBJECT;
            case ARRAY -> Family.ARRAY;
            case REGULAR_EXPRESSION, DB_POINTER, JAVASCRIPT, JAVASCRIPT_WITH_SCOPE, TIMESTAMP, MIN_KEY, MAX_KEY ->
                Family.OTHER;
            case NULL, UNDEFINED, END_OF_DOCUMENT -> null;
        };
    }

    private static TypeChoice one(Family family, FieldProfile field, boolean converts) {
        return switch (family) {
            case TEXT -> text(field, converts);
            case NUMBER -> number(field);
            case BOOLEAN -> plain(new ColumnType.Bool(), "boolean");
            case DATE ->
                plain(
                        new ColumnType.Timestamptz(),
                        "date" + (field.dates().days() ? ", always midnight UTC: date would do" : ""));
            case OBJECT_ID -> plain(new ColumnType.Text(), "ObjectId, as 24 hex digits");
            case BINARY -> binary(field.binaries());
            case OBJECT -> plain(new ColumnType.Jsonb(), "object");
            case ARRAY -> array(field);
            case OTHER -> plain(new ColumnType.Jsonb(), BsonTypes.shares(field) + ": no column type of its own");
        };
    }

    private static TypeChoice plain(ColumnType type, String reason) {
        return new TypeChoice(type, Optional.empty(), reason);
    }

    private static TypeChoice text(FieldProfile field, boolean converts) {
        TextProfile texts = field.texts();
        String length = texts.charactersMax() == 0
                ? "string, always empty"
                : "string, at most " + BsonTypes.count(texts.charactersMax(), "character");
        if (texts.count() < EVIDENCE_MIN || field.count(BsonType.SYMBOL) > 0) {
            return plain(new ColumnType.Text(), length);
        }
        if (converts && texts.are(TextForm.TIMESTAMP)) {
            return new TypeChoice(
                    new ColumnType.Timestamptz(),
                    Optional.of("parse_timestamp"),
                    "string, all of them ISO 8601 with an offset, which is not kept");
        }
        if (converts && texts.are(TextForm.DATE)) {
            return new TypeChoice(
                    new ColumnType.Date(), Optional.of("parse_timestamp"), "string, all of them ISO 8601 dates");
        }
        return plain(new ColumnType.Text(), length + like(texts, converts));
    }

    /// What all texts look like, where it is better not to decide for the reader.
    private static String like(TextProfile texts, boolean converts) {
        if (texts.are(TextForm.OBJECT_ID)) {
            return ", all of them 24 hex digits";
        }
        if (texts.are(TextForm.UUID)) {
            return ", all of them UUIDs: uuid would do";
        }
        if (texts.are(TextForm.LOCAL_TIMESTAMP)) {
            return ", all of them ISO 8601 without an offset: where you know the zone,"
                    + " timestamptz with convert [{parse_timestamp: {zone: ..}}] would do";
        }
        if (texts.are(TextForm.WHOLE_NUMBER)) {
            return ", all of them whole numbers" + (converts ? ": bigint with convert [parse_number] would do" : "");
        }
        if (texts.are(TextForm.NUMBER)) {
            return ", all of them numbers" + (converts ? ": numeric with convert [parse_number] would do" : "");
        }
        return texts.are(TextForm.JSON) ? ", all of them JSON" : "";
    }

    private static TypeChoice number(FieldProfile field) {
        NumberProfile numbers = field.numbers();
        boolean decimals = field.count(BsonType.DECIMAL128) > 0;
        boolean doubles = field.count(BsonType.DOUBLE) > 0;
        String seen = BsonTypes.shares(field);
        if (decimals) {
            int precision = Math.max(1, numbers.integerDigitsMax() + numbers.scaleMax());
            String narrow =
                    numbers.notFinite() == 0 ? ", at most numeric(" + precision + "," + numbers.scaleMax() + ")" : "";
            return plain(ColumnType.Numeric.UNCONSTRAINED, seen + narrow);
        }
        if (!doubles) {
            return plain(new ColumnType.Int(8), seen);
        }
        if (numbers.beyondDouble() > 0) {
            return plain(
                    ColumnType.Numeric.UNCONSTRAINED, seen + ", some beyond 2^53: numeric holds all of them exactly");
        }
        return plain(new ColumnType.DoublePrecision(), seen + (numbers.whole() ? ", though all of them whole" : ""));
    }

    private static TypeChoice binary(BinaryProfile binaries) {
        if (Layout.mostly(binaries.uuids(), binaries.count())) {
            long others = binaries.count() - binaries.uuids();
            return plain(
                    new ColumnType.Uuid(),
                    "UUID (binary of subtype 4)"
                            + (others == 0
                                    ? ""
                                    : "; " + BsonTypes.count(others, "binary value") + " that are none: quarantined"));
        }
        String subtypes =
                binaries.subtypes().keySet().stream().map(String::valueOf).collect(Collectors.joining(" and "));
        return plain(
                new ColumnType.Bytea(),
                "binary of subtype " + subtypes + ", at most " + BsonTypes.count(binaries.bytesMax(), "byte"));
    }

    private static TypeChoice array(FieldProfile field) {
        ArrayProfile array = field.array();
        if (array == null) {
            return plain(new ColumnType.Jsonb(), "array");
        }
        if (array.elements().count(BsonType.ARRAY) > 0
                && array.elements().count(BsonType.ARRAY) == array.elements().values()) {
            return plain(new ColumnType.Jsonb(), "array of arrays");
        }
        Optional<TypeChoice> element = of(array.elements(), false);
        String length = ", at most " + BsonTypes.count(array.lengthMax(), "element");
        if (element.isEmpty()) {
            return plain(
                    new ColumnType.Jsonb(),
                    array.lengthMax() == 0 ? "array, always empty: any element fits" : "array of null" + length);
        }
        TypeChoice choice = element.get();
        long nulls = array.elements().count() - array.elements().values();
        String holes = nulls == 0
                ? ""
                : ", null " + BsonTypes.percent(nulls, array.elements().count()) + " of them";
        return choice.type() instanceof ColumnType.Jsonb
                ? plain(new ColumnType.Jsonb(), "array of " + choice.reason() + length + holes)
                : plain(new ColumnType.Array(choice.type()), "array of " + choice.reason() + length);
    }

    private static TypeChoice mixed(Map<Family, Long> families, FieldProfile field, boolean converts) {
        String seen = BsonTypes.shares(field);
        Set<Family> seenFamilies = families.keySet();
        boolean evidence = converts && field.texts().count() >= EVIDENCE_MIN && field.count(BsonType.SYMBOL) == 0;
        if (evidence
                && seenFamilies.equals(EnumSet.of(Family.TEXT, Family.DATE))
                && field.texts().are(TextForm.TIMESTAMP)) {
            return new TypeChoice(
                    new ColumnType.Timestamptz(),
                    Optional.of("parse_timestamp"),
                    seen + ", all strings ISO 8601 with an offset, which is not kept");
        }
        if (evidence
                && seenFamilies.equals(EnumSet.of(Family.TEXT, Family.NUMBER))
                && field.texts().are(TextForm.NUMBER)) {
            boolean whole = field.texts().are(TextForm.WHOLE_NUMBER)
                    && field.numbers().whole()
                    && field.count(BsonType.DOUBLE) == 0;
            return new TypeChoice(
                    whole ? new ColumnType.Int(8) : ColumnType.Numeric.UNCONSTRAINED,
                    Optional.of("parse_number"),
                    seen + ", all strings numbers");
        }
        boolean asText = AS_TEXT.containsAll(seenFamilies)
                && (!seenFamilies.contains(Family.BINARY) || field.binaries().areUuids());
        long textual = families.getOrDefault(Family.TEXT, 0L)
                + families.getOrDefault(Family.OBJECT_ID, 0L)
                + families.getOrDefault(Family.BINARY, 0L);
        if (asText && 2 * textual >= field.values()) {
            return plain(new ColumnType.Text(), "mixed: " + seen + "; all of them as text");
        }
        return plain(new ColumnType.Jsonb(), "mixed: " + seen + "; jsonb keeps them apart");
    }
}
