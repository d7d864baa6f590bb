package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The lag is what it is: with a clock that is wrong, with nothing to do, with PostgreSQL slow or away, and
/// with more to do than can be done at once.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LagIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    /// An idle stream says where it is once a second, of an answer that is up to a second old, with a
    /// margin; a machine that has much to do takes longer.
    private static final double IDLE_LAG_MOST = 5;

    private final LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
    private int written;

    @AfterAll
    void end() {
        system.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {5, -5})
    @DisplayName("our clock is 5 s off: lag, latency and what status reads of PostgreSQL are right all the same")
    void ourClockIsWrong(int secondsAhead) throws Exception {
        InstantSource wrong = () -> Instant.now().plusSeconds(secondsAhead);
        try (RunningPipeline running = RunningPipeline.start(system, wrong)) {
            PipelineStatus status = started(running);
            // What the stream's start takes is no latency of a running one.
            write(1);
            running.awaitApplied();
            write(200);
            running.awaitApplied();

            assertThat(status.lag().clockOffsetSeconds()).isBetween(-secondsAhead - 0.5, -secondsAhead + 0.5);
            CollectionStatus users = users(status);
            assertThat(users.changesApplied()).isGreaterThanOrEqualTo(200);
            // Not 5,000 ms, and not 0, which is what a time before the commit would be taken for.
            assertThat(users.latencyMillis(50)).isBetween(1.0, 3_000.0);
            assertThat(users.latencyMillis(99)).isBetween(1.0, 4_500.0);
            alwaysUntilTheWatermarkHasMoved(status, Duration.ofSeconds(1), () -> {
                assertThat(status.lagSeconds(users)).isBetween(0.0, IDLE_LAG_MOST);
                assertThat(Double.parseDouble(storedLag())).isBetween(0.0, IDLE_LAG_MOST);
            });
        }
    }

    /// As the status command has it, which knows of no process's clock.
    private String storedLag() throws SQLException {
        return Objects.requireNonNull(system.text("SELECT extract(epoch FROM source_time - cluster_time"
                + " + (clock_timestamp() - applied_at)) FROM sluice.watermark WHERE collection = 'users'"));
    }

    @Test
    void withoutTrafficTheLagStaysSmallAndTheWatermarkMoves() throws Exception {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            PipelineStatus status = started(running);
            running.awaitApplied();
            alwaysUntilTheWatermarkHasMoved(status, Duration.ofSeconds(4), () -> {
                assertThat(status.lag().seconds()).isBetween(0.0, IDLE_LAG_MOST);
                assertThat(status.lag().captureSeconds()).isBetween(0.0, IDLE_LAG_MOST);
                assertThat(status.lag().applySeconds()).isBetween(0.0, IDLE_LAG_MOST);
                assertThat(status.catchUpSeconds()).isZero();
                assertThat(status.lag().waiting()).isZero();
            });
        }
    }

    private interface Check {
        void run() throws SQLException;
    }

    /// Checks over and over until the watermark is that much further than now.
    private static void alwaysUntilTheWatermarkHasMoved(PipelineStatus status, Duration by, Check check) {
        Instant goal = Objects.requireNonNull(status.lag().watermark()).plus(by);
        await().atMost(BOUND).pollInterval(Duration.ofMillis(250)).until(() -> {
            check.run();
            return Objects.requireNonNull(status.lag().watermark()).isAfter(goal);
        });
    }

    @Test
    void whatIsReadAndCantBeWrittenIsShownWhileItWaits() throws Exception {
        try (RunningPipeline running = RunningPipeline.start(system);
                Connection holding = system.connector().openForLongWork();
                Statement statement = holding.createStatement()) {
            PipelineStatus status = started(running);
            running.awaitApplied();
            holding.setAutoCommit(false);
            statement.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
            write(500);
            await().atMost(BOUND).until(() -> status.lag().waiting() >= 500);
            write(500);
            await().atMost(BOUND).until(() -> status.lag().waiting() >= 1_000);
            await().atMost(Duration.ofSeconds(8)).until(() -> status.lag().seconds() > 3);
            // It is read; it is the writing that is behind.
            assertThat(status.lag().captureSeconds()).isLessThan(status.lag().seconds());
            assertThat(status.applyLagSeconds(users(status))).isPositive();
            assertThat(status.catchUpSeconds()).isNotZero();

            holding.rollback();
            awaitSmall(status);
        }
    }

    @Test
    void whilePostgresIsAwayTheLagGrowsByTheClock() throws Exception {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            PipelineStatus status = started(running);
            running.awaitApplied();
            system.postgres().stop();
            try {
                await().atMost(BOUND).until(() -> status.state() instanceof PipelineState.Waiting);
                write(500);
                double lag = status.lag().seconds();
                long before = System.nanoTime();
                await().atMost(BOUND).until(() -> {
                    double elapsed = (System.nanoTime() - before) / 1e9;
                    assertThat(status.lag().seconds() - lag).isBetween(elapsed - 0.3, elapsed + 0.3);
                    return elapsed > 3;
                });
                assertThat(status.lag().captureSeconds())
                        .as("what was read and not written is read again")
                        .isBetween(status.lag().seconds() - 0.5, status.lag().seconds() + 0.5);
                // What is still in MongoDB was not counted by anybody.
                assertThat(status.lag().waiting()).isNaN();
                assertThat(status.catchUpSeconds()).isInfinite();
            } finally {
                system.postgres().startAgain();
            }
            running.awaitStreaming();
            running.awaitApplied();
            awaitSmall(status);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(written);
        }
    }

    @Tag("long")
    @Test
    void withoutAPrimaryTheLagGrowsAndNothingIsCaughtUp() throws Exception {
        try (RunningPipeline running = RunningPipeline.start(system);
                MongoClient client = MongoClients.create(system.mongo().uri())) {
            PipelineStatus status = started(running);
            running.awaitApplied();
            awaitSmall(status);
            // The one node goes on as a secondary, answers the stream, and has nothing new.
            client.getDatabase("admin").runCommand(new Document("replSetStepDown", 20).append("force", true));
            double before = status.lag().seconds();
            await().atMost(BOUND).until(() -> status.lag().seconds() > before + 10);
            assertThat(status.catchUpSeconds()).isNotZero();

            awaitSmall(status);
        }
    }

    @Test
    @Tag("long")
    void ofABurstItIsShownHowMuchWaitsAndHowLongItWillTake() throws Exception {
        int burst = 50_000;
        try (RunningPipeline running = RunningPipeline.start(system)) {
            PipelineStatus status = started(running);
            running.awaitApplied();
            // A target that takes its time, so that what is shown can be seen: more of it while the burst is written.
            system.execute("CREATE TABLE pause (seconds float8); INSERT INTO pause VALUES (4);"
                    + " CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
                    + " 'BEGIN PERFORM pg_sleep(seconds) FROM pause; RETURN NULL; END';"
                    + " CREATE TRIGGER slowly BEFORE INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION slowly()");
            List<Double> estimates = new ArrayList<>();
            double most = 0;
            long before = users(status).changesApplied();
            write(burst);
            system.execute("UPDATE pause SET seconds = 0.8");
            Instant giveUp = Instant.now().plusSeconds(120);
            while (users(status).changesApplied() < before + burst
                    && Instant.now().isBefore(giveUp)) {
                most = Math.max(most, status.lag().waiting());
                estimates.add(status.catchUpSeconds());
                Thread.sleep(50);
            }
            system.execute("DROP FUNCTION slowly CASCADE; DROP TABLE pause");

            assertThat(most).isGreaterThan(1_000);
            assertThat(estimates).as("some were of seconds").anyMatch(e -> e > 0 && e < 120);
            awaitSmall(status);
            assertThat(users(status).changesApplied()).isEqualTo(before + burst);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(written);
        }
    }

    @Test
    void theHeadroomIsThePositionsTimeMinusThatOfTheOldestEntry() throws Exception {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            PipelineStatus status = started(running);
            double first = readHeadroom(status, Double.NaN);
            assertThat(status.headroom().unknownBecause()).isNull();

            // While the position goes on and the oldest entry stays, there is more of it at the next reading.
            assertThat(readHeadroom(status, first)).isGreaterThan(first);
        }
    }

    /// Waits for another reading than the one before, and compares it with the position and the oldest entry of then.
    ///
    /// @param before NaN where there was none
    private double readHeadroom(PipelineStatus status, double before) throws SQLException {
        double[] least = {Double.NaN};
        double[] found = {Double.NaN};
        await().atMost(BOUND).until(() -> {
            double now = status.headroom().seconds();
            if (!Double.isNaN(now) && now != before && !Double.isNaN(least[0])) {
                found[0] = now;
                return true;
            }
            least[0] = distanceToOldest();
            return false;
        });
        assertThat(found[0])
                .as("the position's time minus that of the oldest entry, in seconds")
                .isBetween(least[0] - 2, distanceToOldest() + 1);
        return found[0];
    }

    /// From the oldest entry of the oplog to the committed position, in seconds, read here from both databases; NaN
    /// before there is a position.
    private double distanceToOldest() throws SQLException {
        long position = system.number("SELECT coalesce(max(cluster_time_seconds), 0) FROM sluice.position");
        if (position == 0) {
            return Double.NaN;
        }
        try (MongoClient client = MongoClients.create(system.mongo().uri())) {
            Document oldest = Objects.requireNonNull(client.getDatabase("local")
                    .getCollection("oplog.rs")
                    .find()
                    .sort(new Document("$natural", 1))
                    .first());
            return position - (double) oldest.get("ts", BsonTimestamp.class).getTime();
        }
    }

    private static PipelineStatus started(RunningPipeline running) {
        running.awaitStreaming();
        return running.pipeline().status();
    }

    private static CollectionStatus users(PipelineStatus status) {
        return Objects.requireNonNull(status.collections().get("users"));
    }

    private static void awaitSmall(PipelineStatus status) {
        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(status.lag().seconds()).isLessThan(IDLE_LAG_MOST);
            assertThat(status.catchUpSeconds()).isZero();
            assertThat(status.lag().waiting()).isZero();
        });
    }

    private void write(int documents) {
        MongoCollection<Document> users = system.database().getCollection("users");
        int from = written;
        written += documents;
        users.insertMany(IntStream.range(from, written)
                .mapToObj(i -> new Document("_id", "user-" + i).append("name", "User " + i))
                .toList());
    }
}
