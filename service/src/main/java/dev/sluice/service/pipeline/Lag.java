package dev.sluice.service.pipeline;

import dev.sluice.change.Watermark;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// How far a stream is behind MongoDB, by MongoDB's clock, and when it will have caught up. Seconds throughout, NaN
/// where
/// unknown. Written by the stream's reader and applier, read by any thread.
public final class Lag {
    private static final double CAUGHT_UP_SECONDS = 1;

    /// A stream whose reads are behind by no more than this has read everything.
    private static final double READ_UP_SECONDS = 3;

    /// An idle stream reports its position about twice a second, and on a busy machine late: if no changes wait, a lag
    /// of
    /// less than this counts as none.
    private static final double IDLE_LAG_SECONDS = 4;

    private final SourceClock clock;
    private final CatchUp lagCatchUp = new CatchUp();
    private final CatchUp waitingCatchUp = new CatchUp();
    private final AtomicLong waiting = new AtomicLong();
    private volatile Watermark applied = Watermark.UNKNOWN;
    private volatile Watermark read = Watermark.UNKNOWN;
    private volatile @Nullable IntSupplier pending;

    Lag(SourceClock clock) {
        this.clock = clock;
    }

    /// Up to when, by MongoDB's clock, the stream is applied; null when unknown. Says nothing of
    /// collections that are not copied yet.
    public @Nullable Instant watermark() {
        return applied.time();
    }

    /// Up to where the stream is applied, the exact part too. Says nothing of collections that are not
    /// copied yet.
    public Watermark applied() {
        return applied;
    }

    /// Changes read and not yet applied; NaN while nothing is read: how many there are is not known then.
    public double waiting() {
        IntSupplier behind = pending;
        return behind == null ? Double.NaN : Math.max(0, waiting.get()) + (double) behind.getAsInt();
    }

    /// How far behind MongoDB the stream is: now, by MongoDB's clock, minus the watermark. It grows while
    /// either side is away. It is the sum of [#captureSeconds()] and [#applySeconds()].
    public double seconds() {
        return seconds(applied.time(), clock.now());
    }

    /// How far what is read is behind MongoDB: now, by MongoDB's clock, minus the time up to which all is
    /// read.
    public double captureSeconds() {
        return seconds(read.time(), clock.now());
    }

    /// How far what is applied is behind what is read.
    public double applySeconds() {
        return seconds(applied.time(), read.time());
    }

    private static double seconds(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null
                ? Double.NaN
                : Math.max(0, Duration.between(from, to).toNanos() / 1e9);
    }

    /// MongoDB's clock minus ours; NaN before MongoDB was asked.
    public double clockOffsetSeconds() {
        Duration offset = clock.offset();
        return offset == null ? Double.NaN : offset.toNanos() / 1e9;
    }

    /// Until the rows have caught up with MongoDB, if they go on as in the last half minute: 0 when they have, infinite
    /// when they don't gain.
    ///
    /// @param moves whether changes are applied now
    double catchUpSeconds(boolean moves) {
        Instant now = clock.now();
        double lag = seconds();
        if (now == null || Double.isNaN(lag)) {
            return Double.NaN;
        }
        double waits = waiting();
        if (lag < (waits == 0 ? IDLE_LAG_SECONDS : CAUGHT_UP_SECONDS)) {
            return 0;
        }
        if (!moves) {
            return Double.POSITIVE_INFINITY;
        }
        double byLag = lagCatchUp.seconds(now, lag);
        if (Double.isNaN(waits) || captureSeconds() > READ_UP_SECONDS) {
            return byLag;
        }
        // Everything is read, so the waiting changes are all that is left. The watermark lags during a
        // burst that is written faster than it is applied, until the burst's end.
        double byWaiting = waitingCatchUp.seconds(now, waits);
        return Double.isNaN(byLag) ? byWaiting : Double.isNaN(byWaiting) ? byLag : Math.min(byLag, byWaiting);
    }

    /// A stream is being read.
    ///
    /// @param behind how many changes it has that did not come here yet
    void onReading(IntSupplier behind) {
        waiting.set(0);
        pending = behind;
    }

    /// Changes that were read and not applied are read again by the next run.
    void onReadingEnded() {
        pending = null;
        read = applied;
    }

    /// @param through up to where everything is read
    void onRead(int changes, Watermark through) {
        waiting.addAndGet(changes);
        read = read.max(through);
    }

    /// What an earlier process, or the leader, has applied.
    void onRestored(Watermark stored) {
        applied = applied.max(stored);
        read = applied;
    }

    /// @param through up to where everything is applied
    void onApplied(int changes, Watermark through) {
        waiting.addAndGet(-changes);
        applied = applied.max(through);
        Instant now = clock.now();
        double lag = seconds();
        double waits = waiting();
        if (now != null && !Double.isNaN(lag)) {
            lagCatchUp.onMoved(now, lag);
        }
        if (now != null && !Double.isNaN(waits)) {
            waitingCatchUp.onMoved(now, waits);
        }
    }
}
