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
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Waits until what MongoDB has committed is applied. For one thread.
final class Applied {
    private static final Duration POLL = Duration.ofMillis(50);

    /// The source's clock is known to a part of a round trip.
    private static final Duration CLOCK_MARGIN = Duration.ofMillis(50);

    private final MongoSource source;
    private final Connection connection;
    private final String pipeline;
    private final BooleanSupplier stopped;

    /// @param connection not in auto-commit mode
    Applied(MongoSource source, Connection connection, String pipeline, BooleanSupplier stopped) {
        this.source = source;
        this.connection = connection;
        this.pipeline = pipeline;
        this.stopped = stopped;
    }

    /// Waits until everything committed before the call is applied, by the watermark. On return a
    /// transaction is open in which that was seen; call it between transactions.
    ///
    /// @return false when it was stopped, or nobody runs the pipeline; then no transaction is open
    boolean await(String collection) throws SQLException {
        Instant time = now();
        while (!stopped.getAsBoolean()) {
            Instant through = watermark(collection);
            if (through != null && !through.isBefore(time)) {
                return true;
            }
            boolean running = PipelineLock.isTaken(connection, pipeline);
            connection.rollback();
            if (!running) {
                return false;
            }
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
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
