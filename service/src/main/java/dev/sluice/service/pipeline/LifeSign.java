package dev.sluice.service.pipeline;

import dev.sluice.control.CollectionCounts;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PipelineLock;
import dev.sluice.service.text.Counted;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the gates, and those who look at the status, once a second that this process runs the
/// pipeline, from the pipeline's start to its end: also
/// between two runs, while a run waits for MongoDB and while the pipeline is paused. So a gate that is
/// shut since
/// MongoDB is away says that, and not that no process runs. A process that stands by says nothing. The
/// log hears of it once a minute, when an outage is over, and of dead letters.
final class LifeSign implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LifeSign.class);

    private static final Duration EVERY = Duration.ofSeconds(1);

    /// After counting it rests for so many times of what that took.
    private static final int REST = 20;

    private static final Duration DEAD_LETTERS_EVERY = Duration.ofSeconds(3);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final Pipeline pipeline;
    private final GateReport report;
    private final ActivityReport activity;
    private final MinuteLine minute;
    private final DeadLetterLines deadLetters = new DeadLetterLines();
    private long deadLettersAt = System.nanoTime();
    private final Thread thread =
            Thread.ofPlatform().name("sluice-gate").daemon(true).unstarted(this::tell);
    private volatile boolean ending;

    private LifeSign(Pipeline pipeline) {
        this.pipeline = pipeline;
        this.report = new GateReport(pipeline);
        this.activity = new ActivityReport(pipeline);
        this.minute = new MinuteLine(pipeline.status(), System.nanoTime());
    }

    static LifeSign start(Pipeline pipeline) {
        LifeSign sign = new LifeSign(pipeline);
        sign.thread.start();
        return sign;
    }

    private void tell() {
        try {
            while (!ending) {
                try (Connection connection = pipeline.spec().connector().open()) {
                    while (!ending) {
                        if (isOurs(connection)) {
                            report.report(connection);
                            activity.report(connection);
                            say();
                            sayDeadLetters(connection);
                        }
                        Thread.sleep(EVERY);
                    }
                } catch (SQLException | SluiceException e) {
                    LOG.debug("PostgreSQL could not be told: {}", Failures.describe(e));
                    Thread.sleep(EVERY);
                } catch (RuntimeException unexpected) {
                    // Without this thread every gate would be shut, since no process runs.
                    LOG.warn("The gates could not be told that this process runs; it is tried again.", unexpected);
                    Thread.sleep(EVERY);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void say() {
        PipelineStatus status = pipeline.status();
        status.outage()
                .over(status.commits(), System.nanoTime())
                .ifPresent(over -> LOG.info(
                        "Pipeline {} writes again, after {} s and {} that failed.",
                        pipeline.name(),
                        over.took().toSeconds(),
                        Counted.of(over.failures(), "run")));
        minute.next(System.nanoTime()).ifPresent(LOG::info);
    }

    private void sayDeadLetters(Connection connection) throws SQLException {
        long now = System.nanoTime();
        if (now - deadLettersAt >= 0) {
            deadLetters
                    .next(new CollectionCounts(connection, pipeline.name()).deadLettersOpen(), now)
                    .forEach(LOG::warn);
            // Rarely where there are so many that counting them takes long.
            long took = System.nanoTime() - now;
            deadLettersAt = System.nanoTime() + Math.max(DEAD_LETTERS_EVERY.toNanos(), REST * took);
        }
    }

    /// Whether the pipeline is this process's. Between two runs it holds no lock: where somebody else
    /// has it then,
    /// that one tells.
    private boolean isOurs(Connection connection) throws SQLException {
        return switch (pipeline.status().state()) {
            case PipelineState.Paused p -> true;
            case PipelineState.Starting s -> pipeline.isOwned();
            case PipelineState.Backfilling b -> pipeline.isOwned();
            case PipelineState.Streaming s -> pipeline.isOwned();
            case PipelineState.Stalled s -> pipeline.isOwned();
            case PipelineState.Draining d -> pipeline.isOwned();
            case PipelineState.Waiting w -> pipeline.isOwned() && !PipelineLock.isTaken(connection, pipeline.name());
            case PipelineState.Standby s -> false;
            case PipelineState.Stopped s -> false;
            case PipelineState.Failed f -> false;
        };
    }

    @Override
    public void close() {
        ending = true;
        thread.interrupt();
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
