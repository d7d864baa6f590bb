package dev.sluice.mapping.row;

import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.DecimalDigits;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// The part of [BsonToPg] for columns that hold numbers: a number of any BSON type fits where it is held
/// exactly, and nothing else does. Text that looks like a number stays text; `parse_number` is there for
/// it.
final class NumbersToPg {
    static final String WANTED = "a number";

    private NumbersToPg() {}

    static @Nullable String integer(Value value, ColumnType.Int type, RowOutput out) {
        byte[] bytes = value.bytes();
        int at = value.at();
        return switch (value.type()) {
            case RawBytes.INT32 -> inRange(RawBytes.int32(bytes, at), type, out);
            case RawBytes.INT64 -> inRange(RawBytes.int64(bytes, at), type, out);
            case RawBytes.DOUBLE -> {
                double number = RawBytes.float64(bytes, at);
                if (!Double.isFinite(number)) {
                    yield "is " + Double.toString(number) + ", not a whole number";
                }
                if (!BsonNumbers.isWhole(number)) {
                    yield "has a fraction";
                }
                yield BsonNumbers.inLong(number) ? inRange((long) number, type, out) : outOfRange(type);
            }
            case RawBytes.DECIMAL128 -> wholeDecimal(decimal128(value), type, out);
            default -> BsonToPg.not(value, WANTED);
        };
    }

    private static Decimal128 decimal128(Value value) {
        return value.decoded().asDecimal128().getValue();
    }

    private static @Nullable String wholeDecimal(Decimal128 decimal, ColumnType.Int type, RowOutput out) {
        BigDecimal number = BsonNumbers.finite(decimal);
        if (number == null) {
            return "is " + decimal + ", not a whole number";
        }
        number = number.stripTrailingZeros();
        if (number.scale() > 0) {
            return "has a fraction";
        }
        // Counted before it is written out, since an exponent may ask for thousands of digits.
        if (number.precision() - number.scale() > 19) {
            return outOfRange(type);
        }
        BigInteger whole = number.toBigIntegerExact();
        return whole.bitLength() < Long.SIZE ? inRange(whole.longValueExact(), type, out) : outOfRange(type);
    }

    private static @Nullable String inRange(long number, ColumnType.Int type, RowOutput out) {
        boolean inside = switch (type.bytes()) {
            case 2 -> number == (short) number;
            case 4 -> number == (int) number;
            default -> true;
        };
        if (!inside) {
            return outOfRange(type);
        }
        out.whole(number);
        return null;
    }

    private static String outOfRange(ColumnType type) {
        return "is out of the range of " + type.sql();
    }

    static @Nullable String doublePrecision(Value value, RowOutput out) {
        byte[] bytes = value.bytes();
        int at = value.at();
        double fitting;
        switch (value.type()) {
            case RawBytes.DOUBLE -> fitting = RawBytes.float64(bytes, at);
            case RawBytes.INT32 -> fitting = RawBytes.int32(bytes, at);
            case RawBytes.INT64 -> {
                long number = RawBytes.int64(bytes, at);
                fitting = (double) number;
                // The way back caps at the largest long, which no double is.
                if (number == Long.MAX_VALUE || (long) fitting != number) {
                    return inexact();
                }
            }
            case RawBytes.DECIMAL128 -> {
                Decimal128 decimal = decimal128(value);
                BigDecimal number = BsonNumbers.finite(decimal);
                fitting = number == null ? BsonNumbers.special(decimal) : number.doubleValue();
                if (number != null && !BsonNumbers.equal(fitting, number)) {
                    return inexact();
                }
            }
            default -> {
                return BsonToPg.not(value, WANTED);
            }
        }
        out.floating(fitting);
        return null;
    }

    private static String inexact() {
        return "has more digits than double precision holds";
    }

    static @Nullable String numeric(Value value, ColumnType.Numeric type, RowOutput out) {
        byte[] bytes = value.bytes();
        int at = value.at();
        DecimalDigits digits = value.scratch().decimal();
        boolean taken = switch (value.type()) {
            case RawBytes.DOUBLE -> digits.takeDouble(RawBytes.float64(bytes, at));
            case RawBytes.INT32 -> digits.takeWhole(RawBytes.int32(bytes, at));
            case RawBytes.INT64 -> digits.takeWhole(RawBytes.int64(bytes, at));
            case RawBytes.DECIMAL128 -> digits.takeDecimal128(RawBytes.int64(bytes, at + 8), RawBytes.int64(bytes, at));
            default -> false;
        };
        if (taken && digits.fit(type.precision(), type.scale())) {
            out.decimal(digits.unscaled(), digits.scale());
            return null;
        }
        if (!value.isNumber()) {
            return BsonToPg.not(value, WANTED);
        }
        BigDecimal number = BsonNumbers.shortest(value.decoded().asNumber());
        return number == null ? special(value, type, out) : decimal(number, type, out);
    }

    private static @Nullable String decimal(BigDecimal number, ColumnType.Numeric type, RowOutput out) {
        BigDecimal fitting = type.constrained() && number.scale() > type.scale() ? number.stripTrailingZeros() : number;
        if (type.constrained()) {
            if (fitting.scale() > type.scale()) {
                return "would be rounded to " + type.scale() + " digits after the point";
            }
            if (fitting.signum() != 0
                    && (long) fitting.precision() - fitting.scale() > (long) type.precision() - type.scale()) {
                return outOfRange(type);
            }
        }
        out.value(fitting);
        return null;
    }

    private static @Nullable String special(Value value, ColumnType.Numeric type, RowOutput out) {
        double number = value.type() == RawBytes.DOUBLE
                ? value.decoded().asDouble().getValue()
                : BsonNumbers.special(decimal128(value));
        if (type.constrained() && Double.isInfinite(number)) {
            return "is infinite, which " + type.sql() + " can't be";
        }
        out.value(number);
        return null;
    }
}
