package dev.sluice.mapping.convert;

import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.Conversion;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.bson.BsonDecimal128;
import org.bson.BsonDouble;
import org.bson.BsonNumber;
import org.bson.BsonValue;
import org.bson.types.Decimal128;

/// The conversions of numbers.
final class NumberSteps {
    private NumberSteps() {}

    /// Whether it certainly has no fraction.
    static boolean isWhole(Value number) {
        byte[] bytes = number.bytes();
        return switch (number.type()) {
            case RawBytes.INT32, RawBytes.INT64 -> true;
            case RawBytes.DOUBLE -> BsonNumbers.isWhole(RawBytes.float64(bytes, number.at()));
            default -> false;
        };
    }

    /// The number without a fraction; NaN and the infinities stay.
    ///
    /// @param mode down, or half even
    static BsonValue whole(BsonNumber number, RoundingMode mode, Scope scope) {
        BsonNumber whole = switch (number) {
            case BsonDouble binary when Double.isFinite(binary.getValue()) -> whole(binary, mode);
            case BsonDecimal128 decimal -> whole(decimal, mode);
            default -> number;
        };
        if (whole != number) {
            if (mode == RoundingMode.DOWN) {
                scope.findings().lose("had a fraction, which was cut");
            } else {
                wasRounded(number, whole, 0, scope);
            }
        }
        return whole;
    }

    /// The nearest number with so many digits after the point, halves the even one; NaN and the infinities stay. A
    /// double counts by its shortest digits, and loses nothing where arithmetic left it beside the result.
    static BsonValue rounded(BsonNumber number, int digits, Scope scope) {
        if (digits == 0) {
            return whole(number, RoundingMode.HALF_EVEN, scope);
        }
        BigDecimal value = BsonNumbers.shortest(number);
        if (value == null
                || value.scale() <= digits
                || value.stripTrailingZeros().scale() <= digits) {
            return number;
        }
        BigDecimal rounded = value.setScale(digits, RoundingMode.HALF_EVEN);
        BsonNumber result = number instanceof BsonDecimal128
                ? new BsonDecimal128(new Decimal128(rounded))
                : new BsonDouble(rounded.doubleValue());
        wasRounded(number, result, digits, scope);
        return result;
    }

    private static void wasRounded(BsonNumber number, BsonNumber rounded, int digits, Scope scope) {
        if (!(number instanceof BsonDouble binary)
                || !ArithmeticNoise.isAll(binary.getValue(), rounded.doubleValue(), digits)) {
            scope.findings().lose("was rounded");
        }
    }

    private static BsonNumber whole(BsonDouble number, RoundingMode mode) {
        double value = number.getValue();
        if (BsonNumbers.isWhole(value)) {
            return number;
        }
        double whole = mode == RoundingMode.DOWN ? Math.copySign(Math.floor(Math.abs(value)), value) : Math.rint(value);
        // Plus zero, so that -0.0 is 0.
        return new BsonDouble(whole + 0.0);
    }

    private static BsonNumber whole(BsonDecimal128 number, RoundingMode mode) {
        BigDecimal value = BsonNumbers.finite(number.getValue());
        if (value == null || value.scale() <= 0) {
            return number;
        }
        BigDecimal whole = value.setScale(0, mode);
        return whole.compareTo(value) == 0 ? number : new BsonDecimal128(new Decimal128(whole));
    }

    static BsonValue inRange(BsonNumber number, Conversion.NumberRange range, Scope scope) {
        BigDecimal value = BsonNumbers.exact(number);
        BigDecimal min = range.min();
        BigDecimal max = range.max();
        if (value == null) {
            double special = number.doubleValue();
            if (!(special < 0 && min == null) && !(special > 0 && max == null)) {
                scope.findings().refuse("is no finite number, and outside the range");
            }
        } else if (min != null && value.compareTo(min) < 0) {
            scope.findings().refuse("is less than " + min.toPlainString());
        } else if (max != null && value.compareTo(max) > 0) {
            scope.findings().refuse("is greater than " + max.toPlainString());
        }
        return number;
    }
}
