package dev.sluice.cutover;

import java.time.Duration;
import java.time.Instant;

/// How long reads took lately: in the window of ten minutes that is going on, and in the one before.
/// Percentiles of both together follow an index that is made, and do not begin anew at the turn of a
/// window.
///
/// @param began when the one that is going on began
record ReadWindows(Instant began, Side mongodb, Side postgres) {
    private static final Duration LENGTH = Duration.ofMinutes(10);

    /// Of one database.
    ///
    /// @param before of the window before
    record Side(ReadTimes current, ReadTimes before) {
        static Side empty() {
            return new Side(new ReadTimes(), new ReadTimes());
        }

        ReadTimes both() {
            return current.plus(before);
        }

        private Side turned() {
            return new Side(new ReadTimes(), current);
        }

        private Side plus(ReadTimes times) {
            return new Side(current.plus(times), before);
        }
    }

    static ReadWindows beginning(Instant now) {
        return new ReadWindows(now, Side.empty(), Side.empty());
    }

    /// With the times of reads that were reported now.
    ReadWindows plus(Instant now, ReadTimes ofMongodb, ReadTimes ofPostgres) {
        ReadWindows going = at(now);
        return new ReadWindows(going.began, going.mongodb.plus(ofMongodb), going.postgres.plus(ofPostgres));
    }

    private ReadWindows at(Instant now) {
        Duration age = Duration.between(began, now);
        if (age.compareTo(LENGTH) <= 0) {
            return this;
        }
        return age.compareTo(LENGTH.multipliedBy(2)) > 0
                ? beginning(now)
                : new ReadWindows(now, mongodb.turned(), postgres.turned());
    }
}
