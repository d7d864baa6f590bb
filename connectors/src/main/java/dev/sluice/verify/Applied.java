package dev.sluice.verify;

import dev.sluice.change.Watermark;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
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
    private final PositionStore positions;
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
        this.positions = new PositionStore(pipeline);
        this.stopped = stopped;
    }

    /// The result of waiting.
    enum Outcome {
        /// It is applied, and a transaction is open in which that was seen.
        APPLIED,
        /// The watermark has stopped moving, although a process has the pipeline's lock.
        STUCK,
        /// No process runs the pipeline, or the wait was stopped.
        ENDED
    }

    /// Waits until the watermark has passed everything that a majority had before the call, for as long as the
    /// watermark moves. Compares operation times and not clocks, where MongoDB reports its newest
    /// operation: on a busy server, two operations may have wall-clock times in another order than their
    /// operation times. Call it between transactions.
    Outcome await(String collection) throws SQLException {
        BsonTimestamp newest = source.newestOperation();
        Instant time = newest == null ? now() : null;
        Watermark last = null;
        long movedNanos = System.nanoTime();
        while (!stopped.getAsBoolean()) {
            Watermark through = positions.watermark(connection, collection);
            if (newest != null ? through.covers(newest) : isThrough(through, time)) {
                return Outcome.APPLIED;
            }
            boolean running = PipelineLock.isTaken(connection, pipeline);
            connection.rollback();
            if (!running) {
                return Outcome.ENDED;
            }
            if (!through.equals(last)) {
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

    private static boolean isThrough(Watermark watermark, @Nullable Instant time) {
        return watermark.time() != null && time != null && !watermark.time().isBefore(time);
    }

    /// MongoDB's time, not earlier than it is.
    private Instant now() {
        long before = System.nanoTime();
        Duration offset = source.hello().clockOffset();
        Duration roundTrip = Duration.ofNanos(System.nanoTime() - before);
        return source.clock().instant().plus(offset).plus(CLOCK_MARGIN).plus(roundTrip);
    }
}
