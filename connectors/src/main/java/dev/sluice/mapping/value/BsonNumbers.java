package dev.sluice.mapping.value;

import java.math.BigDecimal;
import org.bson.BsonNumber;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// The four numeric types of BSON as text and as one type. MongoDB takes numbers of different types for
/// equal when they are exactly equal, so a key or a comparison must too.
public final class BsonNumbers {
    /// From here on a double no longer holds every whole number.
    private static final double EXACT_MAX = 0x1p53;

    private static final int PLAIN_DIGITS_MAX = 34;

    private BsonNumbers() {}

    /// A number without its BSON type: two numbers that MongoDB takes for the same `_id` are equal as this.
    public sealed interface Plain {
        /// A whole number of 64 bits; -0.0 is 0.
        record Whole(long value) implements Plain {}

        /// Anything else that a double holds exactly, NaN and the infinities among it.
        record Binary(double value) implements Plain {}

        /// A decimal that no double holds; without trailing zeros.
        record Decimal(BigDecimal value) implements Plain {}
    }

    /// The number by its value: equal numbers of different types become equal records.
    public static Plain plain(BsonNumber number) {
        return switch (number.getBsonType()) {
            case INT32, INT64 -> new Plain.Whole(number.longValue());
            case DOUBLE -> plain(number.doubleValue());
            case DECIMAL128 -> plain(number.asDecimal128().getValue());
            default -> throw new IllegalArgumentException(number.getBsonType() + " is not a number");
        };
    }

    private static Plain plain(double value) {
        return isWhole(value) && inLong(value) ? new Plain.Whole((long) value) : new Plain.Binary(value);
    }

    private static Plain plain(Decimal128 decimal) {
        BigDecimal value = finite(decimal);
        if (value == null) {
            return new Plain.Binary(special(decimal));
        }
        value = value.stripTrailingZeros();
        if (value.scale() <= 0 && value.precision() - value.scale() <= 19) {
            try {
                return new Plain.Whole(value.longValueExact());
            } catch (ArithmeticException tooLarge) {
                // 19 digits, and beyond 64 bits all the same.
            }
        }
        double binary = value.doubleValue();
        return equal(binary, value) ? new Plain.Binary(binary) : new Plain.Decimal(value);
    }

    /// Whether both are numbers, and equal.
    public static boolean sameNumber(BsonValue left, BsonValue right) {
        return left instanceof BsonNumber l && right instanceof BsonNumber r && plain(l).equals(plain(r));
    }

    static boolean isZero(BsonNumber number) {
        return plain(number) instanceof Plain.Whole(long value) && value == 0;
    }

    /// The decimal's value, -0 as 0; null for NaN and the infinities.
    public static @Nullable BigDecimal finite(Decimal128 decimal) {
        if (decimal.isNaN() || decimal.isInfinite()) {
            return null;
        }
        // bigDecimalValue refuses -0, and only that.
        return decimal.isNegative() && isDigitsZero(decimal) ? BigDecimal.ZERO : decimal.bigDecimalValue();
    }

    private static boolean isDigitsZero(Decimal128 decimal) {
        return decimal.compareTo(Decimal128.POSITIVE_ZERO) == 0 || decimal.compareTo(Decimal128.NEGATIVE_ZERO) == 0;
    }

    /// The number with all the digits it really has; null for NaN and the infinities.
    public static @Nullable BigDecimal exact(BsonNumber number) {
        return number.isDouble() && Double.isFinite(number.doubleValue())
                ? new BigDecimal(number.doubleValue())
                : shortest(number);
    }

    /// The number, a double by the fewest digits that name it; null for NaN and the infinities.
    public static @Nullable BigDecimal shortest(BsonNumber number) {
        return switch (number.getBsonType()) {
            case INT32, INT64 -> BigDecimal.valueOf(number.longValue());
            case DOUBLE -> Double.isFinite(number.doubleValue()) ? BigDecimal.valueOf(number.doubleValue()) : null;
            case DECIMAL128 -> finite(number.asDecimal128().getValue());
            default -> throw new IllegalArgumentException(number.getBsonType() + " is not a number");
        };
    }

    /// The double that stands for a decimal which is NaN or infinite.
    public static double special(Decimal128 decimal) {
        return decimal.isNaN()
                ? Double.NaN
                : decimal.isNegative() ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }

    /// Whether a double is exactly this decimal; false for NaN and the infinities.
    public static boolean equal(double binary, BigDecimal decimal) {
        return Double.isFinite(binary) && new BigDecimal(binary).compareTo(decimal) == 0;
    }

    /// Whether the number has no fraction; false for NaN and the infinities.
    public static boolean isWhole(double value) {
        return Double.isFinite(value) && value == Math.rint(value);
    }

    /// Whether a whole number is one of 64 bits with sign.
    public static boolean inLong(double value) {
        return value >= -0x1p63 && value < 0x1p63;
    }

    /// A double by the fewest digits that name it, whole numbers without `.0`: `1`, `0.1`, `1E+40`, `NaN`,
    /// `Infinity`. What is finite is a JSON number too. -0.0 is `0`.
    public static String text(double value) {
        if (isWhole(value) && Math.abs(value) < EXACT_MAX) {
            return Long.toString((long) value);
        }
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        String text = Double.toString(value);
        return text.indexOf('E') < 0 && !text.endsWith(".0") ? text : text(BigDecimal.valueOf(value));
    }

    /// A double with all the digits it really has, for a key: unlike the shortest digits they are no other
    /// number's.
    public static String exactText(double value) {
        return isWhole(value) && Math.abs(value) < 1e34 ? new BigDecimal(value).toPlainString() : text(value);
    }

    /// A decimal without trailing zeros, whole numbers of up to 34 digits without an exponent.
    public static String text(BigDecimal value) {
        BigDecimal stripped = value.stripTrailingZeros();
        return stripped.scale() <= 0 && stripped.precision() - stripped.scale() <= PLAIN_DIGITS_MAX
                ? stripped.toPlainString()
                : stripped.toString();
    }
}
