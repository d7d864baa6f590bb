package dev.sluice.mapping;

import org.bson.BsonDateTime;
import org.bson.BsonValue;

/// The part of [BsonToPg] for columns that hold moments and days. Only a BSON date is one; text is read by
/// `parse_timestamp`, and a number of seconds or milliseconds is not guessed at.
final class TimesToPg {
    /// PostgreSQL's first moment, 4713-11-24 BC (day 0 of the Julian calendar), in ms since 1970.
    private static final long TIMESTAMP_MILLIS_MIN = -210_866_803_200_000L;

    /// PostgreSQL goes on until the end of 294276, but a row carries microseconds since 1970 in a long,
    /// which end on 294247-01-10. In ms, inclusive.
    private static final long TIMESTAMP_MILLIS_MAX = Long.MAX_VALUE / 1_000 - 1;

    private static final long DAY_MILLIS = 86_400_000L;
    private static final long DATE_DAYS_MIN = -2_440_588L;

    /// 5874897-12-31, the last day of PostgreSQL's `date`.
    private static final long DATE_DAYS_MAX = 2_145_042_905L;

    /// Why a string is no timestamptz where nothing tries to read it as a date.
    static final String UNREAD = "is a string, not a date (ISO 8601 needs convert: [parse_timestamp])";

    private TimesToPg() {}

    /// Whether a timestamptz can be this moment.
    static boolean isTimestamptz(long millis) {
        return millis >= TIMESTAMP_MILLIS_MIN && millis <= TIMESTAMP_MILLIS_MAX;
    }

    static Outcome timestamptz(BsonValue value) {
        return switch (value.getBsonType()) {
            case DATE_TIME -> {
                BsonDateTime date = value.asDateTime();
                long millis = date.getValue();
                yield isTimestamptz(millis)
                        ? new Outcome.Fits(millis * 1_000 + PreciseDateTime.microsOfMilli(date))
                        : new Outcome.Misfit("is outside 4713 BC to 294247 AD");
            }
            case NULL, UNDEFINED -> Outcome.NULL;
            case TIMESTAMP -> new Outcome.Misfit("is a timestamp of MongoDB's replication, not a date");
            case STRING -> new Outcome.Misfit(UNREAD);
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
                    END_OF_DOCUMENT -> BsonToPg.not(value, "a date");
        };
    }

    static Outcome date(BsonValue value) {
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
                    END_OF_DOCUMENT -> BsonToPg.not(value, "a date");
        };
    }
}
