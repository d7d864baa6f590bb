package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
import dev.sluice.positions.PauseStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that ends it when a user pauses the pipeline: what was read is applied first. The [Supervisor]
/// begins the next run when the pause is over.
record PausePart(Pipeline pipeline, DataFlow flow) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(PausePart.class);

    private static final Duration EVERY = Duration.ofSeconds(1);

    @Override
    public void run() throws InterruptedException {
        PauseStore store = new PauseStore(pipeline.name());
        while (!flow.ending()) {
            try (Connection connection = pipeline.spec().connector().open()) {
                while (!flow.ending()) {
                    if (store.load(connection).isPresent()) {
                        pipeline.endRun();
                        return;
                    }
                    flow.pause(EVERY);
                }
            } catch (SQLException e) {
                // The same cause keeps rows from being written, and that is reported.
                LOG.debug("Whether the pipeline is paused can't be read: {}", Failures.describe(e));
                flow.pause(EVERY);
            }
        }
    }
}
