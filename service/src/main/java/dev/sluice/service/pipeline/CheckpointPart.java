package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
import dev.sluice.positions.CheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that stores the committed position as a checkpoint from time to time, so that a replay can
/// start there.
record CheckpointPart(Pipeline pipeline, DataFlow flow) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointPart.class);

    private static final Duration EVERY = Duration.ofMinutes(5);
    private static final Duration KEPT = Duration.ofDays(7);
    private static final Duration POLL_EVERY = Duration.ofMillis(250);

    @Override
    public void run() throws InterruptedException {
        CheckpointStore checkpoints = new CheckpointStore(pipeline.name());
        while (!flow.ending()) {
            String name = "auto-" + Instant.now().truncatedTo(ChronoUnit.SECONDS);
            try (Connection connection = pipeline.spec().connector().open()) {
                checkpoints.save(connection, name, CheckpointStore.Kind.AUTOMATIC);
                checkpoints.forget(connection, KEPT);
            } catch (SQLException e) {
                // No reason to stop: the same cause keeps rows from being written, and that is reported.
                LOG.warn("No checkpoint was written: {}", Failures.describe(e));
            }
            long until = System.nanoTime() + EVERY.toNanos();
            while (!flow.ending() && System.nanoTime() < until) {
                flow.pause(POLL_EVERY);
            }
        }
    }
}
