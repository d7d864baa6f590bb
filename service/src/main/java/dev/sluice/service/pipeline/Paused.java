package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.positions.Transaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits between two runs while a user holds the pipeline. The lag grows, and the oplog is watched all the while, so
/// that a pause that is too long is noticed before the position is lost. For one
/// thread.
final class Paused {
    private static final Logger LOG = LoggerFactory.getLogger(Paused.class);

    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    private final Pipeline pipeline;
    private final CountDownLatch stop;
    private final PauseStore store;

    Paused(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.stop = stop;
        this.store = new PauseStore(pipeline.name());
    }

    /// Returns at once where no pause holds the pipeline.
    ///
    /// @throws SluiceException when PostgreSQL can't be asked
    void await() throws InterruptedException {
        boolean said = false;
        try (Connection connection = pipeline.spec().connector().open()) {
            while (stop.getCount() > 0) {
                Optional<Pause> pause = store.load(connection);
                if (pause.isEmpty()) {
                    if (said) {
                        LOG.info("The pipeline {} resumes.", pipeline.name());
                    }
                    return;
                }
                Pause now = pause.get();
                if (now.over()) {
                    Transaction.call(connection, () -> store.resume(connection, "sluice"));
                    continue;
                }
                if (!said) {
                    said = true;
                    LOG.info(
                            "The pipeline {} is paused by {}{}: nothing is read or written, and the position stays. `sluice"
                                    + " resume` ends that{}.",
                            pipeline.name(),
                            now.by(),
                            now.reason().isEmpty() ? "" : " (" + now.reason() + ")",
                            now.resumesAt() == null ? "" : "; it resumes by itself at " + now.resumesAt());
                }
                pipeline.status().enter(new PipelineState.Paused(now.since(), now.by(), now.resumesAt()));
                askForTheTime();
                stop.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private void askForTheTime() {
        try {
            pipeline.clock().onHello(pipeline.spec().source().hello());
        } catch (SluiceException away) {
            LOG.debug("MongoDB did not answer: {}", away.getMessage());
        }
    }
}
