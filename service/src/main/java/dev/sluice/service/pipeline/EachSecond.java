package dev.sluice.service.pipeline;

import dev.sluice.failure.Failures;
import dev.sluice.positions.PauseStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A part of a run that asks or tells PostgreSQL something once a second, on a connection of its own. Where PostgreSQL
/// does not answer, the same cause keeps rows from being written, and that is reported; here it is tried again.
///
/// @param question called by one thread, with a connection in auto-commit mode
record EachSecond(Pipeline pipeline, DataFlow flow, Question question) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(EachSecond.class);

    private static final Duration EVERY = Duration.ofSeconds(1);

    @FunctionalInterface
    interface Question {
        void ask(Connection connection) throws SQLException;
    }

    /// Ends the run when a user pauses the pipeline: what was read is applied first. The [Supervisor] begins the next
    /// run
    /// when the pause is over.
    static EachSecond pause(Pipeline pipeline, DataFlow flow) {
        PauseStore store = new PauseStore(pipeline.name());
        return new EachSecond(pipeline, flow, connection -> {
            if (store.load(connection).isPresent()) {
                pipeline.endRun();
            }
        });
    }

    /// Ends the pipeline when another mapping is in force.
    static EachSecond mapping(Pipeline pipeline, DataFlow flow) {
        return new EachSecond(pipeline, flow, pipeline::endIfSuperseded);
    }

    @Override
    public void run() throws InterruptedException {
        while (!flow.ending()) {
            try (Connection connection = pipeline.spec().connector().open()) {
                while (!flow.ending()) {
                    question.ask(connection);
                    flow.pause(EVERY);
                }
            } catch (SQLException e) {
                LOG.debug("PostgreSQL could not be asked: {}", Failures.describe(e));
                flow.pause(EVERY);
            }
        }
    }
}
