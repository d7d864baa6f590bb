package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import dev.sluice.failure.Failpoint;
import dev.sluice.sandbox.SandboxMongo;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Documents whose `_id` is of several megabytes, under the real program: MongoDB can't send some of their
/// changes in any form. Promise 6: a loud stop with a remedy, and the remedy loses nothing.
@Tag("long")
class LargeKeysIT {
    /// Too large for an event on every version of MongoDB.
    private static final int TOO_LARGE = 6_000_000;

    private static final int LARGE = 1_000_000;

    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final Pattern PASSES = Pattern.compile("`sluice backfill --past ([0-9.]+)`");
    private static final String EMAIL = "@shop.example";

    @Test
    @DisplayName("a change that no event holds: the stop names it, and the way past it loses nothing, killed or not")
    void passed() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            MongoCollection<Document> orders = system.database().getCollection("orders");
            users.insertOne(user("u1"));
            users.insertOne(user("u2"));
            String stop;
            try (ServiceProcess run = run(system)) {
                awaitApplied(system, run);
                users.insertOne(user("j".repeat(LARGE)));
                users.insertOne(user("k".repeat(TOO_LARGE)));
                users.insertOne(user("u3"));
                orders.insertOne(order(1, "u3"));
                stop = stopped(run);
            }
            assertThat(stop)
                    .contains("The change of users at operation time ")
                    .contains("`sluice backfill --past ")
                    .doesNotContain("kkk")
                    .doesNotContain("6B6B6B");
            assertThat(keys(system)).as("every change before it is applied").contains("\"jjj");
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'u3'"))
                    .isZero();
            String time = time(stop);
            // Again, it is the same; and nothing else passes it.
            try (ServiceProcess run = run(system)) {
                assertThat(time(stopped(run))).isEqualTo(time);
            }
            assertThat(sluice(system, 2, "backfill", "--past", time + "999"))
                    .contains("No mapped collection has a change at " + time + "999");

