package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A backfill that is killed with SIGKILL at random instants, with several chunks under way, while the
/// application writes: what was done is not read again, and both sides are equal in the end.
class KilledBackfillIT {
    private static final int USERS = 60_000;
    private static final int ORDERS = 10_000;
    private static final long SEED = 7;
    private static final String CHUNKS = "SELECT collection || ' ' || chunk, documents || ' at ' || finished_at::text"
            + " FROM sluice.backfill_chunk WHERE state = 'done' AND documents > 0";

    @Test
    @DisplayName("6 times kill -9: only chunks that were not done are read again")
    void killedAgainAndAgain() throws SQLException, InterruptedException {
        kill(6);
    }

    @Test
    @Tag("long")
    @DisplayName("20 times kill -9: only chunks that were not done are read again")
    void killedOftenerStill() throws SQLException, InterruptedException {
        kill(20);
    }

    private static void kill(int times) throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), USERS, ORDERS, SEED, 50)) {
            writer.start();
            Random random = new Random(SEED);
            int kills = 0;
            int interrupted = 0;
            Map<String, String> done = Map.of();
            for (; kills < times && !system.backfilled(); kills++) {
                copyAndKill(system, random, done.size());
                interrupted +=
                        (int) system.number("SELECT count(*) FROM sluice.backfill_chunk WHERE state = 'running'");
                Map<String, String> now = chunks(system);
                assertThat(now).as("a chunk that was done stays as it was").containsAllEntriesOf(done);
                done = now;
            }
            try (ServiceProcess last = backfill(system)) {
                assertThat(last.awaitExit(120)).as(last.output()).isZero();
            }
            assertThat(chunks(system)).containsAllEntriesOf(done);
            assertThat(kills).as("kills while it was copying").isEqualTo(times);
            assertThat(interrupted).as("chunks that were under way").isPositive();
            writer.close();
            streamToTheEnd(system);
            System.out.printf(
                    "killed %d times, %d chunks under way; %d writes (%s, %s)%n",
                    kills,
                    interrupted,
                    writer.written(),
                    system.mongo().description(),
                    system.postgres().description());
            assertThat(system.differences()).isEmpty();
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
        }
    }

    private static ServiceProcess backfill(LiveSystem system) {
        return ServiceProcess.start(
                List.of("backfill", "--batch-size", "100", "--parallel", "3"),
                List.of(),
                Map.of(
                        "MONGO_URI", system.mongo().uri(),
                        "POSTGRES_URI", system.postgresUri(),
                        "SLUICE_MAPPING", system.entry().mapping().name(),
                        "AUTO_MIGRATE", "false",
                        "AUTO_CREATE_DB", "false"));
    }

    /// Copies until there is more than before, and then up to a moment longer.
    ///
    /// @param doneBefore chunks
    private static void copyAndKill(LiveSystem system, Random random, int doneBefore)
            throws SQLException, InterruptedException {
        try (ServiceProcess process = backfill(system)) {
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofMillis(10))
                    .failFast(process::mustLive)
                    .until(() -> chunks(system).size() > doneBefore);
            // A random instant is the point here, so this is no wait for a condition.
            TimeUnit.MILLISECONDS.sleep(random.nextInt(100));
            process.killHard();
        }
    }

    private static Map<String, String> chunks(LiveSystem system) throws SQLException {
        Map<String, String> chunks = new LinkedHashMap<>();
        try (Connection connection = system.connector().open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(CHUNKS)) {
            while (row.next()) {
                chunks.put(row.getString(1), row.getString(2));
            }
        }
        return chunks;
    }

    private static void streamToTheEnd(LiveSystem system) throws InterruptedException {
        Instant end = Instant.now();
        try (ServiceProcess run = ServiceProcess.run(system)) {
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofMillis(200))
                    .failFast(run::mustLive)
                    .until(() -> system.watermark().isAfter(end));
            run.terminate();
            assertThat(run.awaitExit(60)).as(run.output()).isZero();
        }
    }
}
