package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
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

    private final PipelineStatus status;
    private final Runs runs;
    private final boolean standsBy;
    private final CountDownLatch stop;

    /// @param standsBy whether this process waits while another one writes the pipeline
    /// @param stop counted down when the pipeline is to end
    Supervisor(PipelineStatus status, Runs runs, boolean standsBy, CountDownLatch stop) {
        this.status = status;
        this.runs = runs;
        this.standsBy = standsBy;
        this.stop = stop;
    }

    /// What is kept running. All on the supervisor's thread.
    interface Runs {
        /// Waits while there is a reason to, before a run.
        ///
        /// @return false when it was stopped meanwhile, or nothing is left to do
        boolean hasWork() throws InterruptedException;

        /// Runs until it is stopped or fails.
        ///
        /// @throws SluiceException when it failed
        void run() throws InterruptedException;

        /// Says more exactly what a failure comes from, where that is known.
        SluiceException explain(SluiceException failure);

        /// Another process has taken the pipeline over.
        void onFencedOut();
    }

    /// @return how it ended: Stopped or Failed
    PipelineState run() throws InterruptedException {
        Retries retries = new Retries(InstantSource.system());
        while (stop.getCount() > 0) {
            retries.onStart();
            long before = status.commits();
            try {
                status.enter(new PipelineState.Starting());
                if (!runs.hasWork()) {
                    break;
                }
                runs.run();
            } catch (SluiceException e) {
                SluiceException failure = runs.explain(e);
                if (failure.kind() == FailureKind.FENCED_OUT && standsBy) {
                    LOG.warn("{} This process stands by.", failure.whatHappened());
                    runs.onFencedOut();
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
                status.outage().failed(status.commits(), System.nanoTime());
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

    private PipelineState end(PipelineState.Failed failed, SluiceException failure) {
        status.enter(failed);
        LOG.debug("The cause", failure);
        return failed;
    }
}
