package dev.sluice.verify;

import dev.sluice.positions.PipelineLock;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Waits until what MongoDB has committed is applied. For one thread.
final class Applied {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// The source's clock is known to a part of a round trip.
    private static final Duration CLOCK_MARGIN = Duration.ofMillis(50);

    private final MongoSource source;
    private final Connection connection;
    private final String pipeline;
    private final BooleanSupplier stopped;
    private final Duration patience;

    /// @param connection not in auto-commit mode
    Applied(MongoSource source, Connection connection, String pipeline, BooleanSupplier stopped) {
        this(source, connection, pipeline, stopped, PATIENCE);
    }

    /// @param patience how long the watermark may stand still; it moves about every second
    Applied(MongoSource source, Connection connection, String pipeline, BooleanSupplier stopped, Duration patience) {
        this.patience = patience;
        this.source = source;
        this.connection = connection;
        this.pipeline = pipeline;
        this.stopped = stopped;
    }

    /// What waiting has come to.
    enum Outcome {
        /// It is applied, and a transaction is open in which that was seen.
        APPLIED,
        /// Nothing is applied any more, though a process has the pipeline.
        STUCK,
        /// Nobody runs the pipeline, or it was stopped.
        ENDED
    }

    /// Waits until everything committed before the call is applied, by the watermark, for as long as that
    /// gets on. Call it between transactions.
    Outcome await(String collection) throws SQLException {
        Instant time = now();
        Instant last = null;
        long movedNanos = System.nanoTime();
        while (!stopped.getAsBoolean()) {
            Instant through = watermark(collection);
            if (through != null && !through.isBefore(time)) {
                return Outcome.APPLIED;
            }
            boolean running = PipelineLock.isTaken(connection, pipeline);
            connection.rollback();
            if (!running) {
                return Outcome.ENDED;
            }
            if (!Objects.equals(through, last)) {
                last = through;
                movedNanos = System.nanoTime();
            } else if (System.nanoTime() - movedNanos > patience.toNanos()) {
                return Outcome.STUCK;
            }
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Outcome.ENDED;
            }
        }
        return Outcome.ENDED;
    }

    /// MongoDB's time, not earlier than it is.
    private Instant now() {
        long before = System.nanoTime();
        Duration offset = source.hello().clockOffset();
        Duration roundTrip = Duration.ofNanos(System.nanoTime() - before);
        return source.clock().instant().plus(offset).plus(CLOCK_MARGIN).plus(roundTrip);
    }

    private @Nullable Instant watermark(String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT cluster_time FROM sluice.watermark WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                OffsetDateTime time = row.next() ? row.getObject(1, OffsetDateTime.class) : null;
                return time == null ? null : time.toInstant();
            }
        }
    }
}
