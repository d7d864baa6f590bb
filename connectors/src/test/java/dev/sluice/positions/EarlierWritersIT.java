package dev.sluice.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Transactions that are open when another process has the lock: whose are ended, when, and whose are not.
class EarlierWritersIT {
    private static final String PIPELINE = TestTarget.PIPELINE;
    private static final String ELSEWHERE = new ProcessIdentity("0123456789abcdef", 1, 1).appendedTo("sluice");

    private final TestTarget target = TestTarget.demo();
    private final PositionStore positions = new PositionStore(PIPELINE);

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("one that is stuck in a transaction is ended, wherever it runs, once the lock was held for the grace")
    void theStuckOneIsEnded() throws SQLException, InterruptedException {
        try (Connection stuck = writing(ELSEWHERE);
                PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            long begun = System.nanoTime();
            awaitWriters(lock);
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(EarlierWriters.GRACE.minusMillis(500), EarlierWriters.GRACE.plusSeconds(5));
            assertThat(stuck.isValid(5)).isFalse();
        }
    }

    @Test
    @DisplayName("one that commits in time is left alone")
    void theLivingOneMayCommit() throws SQLException, InterruptedException {
        try (Connection living = writing(ELSEWHERE);
                PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            CompletableFuture<Void> committed = CompletableFuture.runAsync(
                    () -> {
                        try {
                            living.commit();
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS));
            awaitWriters(lock);
            committed.join();
            assertThat(living.isValid(5)).isTrue();
        }
    }

    @Test
    @DisplayName("a transaction of another session, as of a person who looks at the position, is waited for")
    void anotherProgramsIsWaitedFor() throws SQLException, InterruptedException {
        try (Connection person = writing("psql");
                PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            assertThatThrownBy(() -> awaitWriters(lock))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
            assertThat(person.isValid(5)).isTrue();
        }
    }

    @Test
    @DisplayName("who has not got the lock ends nothing")
    void whoHasNotTheLockEndsNothing() throws SQLException, InterruptedException {
        PipelineLock given = PipelineLock.take(target.connector()::open, PIPELINE);
        given.close();
        try (Connection writer = writing(ELSEWHERE);
                PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            assertThat(lock.isHeld()).isTrue();
            assertThatThrownBy(() -> awaitWriters(given)).isInstanceOf(SQLException.class);
            assertThat(writer.isValid(5)).isTrue();
        }
    }

    private void awaitWriters(PipelineLock lock) throws SQLException {
        try (Connection waiting = target.connector().open()) {
            waiting.setAutoCommit(false);
            try (EarlierWriters ended = lock.endEarlierWriters(waiting)) {
                positions.awaitWriters(waiting);
            }
            waiting.commit();
        }
    }

    /// A session in a transaction that has begun to write the pipeline.
    private Connection writing(String applicationName) throws SQLException {
        Connection connection = target.connector().open();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET application_name = '" + applicationName + "'");
        }
        connection.setAutoCommit(false);
        positions.hold(connection, 0);
        return connection;
    }
}
