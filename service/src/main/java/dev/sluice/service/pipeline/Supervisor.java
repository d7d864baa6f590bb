package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a pipeline running: starts a new run from the committed position when one breaks off, waiting
/// longer each time; stops for good where trying again can't help. A database that is away for an hour
/// needs no operator.
final class Supervisor {
    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    /// A run that lasted this long was in order, so the next failure is a new story.
    private static final Duration IN_ORDER = Duration.ofSeconds(30);

    private static final int A_FEW = 5;

    private final Pipeline pipeline;
    private final CountDownLatch stop;

    Supervisor(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.stop = stop;
    }

    PipelineState run() throws InterruptedException {
        PipelineStatus status = pipeline.status();
        Duration wait = FIRST_WAIT;
        int failures = 0;
        while (stop.getCount() > 0) {
            Instant started = Instant.now();
            try {
                status.enter(new PipelineState.Starting());
                new PipelineRun(pipeline, stop).run();
            } catch (SluiceException e) {
                SluiceException failure = e;
                if (failure.kind() == FailureKind.FENCED_OUT && pipeline.standsBy()) {
                    LOG.warn("{} This process stands by.", failure.whatHappened());
                    pipeline.onFencedOut();
                    continue;
                }
                if (Duration.between(started, Instant.now()).compareTo(IN_ORDER) > 0) {
                    wait = FIRST_WAIT;
                    failures = 0;
                }
                failures++;
                boolean again = switch (failure.kind().retry()) {
                    case FOREVER -> true;
                    case A_FEW_TIMES -> failures < A_FEW;
                    case NEVER -> false;
                };
                if (!again) {
                    return end(new PipelineState.Failed(failure.kind(), String.valueOf(failure.getMessage())), failure);
                }
                if (stop.getCount() > 0) {
                    status.enter(new PipelineState.Waiting(
                            failure.kind(),
                            String.valueOf(failure.getMessage()),
                            Instant.now().plus(wait)));
                    LOG.warn(
                            "{} Trying again in {} ms (attempt {}).",
                            failure.whatHappened(),
                            wait.toMillis(),
                            failures);
                    LOG.debug("The cause", failure);
                }
                stop.await(wait.toMillis(), TimeUnit.MILLISECONDS);
                Duration doubled = wait.multipliedBy(2);
                wait = doubled.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : doubled;
            }
        }
        PipelineState stopped = new PipelineState.Stopped();
        status.enter(stopped);
        return stopped;
    }

    private PipelineState end(PipelineState.Failed failed, SluiceException failure) {
        pipeline.status().enter(failed);
        LOG.debug("The cause", failure);
        return failed;
    }
}
