package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// How long this process has run, without the time that it was suspended (SIGSTOP, a frozen container, a closed laptop
/// lid): that time is no silence of a server. A thread that wakes at a steady rate tells the two apart. One thread
/// calls [#tick]; any thread the others.
final class RunningTime {
    /// More than this between two ticks is not counted: a busy machine is late by less.
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
    /// @return how long the process did not run since the last call; zero when it did
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

    /// Since it was suspended last.
    Duration unbroken() {
        return Duration.ofNanos(ranNanos.get() - resumedNanos);
    }
}
