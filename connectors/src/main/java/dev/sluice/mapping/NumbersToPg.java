package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.bson.BsonValue;
import org.bson.types.Decimal128;

/// The part of [BsonToPg] for columns that hold numbers: a number of any BSON type fits where it is held
/// exactly, and nothing else does. Text that looks like a number stays text; `parse_number` is there for
/// it.
final class NumbersToPg {
    private NumbersToPg() {}

    static Outcome integer(BsonValue value, ColumnType.Int type) {
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
                    END_OF_DOCUMENT -> BsonToPg.not(value, "a number");
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

    static Outcome doublePrecision(BsonValue value) {
        return switch (value.getBsonType()) {
            case DOUBLE -> new Outcome.Fits(value.asDouble().getValue());
            case INT32 -> new Outcome.Fits((double) value.asInt32().getValue());
            case INT64 -> {
                long number = value.asInt64().getValue();
                double nearest = (double) number;
                // The way back caps at the largest long, which no double is.
                yield number != Long.MAX_VALUE && (long) nearest == number ? new Outcome.Fits(nearest) : inexact();
            }
            case DECIMAL128 -> {
                Decimal128 decimal = value.asDecimal128().getValue();
                BigDecimal number = BsonNumbers.finite(decimal);
                if (number == null) {
                    yield new Outcome.Fits(BsonNumbers.special(decimal));
                }
                double nearest = number.doubleValue();
                yield BsonNumbers.equal(nearest, number) ? new Outcome.Fits(nearest) : inexact();
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
                    END_OF_DOCUMENT -> BsonToPg.not(value, "a number");
        };
    }

    private static Outcome inexact() {
        return new Outcome.Misfit("has more digits than double precision holds");
    }

    static Outcome numeric(BsonValue value, ColumnType.Numeric type) {
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
                    END_OF_DOCUMENT -> BsonToPg.not(value, "a number");
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
                : new Outcome.Fits(number);
    }
}
