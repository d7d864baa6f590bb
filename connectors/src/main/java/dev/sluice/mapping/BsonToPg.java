package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBinarySubType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What each BSON value becomes in each column type: the one switch over both. A value that a type can't
/// hold exactly is a misfit; nothing is rounded, cut or guessed. `golden/bson-to-pg.txt` has the outcomes
/// as a table.
///
/// Neither switch has a `default`, so a new column type or BSON type does not compile until it is decided
/// here.
final class BsonToPg {
    private static final Outcome TRUE = new Outcome.Fits(true);
    private static final Outcome FALSE = new Outcome.Fits(false);

    private BsonToPg() {}

    /// The conversion into one column type, worked out once and used for every value. Any thread.
    @FunctionalInterface
    interface Converter {
        /// @param nested is told of parts that do not fit inside a value that does
        Outcome convert(BsonValue value, NestedMisfits nested);
    }

    static Converter to(ColumnType type) {
        return switch (type) {
            case ColumnType.Text t -> (value, nested) -> text(value);
            case ColumnType.Citext t -> (value, nested) -> text(value);
            case ColumnType.Varchar(int length) -> (value, nested) -> varchar(value, length);
            case ColumnType.Bool b -> (value, nested) -> bool(value);
            case ColumnType.Int integer -> (value, nested) -> NumbersToPg.integer(value, integer);
            case ColumnType.DoublePrecision d -> (value, nested) -> NumbersToPg.doublePrecision(value);
            case ColumnType.Numeric numeric -> (value, nested) -> NumbersToPg.numeric(value, numeric);
            case ColumnType.Timestamptz t -> (value, nested) -> TimesToPg.timestamptz(value);
            case ColumnType.Date d -> (value, nested) -> TimesToPg.date(value);
            case ColumnType.Uuid u -> (value, nested) -> uuid(value);
            case ColumnType.Bytea b -> (value, nested) -> bytea(value);
            case ColumnType.Jsonb j -> BsonToPg::jsonb;
            case ColumnType.Inet i -> (value, nested) -> inet(value);
            case ColumnType.Postgres p -> BsonToPg::named;
            case ColumnType.Array(ColumnType element) -> {
                Converter each = to(element);
                yield (value, nested) -> array(value, each, nested);
            }
        };
    }

    private static Outcome text(BsonValue value) {
        return switch (value.getBsonType()) {
            case STRING -> string(value.asString().getValue());
            case SYMBOL -> string(value.asSymbol().getSymbol());
            case INT32 -> fits(Integer.toString(value.asInt32().getValue()));
            case INT64 -> fits(Long.toString(value.asInt64().getValue()));
            case DOUBLE -> fits(BsonNumbers.text(value.asDouble().getValue()));
            case DECIMAL128 -> fits(value.asDecimal128().getValue().toString());
            case BOOLEAN -> fits(value.asBoolean().getValue() ? "true" : "false");
            case OBJECT_ID -> fits(value.asObjectId().getValue().toHexString());
            case DATE_TIME -> fits(PreciseDateTime.text(value.asDateTime()));
            case BINARY -> {
                UUID uuid = Uuids.of(value.asBinary());
                yield uuid == null ? new Outcome.Misfit("is a binary, and no UUID, not text") : fits(uuid.toString());
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOCUMENT,
                    ARRAY,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    JAVASCRIPT_WITH_SCOPE,
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "text");
        };
    }

    /// What is to be read by PostgreSQL itself: text, or for objects and arrays JSON.
    private static Outcome named(BsonValue value, NestedMisfits nested) {
        return value.isDocument() || value.isArray() ? jsonb(value, nested) : text(value);
    }

    /// The text that a text column would get, if it could hold any character; null for what is no text.
    static @Nullable String asText(BsonValue value) {
        return switch (value.getBsonType()) {
            case STRING -> value.asString().getValue();
            case SYMBOL -> value.asSymbol().getSymbol();
            case NULL, UNDEFINED -> null;
            case DOUBLE,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> text(value) instanceof Outcome.Fits(String text) ? text : null;
        };
    }

    private static Outcome string(String text) {
        String refusal = PgText.refusal(text);
        return refusal == null ? new Outcome.Fits(text) : new Outcome.Misfit(refusal);
    }

    private static Outcome varchar(BsonValue value, int length) {
        Outcome outcome = text(value);
        // Code points are at most as many as chars, so most texts need no counting.
        return outcome instanceof Outcome.Fits(String text)
                        && text.length() > length
                        && text.codePointCount(0, text.length()) > length
                ? new Outcome.Misfit("is longer than " + length + " characters")
                : outcome;
    }

    private static Outcome bool(BsonValue value) {
        return switch (value.getBsonType()) {
            case BOOLEAN -> value.asBoolean().getValue() ? TRUE : FALSE;
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a boolean");
        };
    }

    private static Outcome uuid(BsonValue value) {
        return switch (value.getBsonType()) {
            case BINARY -> {
                UUID uuid = Uuids.of(value.asBinary());
                if (uuid != null) {
                    yield fits(uuid);
                }
                yield new Outcome.Misfit(
                        value.asBinary().getType() == BsonBinarySubType.UUID_LEGACY.getValue()
                                ? "is a legacy UUID, whose byte order is not known"
                                : "is a binary, and no UUID");
            }
            case STRING -> {
                UUID uuid = Uuids.parse(value.asString().getValue());
                yield uuid != null ? fits(uuid) : new Outcome.Misfit("is a string, and no UUID");
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    DOCUMENT,
                    ARRAY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a UUID");
        };
    }

    private static Outcome inet(BsonValue value) {
        return switch (value.getBsonType()) {
            case STRING ->
                InetText.isAddress(value.asString().getValue())
                        ? fits(value.asString().getValue())
                        : new Outcome.Misfit("is a string, and no address of a host or network");
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "an address");
        };
    }

    private static Outcome bytea(BsonValue value) {
        return switch (value.getBsonType()) {
            case BINARY -> fits(value.asBinary().getData());
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    ARRAY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a binary");
        };
    }

    private static Outcome jsonb(BsonValue value, NestedMisfits nested) {
        return switch (value.getBsonType()) {
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> BsonToJson.convert(value, nested);
        };
    }

    private static Outcome array(BsonValue value, Converter each, NestedMisfits nested) {
        return switch (value.getBsonType()) {
            case ARRAY -> elements(value.asArray(), each, nested);
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    DATE_TIME,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "an array");
        };
    }

    private static Outcome elements(BsonArray array, Converter each, NestedMisfits nested) {
        List<@Nullable Object> elements = new ArrayList<>(array.size());
        NestedMisfits inElement =
                (path, part, reason) -> nested.misfit("[" + elements.size() + "]" + path, part, reason);
        for (BsonValue element : array) {
            switch (each.convert(element, inElement)) {
                case Outcome.Fits(var fitting) -> elements.add(fitting);
                case Outcome.Misfit(String reason) -> {
                    inElement.misfit("", element, reason);
                    elements.add(null);
                }
            }
        }
        return new Outcome.Fits(Collections.unmodifiableList(elements));
    }

    private static Outcome fits(Object value) {
        return new Outcome.Fits(value);
    }

    /// The misfit of a value that is of another kind altogether.
    static Outcome not(BsonValue value, String wanted) {
        return new Outcome.Misfit("is " + BsonKind.of(value) + ", not " + wanted);
    }
}