            // In the gap: a delete whose event is too large, and one whose is not.
            users.deleteOne(Filters.eq("_id", "k".repeat(TOO_LARGE)));
            users.deleteOne(Filters.eq("_id", "u2"));
            orders.insertOne(order(2, "u1"));
            try (ServiceProcess killed = ServiceProcess.start(
                    List.of("backfill", "--past", time),
                    List.of("-Dsluice.failpoint=" + Failpoint.CHANGE_PASSED),
                    environment(system))) {
                assertThat(killed.awaitExit(BOUND.toSeconds()))
                        .as(killed.output())
                        .isEqualTo(137);
            }
            try (ServiceProcess run = run(system)) {
                awaitApplied(system, run);
                run.terminate();
                assertThat(run.awaitExit(60)).as(run.output()).isZero();
            }
            assertThat(system.number("SELECT count(*) FROM users WHERE id IN ('u1', 'u3')"))
                    .isEqualTo(2);
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'u2'"))
                    .isZero();
            assertThat(system.number("SELECT count(*) FROM orders")).isEqualTo(2);
            sluice(system, 0, "verify", "--mode", "full");
            assertThat(sluice(system, 2, "backfill", "--past", time)).contains("The stream is past " + time);
            assertThat(sluice(system, 1, "replay", "--from", "10m", "--dry-run"))
                    .contains("MongoDB can't send a change", time, "sluice resync")
                    .doesNotContain("kkk");
            sluice(system, 0, "replay", "--from", "10m", "--collection", "orders");
        }
    }

    @Test
    @DisplayName("in a transaction with others, in several collections, and while nothing is killed")
    void inATransaction() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            MongoCollection<Document> orders = system.database().getCollection("orders");
            users.insertOne(user("u1"));
            orders.insertOne(order(1, "u1"));
            String first;
            try (ServiceProcess run = run(system)) {
                awaitApplied(system, run);
                try (ClientSession session = system.client().startSession()) {
                    session.withTransaction(() -> {
                        orders.insertOne(session, order(2, "u1"));
                        users.insertOne(session, user("k".repeat(TOO_LARGE)));
                        orders.insertOne(session, order(3, "u1"));
                        orders.deleteOne(session, Filters.eq("_id", 1L));
                        return null;
                    });
                }
                first = stopped(run);
            }
            // Also in another collection, whose own stop comes after it.
            orders.insertOne(new Document("_id", "o".repeat(TOO_LARGE)));
            orders.insertOne(order(4, "u1"));
            users.insertOne(user("u4"));
            assertThat(sluice(system, 0, "backfill", "--past", time(first)))
                    .contains("is passed; its collection is copied again: users");
            assertThat(system.number("SELECT count(*) FROM orders WHERE id = 3"))
                    .as("the stream brings it")
                    .isZero();
            try (ServiceProcess run = run(system)) {
                String second = stopped(run);
                assertThat(second).contains("The change of orders at operation time ");
                assertThat(system.number("SELECT count(*) FROM orders WHERE id = 3"))
                        .isEqualTo(1);
                assertThat(sluice(system, 0, "backfill", "--past", time(second)))
                        .contains("copied again: orders");
            }
            try (ServiceProcess run = run(system)) {
                awaitApplied(system, run);
                assertThat(system.number("SELECT count(*) FROM orders WHERE id IN (2, 3, 4)"))
                        .isEqualTo(3);
                assertThat(system.number("SELECT count(*) FROM orders WHERE id = 1"))
                        .isZero();
                assertThat(system.number("SELECT count(*) FROM users WHERE id = 'u4'"))
                        .isEqualTo(1);
                String letters = sluice(system, 0, "dead-letters", "list");
                assertThat(letters)
                        .contains("characters)")
                        .doesNotContain("k".repeat(200))
                        .doesNotContain("o".repeat(200));
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isEqualTo(2);
                sluice(system, 1, "dead-letters", "retry", "--all");
                assertThat(system.number("SELECT count(*) FROM sluice.resync")).isZero();
                String verified = sluice(system, 0, "verify", "--mode", "full");
                assertThat(verified).doesNotContain("k".repeat(200)).doesNotContain("o".repeat(200));
                sluice(system, 0, "resync", "--collection", "users", "--prune");
                run.mustLive();
                // Deleted while it runs: its event is too large again.
                users.deleteOne(Filters.eq("_id", "k".repeat(TOO_LARGE)));
                String third = stopped(run);
                assertThat(third)
                        .contains("The change of users at operation time ")
                        .doesNotContain("kkk");
                sluice(system, 0, "backfill", "--past", time(third));
            }
            try (ServiceProcess run = run(system)) {
                awaitApplied(system, run);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .as("that of orders")
                        .isEqualTo(1);
                run.mustLive();
            }
        }
    }

    private static ServiceProcess run(LiveSystem system) {
        return ServiceProcess.start(List.of("run"), List.of(), environment(system));
    }

    private static Map<String, String> environment(LiveSystem system) {
        return Map.of(
                "MONGO_URI", system.mongo().uri(),
                "POSTGRES_URI", system.postgresUri(),
                "SLUICE_MAPPING", "demo",
                "SLUICE_HTTP_PORT", "0",
                "AUTO_MIGRATE", "false",
                "AUTO_CREATE_DB", "false");
    }

    private static String sluice(LiveSystem system, int exit, String... command) throws InterruptedException {
        long started = System.nanoTime();
        try (ServiceProcess process = ServiceProcess.start(List.of(command), List.of(), environment(system))) {
            assertThat(process.awaitExit(BOUND.toSeconds()))
                    .as(process.output())
                    .isEqualTo(exit);
            System.out.printf(
                    "%s: exit %d after %d ms%n",
                    new ArrayList<>(List.of(command)), exit, (System.nanoTime() - started) / 1_000_000);
            return process.output();
        }
    }

    /// @return what it said
    private static String stopped(ServiceProcess run) throws InterruptedException {
        long started = System.nanoTime();
        assertThat(run.awaitExit(BOUND.toSeconds())).as(run.output()).isEqualTo(3);
        System.out.printf("stopped after %d ms:%n%s%n", (System.nanoTime() - started) / 1_000_000, run.output());
        return run.output();
    }

    private static String time(String stop) {
        Matcher passes = PASSES.matcher(stop);
        assertThat(passes.find()).as(stop).isTrue();
        return passes.group(1);
    }

    private static String keys(LiveSystem system) throws SQLException {
        return String.valueOf(system.text("SELECT string_agg(left(document_key, 5), ' ') FROM sluice.dead_letter"));
    }

    private static void awaitApplied(LiveSystem system, ServiceProcess run) {
        Instant now = Instant.now();
        await().atMost(BOUND)
                .pollInterval(Duration.ofMillis(200))
                .failFast(run::mustLive)
                .until(() -> system.backfilled() && system.watermark().isAfter(now));
    }

    private static Document user(String id) {
        return new Document("_id", id)
                .append("email", id.substring(0, Math.min(20, id.length())) + EMAIL)
                .append("signedUpAt", Instant.EPOCH);
    }

    private static Document order(long id, String user) {
        return new Document("_id", id).append("userId", user).append("placedAt", Instant.EPOCH);
    }
}
