package dev.sluice.profile;

import dev.sluice.mapping.row.ExactFit;
import dev.sluice.schema.ColumnType;
import java.time.Instant;
import org.bson.BsonDateTime;
import org.jspecify.annotations.Nullable;

/// What the dates of one path were like. Filled by one thread, then only read.
public final class DateProfile {
    private static final long DAY_MILLIS = 86_400_000L;

    private long count;
    private long outOfRange;
    private long withTimeOfDay;
    private long least = Long.MAX_VALUE;
    private long greatest = Long.MIN_VALUE;

    DateProfile() {}

    void add(BsonDateTime date) {
        count++;
        least = Math.min(least, date.getValue());
        greatest = Math.max(greatest, date.getValue());
        if (Math.floorMod(date.getValue(), DAY_MILLIS) != 0) {
            withTimeOfDay++;
        }
        if (!ExactFit.of(date, new ColumnType.Timestamptz())) {
            outOfRange++;
        }
    }

    /// Adds what other dates were like.
    void addAll(DateProfile other) {
        count += other.count;
        outOfRange += other.outOfRange;
        withTimeOfDay += other.withTimeOfDay;
        least = Math.min(least, other.least);
        greatest = Math.max(greatest, other.greatest);
    }

    public long count() {
        return count;
    }

    /// Dates that timestamptz can't hold.
    public long outOfRange() {
        return outOfRange;
    }

    /// Whether every one is a midnight in UTC.
    public boolean days() {
        return count > 0 && withTimeOfDay == 0;
    }

    /// The earliest; null where there is none.
    public @Nullable Instant least() {
        return count == 0 ? null : Instant.ofEpochMilli(least);
    }

    /// The latest; null where there is none.
    public @Nullable Instant greatest() {
        return count == 0 ? null : Instant.ofEpochMilli(greatest);
    }
}
