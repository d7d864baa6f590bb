package dev.sluice.mapping.value;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.bson.BsonDateTime;

/// A date with microseconds, which BSON has not but a string may have and PostgreSQL keeps. Made by
/// conversions only.
public final class PreciseDateTime extends BsonDateTime {
    private final int microsOfMilli;

    /// @param microsOfMilli 0 to 999
    public PreciseDateTime(long epochMillis, int microsOfMilli) {
        super(epochMillis);
        this.microsOfMilli = microsOfMilli;
    }

    /// 0 for a date as MongoDB has it.
    public static int microsOfMilli(BsonDateTime date) {
        return date instanceof PreciseDateTime precise ? precise.microsOfMilli : 0;
    }

    /// ISO 8601 in UTC; years outside 0 to 9999 with a sign.
    public static String text(BsonDateTime date) {
        return Instant.ofEpochMilli(date.getValue())
                .plus(microsOfMilli(date), ChronoUnit.MICROS)
                .toString();
    }

    /// Without a zone, as Python writes a naive one: with six digits of a fraction, or none when it is
    /// zero.
    ///
    /// @param separator between day and time
    public static String localText(BsonDateTime date, char separator) {
        String text = text(date);
        int day = text.indexOf('T');
        int point = text.indexOf('.');
        StringBuilder local = new StringBuilder(text.length() + 4)
                .append(text, 0, day)
                .append(separator)
                .append(text, day + 1, point < 0 ? text.length() - 1 : point);
        if (point >= 0) {
            int digits = text.length() - 1 - (point + 1);
            local.append(text, point, text.length() - 1).repeat('0', 6 - digits);
        }
        return local.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PreciseDateTime that && super.equals(other) && microsOfMilli == that.microsOfMilli;
    }

    @Override
    public int hashCode() {
        return super.hashCode() * 31 + microsOfMilli;
    }
}
