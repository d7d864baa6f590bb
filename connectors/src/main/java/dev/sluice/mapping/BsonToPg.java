package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBinarySubType;
import org.bson.BsonDateTime;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// What each BSON value becomes in each column type: the one switch over both. A value that a type can't hold
/// exactly is a misfit; nothing is rounded, cut or guessed. `golden/bson-to-pg.txt` has the outcomes as a table.
///
/// Neither switch has a `default`, so a new column type or BSON type does not compile until it is decided here.
final class BsonToPg {
    /// PostgreSQL's first moment, 4713-11-24 BC (day 0 of the Julian calendar), in ms since 1970.
    private static final long TIMESTAMP_MILLIS_MIN = -210_866_803_200_000L;

    /// PostgreSQL goes on until the end of 294276, but a row carries microseconds since 1970 in a long, which
    /// end on 294247-01-10. In ms, inclusive.
    private static final long TIMESTAMP_MILLIS_MAX = Long.MAX_VALUE / 1_000 - 1;

    private static final long DAY_MILLIS = 86_400_000L;
    private static final long DATE_DAYS_MIN = -2_440_588L;

    /// 5874897-12-31, the last day of PostgreSQL's `date`.
    private static final long DATE_DAYS_MAX = 2_145_042_905L;

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
            case ColumnType.Int integer -> (value, nested) -> integer(value, integer);
            case ColumnType.DoublePrecision d -> (value, nested) -> doublePrecision(value);
            case ColumnType.Numeric numeric -> (value, nested) -> numeric(value, numeric);
            case ColumnType.Timestamptz t -> (value, nested) -> timestamptz(value);
            case ColumnType.Date d -> (value, nested) -> date(value);
            case ColumnType.Uuid u -> (value, nested) -> uuid(value);
            case ColumnType.Bytea b -> (value, nested) -> bytea(value);
            case ColumnType.Jsonb j -> BsonToPg::jsonb;
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

    private static Outcome integer(BsonValue value, ColumnType.Int type) {
        return switch (value.getBsonType()) {
            case INT32 -> inRange(value.asInt32().getValue(), type);
            case INT64 -> inRange(value.asInt64().getValue(), type);
            case DOUBLE -> {
                double number = value.asDouble().getValue();
                if (!Double.isFinite(number)) {
                    yield new Outcome.Misfit("is " + Double.toString(number) + ", not a whole number");
                }
                if (!BsonNumbers.isWhole(number)) {
                    yield new Outcome.Misfit("has a fraction");
                }
                yield BsonNumbers.inLong(number) ? inRange((long) number, type) : outOfRange(type);
            }
            case DECIMAL128 -> wholeDecimal(value.asDecimal128().getValue(), type);
            case NULL, UNDEFINED -> Outcome.NULL;
            case STRING,
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
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a number");
        };
    }

    private static Outcome wholeDecimal(Decimal128 decimal, ColumnType.Int type) {
        BigDecimal number = BsonNumbers.finite(decimal);
        if (number == null) {
            return new Outcome.Misfit("is " + decimal + ", not a whole number");
        }
        number = number.stripTrailingZeros();
        if (number.scale() > 0) {
            return new Outcome.Misfit("has a fraction");
        }
        // Counted before it is written out, since an exponent may ask for thousands of digits.
        if (number.precision() - number.scale() > 19) {
            return outOfRange(type);
        }
        BigInteger whole = number.toBigIntegerExact();
        return whole.bitLength() < Long.SIZE ? inRange(whole.longValueExact(), type) : outOfRange(type);
    }

    private static Outcome inRange(long number, ColumnType.Int type) {
        boolean inside = switch (type.bytes()) {
            case 2 -> number == (short) number;
            case 4 -> number == (int) number;
            default -> true;
        };
        return inside ? new Outcome.Fits(number) : outOfRange(type);
    }

    private static Outcome outOfRange(ColumnType type) {
        return new Outcome.Misfit("is out of the range of " + type.sql());
    }

