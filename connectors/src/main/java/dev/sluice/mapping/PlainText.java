package dev.sluice.mapping;

import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.mapping.value.Uuids;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Set;
import java.util.regex.Pattern;
import org.bson.BsonDateTime;
import org.bson.BsonNumber;
import org.jspecify.annotations.Nullable;

/// Which ids of other types a plain text key could belong to. The rule that keeps ids apart, where not every id is a
/// string: each text is that of one type at most. 24 hex digits are an ObjectId's, what is written like a number is a
/// number's, and so on; every other text is a string's. See [KeyMapping.Of#ANY].
public final class PlainText {
    /// The longest text of a number: 34 digits with sign, point and exponent.
    private static final int NUMBER_MAX = 50;

    /// As numbers are written, and more: no leading zero, so that `007` is a string's.
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?(E[+-]?\\d+)?");

    /// As [PreciseDateTime#text] writes them.
    private static final Pattern DATE = Pattern.compile("[+-]?\\d{4,10}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");

    private static final Set<String> WORDS = Set.of("true", "false", "null", "NaN", "Infinity", "-Infinity");

    private PlainText() {}

    /// Whether an `_id` that is no string may be written like this: an ObjectId, a UUID, a number, a date, a boolean,
    /// null, or one that is written as Extended JSON.
    public static boolean mayBeNoString(String text) {
        if (text.isEmpty()) {
            return false;
        }
        return switch (text.charAt(0)) {
            case '{', '[' -> true;
            default -> WORDS.contains(text) || isUnmistakable(text) || isNumber(text) || isDate(text);
        };
    }

    /// Whether it is the text of an ObjectId or a UUID, which nothing else has by chance: whoever writes
    /// it means that one.
    static boolean isUnmistakable(String text) {
        return isObjectId(text) || (Uuids.parse(text) != null && isLowerCase(text));
    }

    /// Whether a number is written like this: `7` is, and `7.0`, `1E3` and `-0` are not, for the number has another
    /// text.
    static boolean isNumber(String text) {
        return text.length() <= NUMBER_MAX
                && NUMBER.matcher(text).matches()
                && BsonNumbers.text(new BigDecimal(text)).equals(text);
    }

    /// Whether a date is written like this, which has no fraction where it is of a whole second.
    private static boolean isDate(String text) {
        if (!DATE.matcher(text).matches()) {
            return false;
        }
        try {
            return PreciseDateTime.text(new BsonDateTime(Instant.parse(text).toEpochMilli()))
                    .equals(text);
        } catch (DateTimeException | ArithmeticException noDate) {
            return false;
        }
    }

    /// Why the text of a number is another id's: an ObjectId's of digits, or, of a decimal128 that no double holds, the
    /// double's with the same fewest digits.
    ///
    /// @return null when it is not
    static @Nullable String otherOf(BsonNumber number, String text) {
        if (isObjectId(text)) {
            return "is a number of 24 digits, and an ObjectId that is written like it would have the same key";
        }
        return BsonNumbers.plain(number) instanceof BsonNumbers.Plain.Decimal
                        && BsonNumbers.exactText(Double.parseDouble(text)).equals(text)
                ? "is a decimal128 that no double holds, and the double next to it would have the same key"
                : null;
    }

    /// In lower case, as the ids of that type are written.
    private static boolean isObjectId(String text) {
        return Uuids.isObjectId(text) && isLowerCase(text);
    }

    private static boolean isLowerCase(String hex) {
        return hex.chars().noneMatch(c -> c >= 'A' && c <= 'F');
    }
}
