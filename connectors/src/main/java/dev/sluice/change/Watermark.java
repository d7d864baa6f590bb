package dev.sluice.change;

import java.time.Instant;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Up to when everything MongoDB has committed is applied, or read: by MongoDB's wall clock, which people
/// and clocks can be compared with, and by its operation times, which an application gets with its own
/// write and which are exact.
///
/// @param time MongoDB's wall clock; null when unknown
/// @param through every operation with an operation time up to and with this one; null when unknown
public record Watermark(@Nullable Instant time, @Nullable BsonTimestamp through) {
    /// Nothing is known.
    public static final Watermark UNKNOWN = new Watermark(null, null);

    public boolean isUnknown() {
        return time == null && through == null;
    }

    /// Each part the later of the two: a watermark never goes back.
    public Watermark max(Watermark other) {
        return new Watermark(later(time, other.time), later(through, other.through));
    }

    private static <T extends Comparable<? super T>> @Nullable T later(@Nullable T a, @Nullable T b) {
        return a == null || (b != null && b.compareTo(a) > 0) ? b : a;
    }

    /// Whether an operation is in it.
    ///
    /// @param operation the operation time that MongoDB gave for it
    public boolean covers(BsonTimestamp operation) {
        if (through != null && through.compareTo(operation) >= 0) {
            return true;
        }
        // The exact part does not move while there are no changes for us. MongoDB's operation times are
        // never behind its wall clock, so an operation is earlier if its second is over by the wall clock.
        return time != null && time.getEpochSecond() > seconds(operation);
    }

    /// The seconds of an operation time, which are unsigned.
    public static long seconds(BsonTimestamp operation) {
        return operation.getTime() & 0xFFFF_FFFFL;
    }

    /// The operation time right before another one.
    public static BsonTimestamp before(BsonTimestamp operation) {
        return new BsonTimestamp(operation.getValue() - 1);
    }
}
