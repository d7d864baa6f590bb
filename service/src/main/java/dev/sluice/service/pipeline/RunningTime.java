package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// How long this process has run, without the time in which it got no CPU time: suspended (SIGSTOP, a
/// frozen container, a closed laptop lid), or on a machine that is too busy. Which of the two can't be
/// known, and neither is silence of a server. A thread that wakes at a steady rate notices it. One
/// thread calls [#tick]; any thread the others.
final class RunningTime {
    /// More than this between two ticks is not counted. A thread that is only late is late by less.
    static final Duration STEP_MAX = Duration.ofSeconds(2);

    private final LongSupplier clock;
    private long tickedNanos;
    private final AtomicLong ranNanos = new AtomicLong();
    private volatile long resumedNanos;

    /// @param clock as [System#nanoTime()]
    RunningTime(LongSupplier clock) {
        this.clock = clock;
        this.tickedNanos = clock.getAsLong();
    }

    /// To be called several times within [#STEP_MAX].
    ///
    /// @return how long the process got no CPU time since the last call; zero when it did
    Duration tick() {
        long now = clock.getAsLong();
        long passed = now - tickedNanos;
        tickedNanos = now;
        if (passed <= STEP_MAX.toNanos()) {
            ranNanos.addAndGet(passed);
            return Duration.ZERO;
        }
        resumedNanos = ranNanos.get();
        return Duration.ofNanos(passed);
    }

    /// Since this was made.
    Duration total() {
        return Duration.ofNanos(ranNanos.get());
    }

    /// Since it last got no CPU time.
    Duration unbroken() {
        return Duration.ofNanos(ranNanos.get() - resumedNanos);
    }
}
