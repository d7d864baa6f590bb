package dev.sluice.mapping.row;

import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import org.jspecify.annotations.Nullable;

/// The part of [BsonToPg] for columns that hold moments and days. Only a BSON date is one; text is read by
/// `parse_timestamp`, and a number of seconds or milliseconds is not guessed at.
public final class TimesToPg {
    /// PostgreSQL's first moment, 4713-11-24 BC (day 0 of the Julian calendar), in ms since 1970.
    private static final long TIMESTAMP_MILLIS_MIN = -210_866_803_200_000L;

    /// PostgreSQL goes on until the end of 294276, but a row carries microseconds since 1970 in a long,
    /// which end on 294247-01-10. In ms, inclusive.
    private static final long TIMESTAMP_MILLIS_MAX = Long.MAX_VALUE / 1_000 - 1;

    private static final long DAY_MILLIS = 86_400_000L;
    private static final long DATE_DAYS_MIN = -2_440_588L;

    /// 5874897-12-31, the last day of PostgreSQL's `date`.
    private static final long DATE_DAYS_MAX = 2_145_042_905L;

    static final String WANTED = "a date";

    /// Why a string is no timestamptz where nothing tries to read it as a date.
    public static final String UNREAD = "is a string, not a date (ISO 8601 needs convert: [parse_timestamp])";

    private TimesToPg() {}

    static @Nullable String timestamptz(Value value, RowOutput out) {
        byte[] bytes = value.bytes();
        return switch (value.type()) {
            case RawBytes.DATE_TIME, RawBytes.PRECISE_DATE_TIME -> {
                long millis = RawBytes.int64(bytes, value.at());
                if (millis < TIMESTAMP_MILLIS_MIN || millis > TIMESTAMP_MILLIS_MAX) {
                    yield "is outside 4713 BC to 294247 AD";
                }
                out.whole(millis * 1_000 + RawBytes.micros(bytes, value.type(), value.at()));
                yield null;
            }
            case RawBytes.TIMESTAMP -> "is a timestamp of MongoDB's replication, not a date";
            case RawBytes.STRING -> UNREAD;
            default -> BsonToPg.not(value, WANTED);
        };
    }

    static @Nullable String date(Value value, RowOutput out) {
        if (!value.isDate()) {
            return BsonToPg.not(value, WANTED);
        }
        byte[] bytes = value.bytes();
        long millis = RawBytes.int64(bytes, value.at());
        if (Math.floorMod(millis, DAY_MILLIS) != 0 || RawBytes.micros(bytes, value.type(), value.at()) != 0) {
            return "has a time of day";
        }
        long days = Math.floorDiv(millis, DAY_MILLIS);
        if (days < DATE_DAYS_MIN || days > DATE_DAYS_MAX) {
            return "is outside 4713 BC to 5874897 AD";
        }
        out.whole(days);
        return null;
    }
}
