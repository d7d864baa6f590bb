package dev.sluice.service.bench;

import dev.sluice.failure.Failures;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Measures how a backlog is drained, without what it takes to start: the clock runs from the moment a
/// tenth of the changes has come to the last of them. Any thread.
final class Drain {
    private static final int START_UP_PART = 10;
    private static final long SECONDS_MAX = 600;

    private final long expected;
    private final CompletableFuture<Sample> sample = new CompletableFuture<>();
    private long counted;
    private long countedBefore;
    private @Nullable ProcessMeter meter;

    Drain(long expected) {
        this.expected = expected;
    }

    synchronized void count(int more) {
        counted += more;
        ProcessMeter running = meter;
        if (running == null) {
            if (counted >= expected / START_UP_PART) {
                countedBefore = counted;
                meter = ProcessMeter.start();
            }
        } else if (counted >= expected && counted > countedBefore && !sample.isDone()) {
            sample.complete(running.stop(counted - countedBefore));
        }
    }

    private synchronized long counted() {
        return counted;
    }

    /// What was measured, when all have come.
    Sample sample() {
        return sample.join();
    }

    /// @param ended completes when nothing more will come
    Sample await(CompletableFuture<Void> ended) throws InterruptedException {
        try {
            CompletableFuture.anyOf(sample, ended).get(SECONDS_MAX, TimeUnit.SECONDS);
            return sample.get(1, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw Failures.classify(e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("Only " + counted() + " of " + expected + " changes came.", e);
        }
    }
}
