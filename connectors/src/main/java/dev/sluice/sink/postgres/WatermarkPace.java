package dev.sluice.sink.postgres;

import java.time.Duration;
import java.util.function.LongSupplier;

/// Whether a transaction moves the watermark of all collections, or only of those that it writes. To
/// move those of hundreds of collections takes longer than to write a few rows. For one thread.
final class WatermarkPace {
    /// So many are moved with each transaction.
    static final int FEW = 16;

    private final boolean few;
    private final LongSupplier nanoTime;
    private long moved;

    /// @param collections that have a watermark
    /// @param nanoTime as [System#nanoTime]
    WatermarkPace(int collections, LongSupplier nanoTime) {
        this.few = collections <= FEW;
        this.nanoTime = nanoTime;
        this.moved = nanoTime.getAsLong() - TargetSession.WATERMARKS_EVERY.toNanos();
    }

    /// Whether the next transaction moves all of them; it is taken to do so.
    ///
    /// @param writes whether it writes rows: one that does not is there for the watermarks
    boolean all(boolean writes) {
        long now = nanoTime.getAsLong();
        boolean all = few || !writes || Duration.ofNanos(now - moved).compareTo(TargetSession.WATERMARKS_EVERY) >= 0;
        if (all) {
            moved = now;
        }
        return all;
    }
}
