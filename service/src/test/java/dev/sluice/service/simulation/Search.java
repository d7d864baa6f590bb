package dev.sluice.service.simulation;

import dev.sluice.service.simulation.Simulation.Failure;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Runs one schedule after the other on all processors until one fails or the time is over. For one use.
final class Search {
    private final Set<Rule> broken;
    private final long firstSeed;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong schedules = new AtomicLong();
    private final AtomicLong processorNanos = new AtomicLong();
    private final AtomicReference<@Nullable Found> found = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /// @param broken the rules that are taken away
    Search(Set<Rule> broken, long firstSeed) {
        this.broken = broken;
        this.firstSeed = firstSeed;
    }

    /// A schedule that failed.
    record Found(long seed, Failure failure) {}

    /// What was done.
    ///
    /// @param found null when every schedule held
    /// @param processorSeconds of all processors
    record Result(@Nullable Found found, long schedules, long steps, double seconds, double processorSeconds) {
        @Override
        public String toString() {
            return "%,d schedules of %,d steps each in %.1f s (%,.0f a second; %,.0f a second of one processor's time)"
                    .formatted(
                            schedules,
                            steps / Math.max(1, schedules),
                            seconds,
                            schedules / seconds,
                            schedules / processorSeconds);
        }
    }

    /// @param schedulesMax ends it, too
    Result run(Duration most, long schedulesMax) throws InterruptedException {
        long started = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            threads.add(Thread.ofPlatform().name("simulation-" + i).start(() -> {
                try {
                    search(started + most.toNanos(), schedulesMax);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Throwable failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException(failed);
        }
        return new Result(
                found.get(),
                schedules.get(),
                steps.get(),
                (System.nanoTime() - started) / 1e9,
                processorNanos.get() / 1e9);
    }

    private void search(long until, long schedulesMax) {
        Simulation simulation = new Simulation(broken);
        while (found.get() == null && failure.get() == null && System.nanoTime() < until) {
            long number = next.getAndIncrement();
            if (number >= schedulesMax) {
                break;
            }
            long seed = firstSeed + number;
            Failure failed = simulation.run(seed);
            schedules.incrementAndGet();
            if (failed != null) {
                found.compareAndSet(null, new Found(seed, failed));
            }
        }
        steps.addAndGet(simulation.steps());
        processorNanos.addAndGet(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
    }
}
