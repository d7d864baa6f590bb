package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
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

    @Override
    public void run() throws InterruptedException {
        GateReport report = new GateReport(pipeline);
        while (!flow.ending()) {
            try (Connection connection = pipeline.spec().connector().open()) {
                while (!flow.ending()) {
                    report.report(connection);
                    flow.pause(EVERY);
                }
            } catch (SQLException e) {
                // The same cause keeps rows from being written, and that is reported. The gates shut by themselves.
                LOG.debug("The gates were not told: {}", Failures.describe(e));
                flow.pause(EVERY);
            }
        }
    }
}
