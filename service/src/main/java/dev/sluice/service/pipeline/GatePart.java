package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
import dev.sluice.gate.GateStore;
import dev.sluice.gate.GateStore.Measured;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that tells the gates, once a second, that a process runs the pipeline, and what only that
/// process can measure. Without it every gate shuts.
record GatePart(Pipeline pipeline, DataFlow flow) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(GatePart.class);

    private static final Duration EVERY = Duration.ofSeconds(1);

    /// Where looking at the conditions takes long it is done less often, so that it takes no more than one part in so
    /// many of the time.
    private static final int SHARE = 20;

    @Override
    public void run() throws InterruptedException {
        GateStore gates = new GateStore(pipeline.name());
        MovedReads moved = new MovedReads(pipeline.name());
        while (!flow.ending()) {
            try (Connection connection = pipeline.spec().connector().open()) {
                long observeAt = System.nanoTime();
                while (!flow.ending()) {
                    gates.measured(connection, measured());
                    long now = System.nanoTime();
                    if (now - observeAt >= 0) {
                        gates.observe(connection);
                        moved.look(connection);
                        observeAt = System.nanoTime() + SHARE * (System.nanoTime() - now);
                    }
                    flow.pause(EVERY);
                }
            } catch (SQLException e) {
                // The same cause keeps rows from being written, and that is reported. The gates shut by themselves.
                LOG.debug("The gates were not told: {}", Failures.describe(e));
                flow.pause(EVERY);
            }
        }
    }

    private Measured measured() {
        PipelineStatus.Headroom headroom = pipeline.status().headroom();
        Double seconds = headroom.whole() ? Double.POSITIVE_INFINITY : (Double) headroom.seconds();
        return new Measured(
                seconds.isNaN() ? null : seconds,
                pipeline.clock().sinceAnswer().toMillis() / 1_000.0,
                pipeline.rechecks());
    }
}
