package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.ReadOnlySetting;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a pipeline running: starts a new run from the committed position when one fails, with a back-off;
/// stops for good where a retry can't help. A database that is away for an hour
/// needs no operator.
final class Supervisor {
    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

    private final Pipeline pipeline;
    private final CountDownLatch stop;

    Supervisor(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.stop = stop;
    }

    PipelineState run() throws InterruptedException {
        PipelineStatus status = pipeline.status();
        Retries retries = new Retries(InstantSource.system());
        while (stop.getCount() > 0) {
            retries.onStart();
            long before = status.commits();
            try {
                status.enter(new PipelineState.Starting());
                if (!hasWork()) {
                    break;
                }
                new PipelineRun(pipeline, pipeline.beginRun()).run();
            } catch (SluiceException e) {
                // Until this process has had the pipeline, a setting that makes it read only is a mistake; later, an
                // outage like any other, which a person may have made on purpose.
                SluiceException failure = pipeline.hasStarted()
                        ? e
                        : ReadOnlySetting.explain(pipeline.spec().connector(), e);
                if (failure.kind() == FailureKind.FENCED_OUT && pipeline.standsBy()) {
                    LOG.warn("{} This process stands by.", failure.whatHappened());
                    pipeline.onFencedOut();
                    continue;
                }
                if (failure.kind() == FailureKind.WRITES_MOVED) {
                    LOG.info("Writes of collections have moved to PostgreSQL. The pipeline continues with the others.");
                    continue;
                }
                Optional<Duration> wait = retries.afterFailure(failure.kind(), status.commits() > before);
                if (wait.isEmpty()) {
                    return end(new PipelineState.Failed(failure.kind(), String.valueOf(failure.getMessage())), failure);
                }
                if (stop.getCount() > 0) {
                    status.enter(new PipelineState.Waiting(
                            failure.kind(),
                            String.valueOf(failure.getMessage()),
                            Instant.now().plus(wait.get())));
                    LOG.warn(
                            "{} Trying again in {} ms (attempt {}).",
                            failure.whatHappened(),
                            wait.get().toMillis(),
                            retries.failures());
                    LOG.debug("The cause", failure);
                }
                stop.await(wait.get().toMillis(), TimeUnit.MILLISECONDS);
            }
        }
        PipelineState stopped = new PipelineState.Stopped();
        status.enter(stopped);
        return stopped;
    }

    /// Waits while the pipeline is paused, and leaves out the collections whose writes have moved.
    ///
    /// @return false when it was stopped meanwhile, or nothing is left to do
    private boolean hasWork() throws InterruptedException {
        try {
            new Paused(pipeline, stop).await();
            if (stop.getCount() == 0) {
                return false;
            }
            if (!pipeline.leaveOutMoved()) {
                LOG.info(
                        "The writes of all collections have moved to PostgreSQL: the pipeline {} has nothing left to do.",
                        pipeline.name());
                return false;
            }
            return true;
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.MISSING_RIGHT) {
                // The run names every right that is missing.
                return true;
            }
            throw e;
        }
    }

    private PipelineState end(PipelineState.Failed failed, SluiceException failure) {
        pipeline.status().enter(failed);
        LOG.debug("The cause", failure);
        return failed;
    }
}