    private static Outcome doublePrecision(BsonValue value) {
        return switch (value.getBsonType()) {
            case DOUBLE -> fits(value.asDouble().getValue());
            case INT32 -> fits((double) value.asInt32().getValue());
            case INT64 -> {
                long number = value.asInt64().getValue();
                double nearest = (double) number;
                // The way back caps at the largest long, which no double is.
                yield number != Long.MAX_VALUE && (long) nearest == number ? fits(nearest) : inexact();
            }
            case DECIMAL128 -> {
                Decimal128 decimal = value.asDecimal128().getValue();
                BigDecimal number = BsonNumbers.finite(decimal);
                if (number == null) {
                    yield fits(BsonNumbers.special(decimal));
                }
                double nearest = number.doubleValue();
                yield BsonNumbers.equal(nearest, number) ? fits(nearest) : inexact();
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case STRING,
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
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a number");
        };
    }

    private static Outcome inexact() {
        return new Outcome.Misfit("has more digits than double precision holds");
    }

    private static Outcome numeric(BsonValue value, ColumnType.Numeric type) {
        return switch (value.getBsonType()) {
            case INT32 -> decimal(BigDecimal.valueOf(value.asInt32().getValue()), type);
            case INT64 -> decimal(BigDecimal.valueOf(value.asInt64().getValue()), type);
            case DOUBLE -> {
                double number = value.asDouble().getValue();
                yield Double.isFinite(number) ? decimal(BigDecimal.valueOf(number), type) : special(number, type);
            }
            case DECIMAL128 -> {
                Decimal128 decimal = value.asDecimal128().getValue();
                BigDecimal number = BsonNumbers.finite(decimal);
                yield number == null ? special(BsonNumbers.special(decimal), type) : decimal(number, type);
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case STRING,
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
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a number");
        };
    }

    private static Outcome decimal(BigDecimal number, ColumnType.Numeric type) {
        if (!type.constrained()) {
            return new Outcome.Fits(number);
        }
        BigDecimal stripped = number.scale() > type.scale() ? number.stripTrailingZeros() : number;
        if (stripped.scale() > type.scale()) {
            return new Outcome.Misfit("would be rounded to " + type.scale() + " digits after the point");
        }
        boolean tooLarge = stripped.signum() != 0
                && (long) stripped.precision() - stripped.scale() > (long) type.precision() - type.scale();
        return tooLarge ? outOfRange(type) : new Outcome.Fits(stripped);
    }

    private static Outcome special(double number, ColumnType.Numeric type) {
        return type.constrained() && Double.isInfinite(number)
                ? new Outcome.Misfit("is infinite, which " + type.sql() + " can't be")
                : fits(number);
    }

    private static Outcome timestamptz(BsonValue value) {
        return switch (value.getBsonType()) {
            case DATE_TIME -> {
                BsonDateTime date = value.asDateTime();
                long millis = date.getValue();
                yield millis < TIMESTAMP_MILLIS_MIN || millis > TIMESTAMP_MILLIS_MAX
                        ? new Outcome.Misfit("is outside 4713 BC to 294247 AD")
                        : new Outcome.Fits(millis * 1_000 + PreciseDateTime.microsOfMilli(date));
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case TIMESTAMP -> new Outcome.Misfit("is a timestamp of MongoDB's replication, not a date");
            case STRING -> new Outcome.Misfit("is a string, not a date (ISO 8601 needs convert: [parse_timestamp])");
            case DOUBLE,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> not(value, "a date");
        };
    }

    private static Outcome date(BsonValue value) {
        return switch (value.getBsonType()) {
            case DATE_TIME -> {
                BsonDateTime date = value.asDateTime();
                if (Math.floorMod(date.getValue(), DAY_MILLIS) != 0 || PreciseDateTime.microsOfMilli(date) != 0) {
                    yield new Outcome.Misfit("has a time of day");
                }
                long days = Math.floorDiv(date.getValue(), DAY_MILLIS);
                yield days < DATE_DAYS_MIN || days > DATE_DAYS_MAX
                        ? new Outcome.Misfit("is outside 4713 BC to 5874897 AD")
                        : new Outcome.Fits(days);
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case DOUBLE,
                    STRING,
                    DOCUMENT,
                    ARRAY,
                    BINARY,
                    OBJECT_ID,
                    BOOLEAN,
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
                    END_OF_DOCUMENT -> not(value, "a date");
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

    private static Outcome not(BsonValue value, String wanted) {
        return new Outcome.Misfit("is " + BsonKind.of(value) + ", not " + wanted);
    }
}
