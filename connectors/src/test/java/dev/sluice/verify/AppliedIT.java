package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import dev.sluice.positions.PipelineLock;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import dev.sluice.verify.Applied.Outcome;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Waiting for what is in flight, by the watermark.
@SuppressWarnings("NullAway.Init")
class AppliedIT {
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final TestTarget target = TestTarget.demo();
    private final MongoSource source = new MongoSource(TestingServers.mongo().uri(), "applied");
    private final AtomicBoolean stopped = new AtomicBoolean();

    private BsonTimestamp newest;

    @BeforeEach
    void somethingIsWritten() {
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri())) {
            client.getDatabase("applied").getCollection("users").insertOne(new Document());
        }
        newest = Objects.requireNonNull(source.newestOperation());
    }

    @AfterEach
    void close() {
        source.close();
        target.close();
    }

    @Test
    void itWaitsUntilTheWatermarkHasPassedTheTimeOfAsking() throws SQLException, InterruptedException {
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, TestTarget.PIPELINE)) {
            target.execute("UPDATE sluice.watermark SET cluster_time = now() - interval '1 s'");
            CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(() -> await("users"));
            assertThat(outcome).isNotDone();
            target.execute("UPDATE sluice.watermark SET cluster_time = now() + interval '1 minute'");

            assertThat(outcome.join()).isEqualTo(Outcome.APPLIED);
        }
    }

    /// The wall clock's part may run ahead of an operation within the same second, and stand behind it.
    @Test
    void itGoesByOperationsAndNotByClocks() throws SQLException, InterruptedException {
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, TestTarget.PIPELINE)) {
            through(newest.getInc() - 1);
            assertThat(await("users")).isEqualTo(Outcome.STUCK);

            through(newest.getInc());
            assertThat(await("users")).isEqualTo(Outcome.APPLIED);
        }
    }

    private void through(int increment) {
        target.execute("UPDATE sluice.watermark SET cluster_time = to_timestamp(" + newest.getTime() + ".999),"
                + " through_seconds = " + newest.getTime() + ", through_increment = " + increment);
    }

    @Test
    void aPipelineThatAppliesNothingIsNotWaitedForForever() throws SQLException, InterruptedException {
        target.execute("UPDATE sluice.watermark SET cluster_time = now() - interval '1 h'");
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, TestTarget.PIPELINE)) {
            assertThat(await("users")).isEqualTo(Outcome.STUCK);
        }
    }

    @Test
    void whatNobodyRunsOrIsStoppedIsNotWaitedFor() throws SQLException, InterruptedException {
        assertThat(await("users")).isEqualTo(Outcome.ENDED);
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, TestTarget.PIPELINE)) {
            stopped.set(true);
            assertThat(await("users")).isEqualTo(Outcome.ENDED);
        }
    }

    private Outcome await(String collection) {
        try {
            Connection connection = target.connection();
            connection.setAutoCommit(false);
            return new Applied(source, connection, TestTarget.PIPELINE, stopped::get, PATIENCE).await(collection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
