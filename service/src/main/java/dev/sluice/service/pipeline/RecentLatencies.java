package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// From MongoDB's commit to PostgreSQL's, of the changes of about the last minute: what was recorded
/// since the process began, less what had been recorded a minute ago. For one thread.
public final class RecentLatencies {
    private static final long EVERY_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int LOOKS = 12;

    private final PipelineStatus status;

    /// Of a minute ago, up to the last look.
    private final Deque<Histogram> looks = new ArrayDeque<>();

    private long lookAt = System.nanoTime();
    private @Nullable Histogram recent;

    public RecentLatencies(PipelineStatus status) {
        this.status = status;
    }

    /// To be called once a second or so: looks again each five seconds.
    public void look() {
        long now = System.nanoTime();
        if (now - lookAt < 0) {
            return;
        }
        lookAt = now + EVERY_NANOS;
        Histogram all = new Histogram(CollectionStatus.LATENCY_MILLIS_MAX, 3);
        status.collections().values().forEach(collection -> collection.addLatenciesTo(all));
        Histogram of = all.copy();
        Histogram before = looks.peekFirst();
        if (before != null) {
            of.subtract(before);
        }
        recent = of;
        looks.addLast(all);
        if (looks.size() > LOOKS) {
            looks.removeFirst();
        }
    }

    /// Milliseconds; null when no change was applied.
    public @Nullable Double millis(double percentile) {
        Histogram of = recent;
        return of == null || of.getTotalCount() == 0 ? null : (Double) (double) of.getValueAtPercentile(percentile);
    }
}
