package dev.sluice.service.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.HdrHistogram.Histogram;

/// Which writes MongoDB has acknowledged, and when each was committed in PostgreSQL. A write is known by
/// its document's key and a version that grows with every write of the key and is in the document; a commit
/// of a version is one of all versions before it. Any thread.
final class Ledger {
    /// The version of a delete, behind which nothing comes.
    static final long DELETED = Long.MAX_VALUE;

    private static final long MICROS_MAX = 600_000_000;
    private static final long NANOS_PER_MICRO = 1_000;

    private final Map<String, Key> keys = new ConcurrentHashMap<>();
    private final Histogram total = histogram();
    private final Histogram delivered = histogram();
    private final Histogram waited = histogram();
    private final Histogram written = histogram();
    private final Histogram late = histogram();
    private long open;
    private long highestBacklog;

    private static Histogram histogram() {
        return new Histogram(MICROS_MAX, 3);
    }

    /// On the way of a batch into PostgreSQL, by [System#nanoTime()].
    record Times(long readNanos, long takenNanos, long committedNanos) {}

    /// @param counts false for warm-up
    private record Write(long version, long acknowledgedNanos, boolean counts) {}

    /// What is known of one document. Guarded by itself.
    private static final class Key {
        private final Deque<Write> acknowledged = new ArrayDeque<>();
        private long committedVersion = -1;
        private Times committed = new Times(0, 0, 0);
    }

    /// MongoDB has confirmed a write.
    ///
    /// @param plannedNanos when it should have been made
    /// @param counts false for warm-up
    void acknowledged(String id, long version, long plannedNanos, long nowNanos, boolean counts) {
        Write write = new Write(version, nowNanos, counts);
        synchronized (this) {
            open++;
            if (counts) {
                highestBacklog = Math.max(highestBacklog, open);
                record(late, nowNanos - plannedNanos);
            }
        }
        Key key = keys.computeIfAbsent(id, k -> new Key());
        synchronized (key) {
            // The row may be there before the writer's thread has got to this line.
            if (key.committedVersion >= version) {
                measure(write, key.committed);
            } else {
                key.acknowledged.add(write);
            }
        }
    }

    /// PostgreSQL has confirmed the row of a version.
    void committed(String id, long version, Times times) {
        Key key = keys.computeIfAbsent(id, k -> new Key());
        synchronized (key) {
            if (version > key.committedVersion) {
                key.committedVersion = version;
                key.committed = times;
            }
            while (!key.acknowledged.isEmpty() && key.acknowledged.peek().version() <= version) {
                measure(key.acknowledged.remove(), times);
            }
        }
    }

    private synchronized void measure(Write write, Times times) {
        open--;
        if (write.counts()) {
            record(total, times.committedNanos() - write.acknowledgedNanos());
            record(delivered, times.readNanos() - write.acknowledgedNanos());
            record(waited, times.takenNanos() - times.readNanos());
            record(written, times.committedNanos() - times.takenNanos());
        }
    }

    private static void record(Histogram histogram, long nanos) {
        histogram.recordValue(Math.clamp(nanos / NANOS_PER_MICRO, 0, MICROS_MAX));
    }

    /// Writes acknowledged and not yet committed.
    synchronized long open() {
        return open;
    }

    /// @param seconds that were measured
    synchronized LatencyReport.Run result(double seconds) {
        return new LatencyReport.Run(
                total.getTotalCount(),
                total.getTotalCount() / seconds,
                Percentiles.of(total),
                Percentiles.of(delivered),
                Percentiles.of(waited),
                Percentiles.of(written),
                Percentiles.of(late),
                highestBacklog);
    }
}
