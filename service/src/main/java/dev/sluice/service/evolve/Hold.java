package dev.sluice.service.evolve;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.pipeline.LastWriter;
import dev.sluice.service.pipeline.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Keeps every process from writing a pipeline while its tables change: a pause makes the one that
/// writes apply what it has read and stop, and the pipeline's lock is taken then. Closed, the pipeline
/// goes on. Where this process is killed, PostgreSQL frees the lock and the pause ends by itself. For
/// one thread.
final class Hold implements AutoCloseable {
    /// Of the pause: by it, a later process knows that the pause is of one that was killed.
    static final String REASON = "sluice evolve changes tables and mapping";

    /// After which the pipeline goes on by itself.
    private static final Duration LONGEST = Duration.ofMinutes(15);

    /// How long a process has to apply what it has read.
    private static final Duration DRAIN_MAX = Duration.ofSeconds(60);

    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final PostgresConnector connector;
    private final String pipeline;
    private final String actor;
    private final boolean ran;
    private final long began;
    private @Nullable PipelineLock lock;

    private Hold(PostgresConnector connector, String pipeline, String actor, boolean ran) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.actor = actor;
        this.ran = ran;
        this.began = System.nanoTime();
    }

    /// @param stopped asked while it waits
    /// @throws SluiceException of kind FENCED_OUT when the process that writes does not stop in time;
    ///     then it goes on
    static Hold take(PostgresConnector connector, String pipeline, String actor, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        PauseStore pauses = new PauseStore(pipeline);
        boolean ran;
        try (Connection connection = connector.open()) {
            // A pause that is there is of a process that was killed; others are an obstacle.
            ran = isRun(connection, pipeline) || pauses.load(connection).isPresent();
            Transaction.run(connection, () -> pauses.pause(connection, actor, REASON, LONGEST));
        }
        Hold hold = new Hold(connector, pipeline, actor, ran);
        try {
            hold.lock = PipelineLock.take(connector::open, pipeline, (holder, connection) -> hold.goOn(holder, stopped))
                    .orElseThrow(
                            () -> new SluiceException(FailureKind.FENCED_OUT, "Stopped before anything was changed."));
            return hold;
        } catch (SQLException | InterruptedException | RuntimeException e) {
            hold.close();
            throw e;
        }
    }

    /// Whether another process runs the pipeline. It has no lock for a moment between two pipelines, as when it takes a
    /// mapping over; on this host such a process is found all the same.
    static boolean isRun(Connection connection, String pipeline) throws SQLException {
        return PipelineLock.isTaken(connection, pipeline)
                || LastWriter.find(connection, pipeline)
                        .filter(writer -> writer.fate() == LastWriter.Fate.RUNS
                                && !writer.owner().equals(Pipeline.owner()))
                        .isPresent();
    }

    private boolean goOn(LockHolder holder, BooleanSupplier stopped) throws InterruptedException {
        if (System.nanoTime() - began >= DRAIN_MAX.toNanos()) {
            throw new SluiceException(
                    FailureKind.FENCED_OUT,
                    "The pipeline '" + pipeline + "' is written by " + holder.forPeople()
                            + ", which did not stop within " + DRAIN_MAX.toSeconds()
                            + " s of being paused. Nothing was changed, and it goes on.");
        }
        Thread.sleep(LOOK_EVERY);
        return !stopped.getAsBoolean();
    }

    /// Whether a process ran the pipeline, and so goes on with it afterwards.
    boolean ran() {
        return ran;
    }

    /// For how long the pipeline has stood still.
    Duration length() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    @Override
    public void close() throws SQLException {
        try (Connection connection = connector.open()) {
            PauseStore pauses = new PauseStore(pipeline);
            if (pauses.load(connection)
                    .filter(pause -> pause.reason().equals(REASON))
                    .isPresent()) {
                Transaction.run(connection, () -> pauses.resume(connection, actor));
            }
        } finally {
            PipelineLock held = lock;
            if (held != null) {
                held.close();
            }
        }
    }
}
