package dev.sluice.change;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonTimestamp;

/// An operation time as people and programs write it.
public final class OperationTime {
    private static final Pattern PARTS =
            Pattern.compile("(?:Timestamp\\()?\\s*(\\d{1,10})\\s*[.,]\\s*(\\d{1,10})\\s*\\)?");
    private static final Pattern WHOLE = Pattern.compile("\\d{1,20}");
    private static final long UNSIGNED_INT_MAX = 0xFFFF_FFFFL;

    private OperationTime() {}

    /// As `seconds.increment`.
    public static String text(BsonTimestamp time) {
        return Watermark.seconds(time) + "." + Integer.toUnsignedString(time.getInc());
    }

    /// @param text `seconds.increment`, `seconds,increment`, `Timestamp(seconds, increment)`, or the 64-bit
    ///     number
    /// @throws IllegalArgumentException when it is none, with a sentence for the caller
    public static BsonTimestamp parse(String text) {
        Matcher parts = PARTS.matcher(text.strip());
        if (parts.matches()) {
            long seconds = Long.parseLong(parts.group(1));
            long increment = Long.parseLong(parts.group(2));
            if (seconds > UNSIGNED_INT_MAX || increment > UNSIGNED_INT_MAX) {
                throw refusal();
            }
            return new BsonTimestamp((int) seconds, (int) increment);
        }
        if (WHOLE.matcher(text.strip()).matches()) {
            try {
                long value = Long.parseUnsignedLong(text.strip());
                if (Long.compareUnsigned(value, UNSIGNED_INT_MAX) > 0) {
                    return new BsonTimestamp(value);
                }
            } catch (NumberFormatException tooLarge) {
                throw refusal();
            }
        }
        throw refusal();
    }

    private static IllegalArgumentException refusal() {
        return new IllegalArgumentException("An operation time is what a MongoDB driver gives for a session's write:"
                + " seconds.increment, Timestamp(seconds, increment), or the 64-bit number that holds both.");
    }
}
