package dev.sluice.mapping.convert;

import java.math.BigDecimal;
import org.bson.BsonDecimal128;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// Reads numbers from text: an optional sign, digits, optionally a point with digits, optionally an
/// exponent. No blanks, no thousands, no `NaN`.
final class NumberText {
    private static final int LENGTH_MAX = 400;

    private NumberText() {}

    /// @param binary whether a fraction is wanted as the nearest double; otherwise it is kept as it is
    ///     written
    /// @return null when the text is no number, or one that BSON has no exact place for
    static @Nullable BsonValue parse(String text, boolean binary) {
        if (!isNumber(text)) {
            return null;
        }
        BigDecimal value;
        try {
            value = new BigDecimal(text);
        } catch (NumberFormatException exponentTooLarge) {
            return null;
        }
        if (binary) {
            double nearest = value.doubleValue();
            return Double.isFinite(nearest) ? new BsonDouble(nearest) : null;
        }
        if (value.scale() == 0 && value.precision() < 19) {
            long whole = value.longValueExact();
            return whole == (int) whole ? new BsonInt32((int) whole) : new BsonInt64(whole);
        }
        try {
            return new BsonDecimal128(new Decimal128(value));
        } catch (NumberFormatException tooManyDigits) {
            return null;
        }
    }

    private static boolean isNumber(String text) {
        int length = text.length();
        if (length == 0 || length > LENGTH_MAX) {
            return false;
        }
        int at = text.charAt(0) == '-' || text.charAt(0) == '+' ? 1 : 0;
        int end = digitsEnd(text, at);
        int digits = end - at;
        if (end < length && text.charAt(end) == '.') {
            at = end + 1;
            end = digitsEnd(text, at);
            digits += end - at;
        }
        if (digits == 0) {
            return false;
        }
        if (end < length && (text.charAt(end) == 'e' || text.charAt(end) == 'E')) {
            at = end + 1;
            if (at < length && (text.charAt(at) == '-' || text.charAt(at) == '+')) {
                at++;
            }
            end = digitsEnd(text, at);
            if (end == at) {
                return false;
            }
        }
        return end == length;
    }

    private static int digitsEnd(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at;
    }
}
