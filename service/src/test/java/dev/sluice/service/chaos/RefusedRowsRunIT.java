package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.failure.Failpoint;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A target that refuses rows, under the real program: killed between the steps, stopped in the middle, and
/// changed so that it takes no row any more.
@SuppressWarnings("NullAway.Init")
class RefusedRowsRunIT {
    private static LiveServers servers;

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    private static final int USERS = 10_000;
    private static final int REFUSED_EVERY = 10;

    @Test
    @DisplayName("kill -9 between the steps: every refused row is parked once, every other one is right")
    void killedBetweenTheSteps() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            insert(system, 2_000);
            refuseNegativeAges(system);
            streamUntil(system, Instant.now());
            update(system);
            long position = position(system);
            haltAt(system, Failpoint.STEP_COMMITTED, 0);
            haltAt(system, Failpoint.STEP_COMMITTED, 30);
            haltAt(system, Failpoint.DEAD_LETTERS_WRITTEN, 0);
            if (position(system) == position) {
                assertThat(deadLetters(system))
                        .as("no dead letter without its position")
                        .isZero();
            }
            assertThat(system.number("SELECT count(*) FROM users WHERE age = 2"))
                    .as("rows that were taken are there")
                    .isPositive();
            streamUntil(system, Instant.now());

            assertThat(deadLetters(system)).isEqualTo(2_000 / REFUSED_EVERY);
            assertThat(system.number("SELECT count(*) FROM users WHERE age = 2"))
                    .isEqualTo(2_000 - 2_000 / REFUSED_EVERY);
            // Rows that are taken again settle what is parked.
            system.execute("DROP TRIGGER refuse_age ON users");
            users(system).updateMany(Filters.lt("age", 0), Updates.set("age", 3));
            streamUntil(system, Instant.now());
            assertThat(deadLetters(system)).isZero();
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @Tag("long")
    @DisplayName("kill -9 between a chunk's steps: the chunk is copied again")
    void killedInTheCopy() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            insert(system, 2_000);
            refuseNegativeAges(system);
            users(system).updateMany(Filters.mod("number", REFUSED_EVERY, 0), Updates.set("age", -1));
            haltAt(system, Failpoint.STEP_COMMITTED, 30);
            haltAt(system, Failpoint.DEAD_LETTERS_WRITTEN, 0);
            assertThat(deadLetters(system)).isZero();
            streamUntil(system, Instant.now());

