package dev.sluice.source.debezium;

import dev.sluice.change.Watermark;
import java.time.Duration;
import org.bson.BsonTimestamp;

/// How far MongoDB looks through its oplog in one piece. It answers a read when something passes the filter, or when
/// it has come to the oplog's end, however long that takes: a long stretch of changes that are left out would
/// outlast the socket's time-out, and be begun anew with each attempt. So behind an end every change passes the filter.
/// Then the stream has looked so far, and is opened again with a later end.
///
/// The end follows how long answers take: see `service/docs/decisions/20261130-the-filter-of-the-stream.md`. For one
/// thread.
final class LookAhead {
    /// How much of the oplog's time at first.
    static final Duration FIRST = Duration.ofSeconds(10);

    private static final int SECONDS_MAX = 120;

    /// A stream whose answers take less looks further.
    private static final Duration SHORT = Duration.ofMillis(500);

    /// Far below the socket's time-out, and short enough for a lag that people look at.
    private static final Duration LONG = Duration.ofSeconds(3);

    private int seconds;
    private long longestNanos;

    /// @param first of the oplog's time, at least a second
    LookAhead(Duration first) {
        this.seconds = (int) first.toSeconds();
    }

    /// The end of a stream that begins at a time.
    BsonTimestamp from(BsonTimestamp time) {
        return new BsonTimestamp((int) (Watermark.seconds(time) + seconds), time.getInc());
    }

    void onAnswer(long nanos) {
        longestNanos = Math.max(longestNanos, nanos);
    }

    /// The end is passed.
    void onEnd() {
        if (longestNanos < SHORT.toNanos()) {
            seconds = Math.min(SECONDS_MAX, seconds * 2);
        } else if (longestNanos > LONG.toNanos()) {
            seconds = Math.max(1, seconds / 2);
        }
        longestNanos = 0;
    }
}