            assertThat(deadLetters(system)).isEqualTo(2_000 / REFUSED_EVERY);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(2_000 - 2_000 / REFUSED_EVERY);
        }
    }

    @Test
    @Tag("long")
    @DisplayName("SIGTERM while refused rows are looked for: the process ends within five seconds")
    void stoppedInTheMiddle() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            insert(system, USERS);
            refuseNegativeAges(system);
            streamUntil(system, Instant.now());
            update(system);
            try (ServiceProcess run = ServiceProcess.run(system)) {
                await().atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(50))
                        .failFast(run::mustLive)
                        .until(() -> system.number("SELECT count(*) FROM users WHERE age = 2") > 300);
                long asked = System.nanoTime();
                run.terminate();
                assertThat(run.awaitExit(30)).as(run.output()).isZero();
                double seconds = (System.nanoTime() - asked) / 1e9;
                System.out.printf(Locale.ROOT, "SIGTERM while refused rows are looked for: ended in %.1f s%n", seconds);
                assertThat(seconds).isLessThan(5);
            }
            assertThat(deadLetters(system)).as("those of whole batches alone").isLessThan(USERS / REFUSED_EVERY);
            long started = System.nanoTime();
            streamUntil(system, Instant.now());
            System.out.printf(
                    Locale.ROOT,
                    "%,d updates of which a trigger refuses %,d: %.1f s with start and end of the process%n",
                    USERS,
                    USERS / REFUSED_EVERY,
                    (System.nanoTime() - started) / 1e9);
            assertThat(deadLetters(system)).isEqualTo(USERS / REFUSED_EVERY);
        }
    }

    @Test
    @DisplayName("A NOT NULL column that no one fills: the process says so and parks nothing")
    void anAddedColumn() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            insert(system, 500);
            streamUntil(system, Instant.now());
            try (ServiceProcess run = ServiceProcess.run(system)) {
                Instant up = Instant.now();
                await().atMost(Duration.ofMinutes(1))
                        .failFast(run::mustLive)
                        .until(() -> system.watermark().isAfter(up));
                system.execute("ALTER TABLE users ADD COLUMN tenant text");
                system.execute("UPDATE users SET tenant = 'first'");
                system.execute("ALTER TABLE users ALTER COLUMN tenant SET NOT NULL");
                users(system)
                        .insertMany(IntStream.range(0, 400)
                                .mapToObj(i -> user(10_000 + i))
                                .toList());
                assertThat(run.awaitExit(60)).as(run.output()).isEqualTo(3);
                assertThat(run.output())
                        .contains(
                                "column tenant", "23502", "SLUICE_REFUSED_SHARE", "-> A column, constraint or trigger");
            }
            assertThat(deadLetters(system)).isLessThan(50);
            long parked = deadLetters(system);
            system.execute("ALTER TABLE users ALTER COLUMN tenant SET DEFAULT 'later'");
            streamUntil(system, Instant.now());
            // The last change before the stop comes once more, and is applied now.
            assertThat(deadLetters(system)).isBetween(parked - 1, parked);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(900 - deadLetters(system));
        }
    }

    private static MongoCollection<Document> users(LiveSystem system) {
        return system.database().getCollection("users");
    }

    private static Document user(int number) {
        return new Document("_id", "u%05d".formatted(number))
                .append("number", number)
                .append("email", "e" + number)
                .append("age", 1);
    }

    private static void insert(LiveSystem system, int count) {
        List<Document> documents =
                IntStream.range(0, count).mapToObj(RefusedRowsRunIT::user).toList();
        users(system).insertMany(documents);
        system.database().createCollection("orders");
    }

    /// Sets every age to 2, and every tenth to one that is refused.
    private static void update(LiveSystem system) {
        users(system)
                .updateMany(
                        new Document(),
                        List.of(new Document(
                                "$set",
                                new Document(
                                        "age",
                                        new Document(
                                                "$cond",
                                                List.of(
                                                        new Document(
                                                                "$eq",
                                                                List.of(
                                                                        new Document(
                                                                                "$mod",
                                                                                List.of("$number", REFUSED_EVERY)),
                                                                        0)),
                                                        -1,
                                                        2))))));
    }

    private static void refuseNegativeAges(LiveSystem system) throws SQLException {
        system.execute("""
                CREATE FUNCTION refuse_age() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF NEW.age < 0 THEN RAISE EXCEPTION 'age % of %', NEW.age, NEW.id; END IF;
                  RETURN NEW; END $$;
                CREATE TRIGGER refuse_age BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse_age();
                """);
    }

    private static long deadLetters(LiveSystem system) throws SQLException {
        return system.number("SELECT count(*) FROM sluice.dead_letter");
    }

    private static long position(LiveSystem system) throws SQLException {
        return system.number("SELECT cluster_time_seconds * 4294967296 + cluster_time_increment FROM sluice.position");
    }

    private static void haltAt(LiveSystem system, Failpoint failpoint, int passes) throws InterruptedException {
        try (ServiceProcess service =
                ServiceProcess.run(system, "-Dsluice.failpoint=" + failpoint.name() + ":" + passes)) {
            assertThat(service.awaitExit(90)).as(service.output()).isEqualTo(137);
        }
    }

    private static void streamUntil(LiveSystem system, Instant end) throws InterruptedException {
        try (ServiceProcess run = ServiceProcess.run(system)) {
            await().atMost(Duration.ofMinutes(4))
                    .pollInterval(Duration.ofMillis(200))
                    .failFast(run::mustLive)
                    .until(() -> system.watermark().isAfter(end));
            run.terminate();
            assertThat(run.awaitExit(60)).as(run.output()).isZero();
        }
    }
}
