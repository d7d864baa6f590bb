package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.MongoException;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.model.IndexOptions;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Writes move to PostgreSQL, as operators do it: in one step, and for good (promise 11).
class FinishCommandIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final HttpClient web = HttpClient.newHttpClient();

    /// Sums up everything that a row of users says, and how often it was written.
    private static final String ROWS = "SELECT md5(string_agg(u.xmin::text || u::text, ',' ORDER BY id)) FROM users u";

    @Test
    @DisplayName("what forbids it is said, each with what to do, and nothing has changed")
    void refused() {
        Place place = place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));

            Result early = Cli.runHere(place.settings(), "finish", "users", "--quiet", "1s");
            assertThat(early.exitCode()).as(early.err()).isEqualTo(1);
            assertThat(early.out())
                    .contains(
                            "users: Not all of its readers read from PostgreSQL. Move them first: sluice cutover users.")
                    .contains("Nothing has moved.");

            cutOver(place);
            Result slot = Cli.runHere(place.settings(), "finish", "users", "--keep-slot", "back", "--dry-run");
            assertThat(slot.exitCode()).as(slot.out() + slot.err()).isEqualTo(1);
            assertThat(slot.out()).contains("wal_level = logical");

            place.mongo()
                    .getCollection("users")
                    .createIndex(
                            new Document("lastSeenAt", 1), new IndexOptions().expireAfter(3600L, TimeUnit.SECONDS));
            Result name = Cli.run(place.settings(), "finish", "users", "--keep-slot", "Way-back", "--dry-run");
            assertThat(name.exitCode()).as(name.out()).isEqualTo(2);
            assertThat(name.err())
                    .contains("can't be named \"Way-back\"")
                    .contains("lower-case letters, digits and underscores")
                    .doesNotContain("lists the settings");

            Result dryRun = Cli.runHere(place.settings(), "finish", "users", "--quiet", "1s", "--dry-run");
            assertThat(dryRun.exitCode()).as(dryRun.out() + dryRun.err()).isZero();
            assertThat(dryRun.out())
                    .contains("Nothing forbids it now for users.")
                    .contains("Tables that would be the application's: public.users")
                    .contains("Constraints that would be checked against every row: none")
                    .contains("Sequences that would be set past the highest key: none")
                    .doesNotContain("Writers still write")
                    .contains("Nobody will do this any more: users: the TTL index lastSeenAt_1 deleted documents 3,600"
                            + " seconds after lastSeenAt")
                    .contains("Nothing was changed (--dry-run).");

            Thread writer = writer(place);
            try {
                Result busy = Cli.runHere(place.settings(), "finish", "users", "--quiet", "5s");
                assertThat(busy.exitCode()).as(busy.out() + busy.err()).isEqualTo(1);
                assertThat(busy.out())
                        .containsPattern(
                                "users: It was written to in MongoDB, at [0-9-]{10}T[0-9:]{8}Z by its clock\\.")
                        .contains("--block-writes");
                assertThat(Cli.runHere(place.settings(), "finish", "users", "--dry-run")
                                .out())
                        .containsPattern(
                                "Writers still write to MongoDB: users, at [0-9-]{10}T[0-9:]{8}Z by its clock\\.");
            } finally {
                writer.interrupt();
            }
            assertThat(place.count("sluice.moved_writes")).isZero();
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName("writes move with a certificate; no command writes these rows again, and the other collection goes on")
    void moves() throws Exception {
        Place place = place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            cutOver(place);
            place.mongo()
                    .getCollection("users")
                    .updateOne(new Document("_id", "u1"), new Document("$set", new Document("age", 5)));

            Result done;
            try (MongoCursor<?> billing =
                    place.mongo().getCollection("users").watch().cursor()) {
                done = Cli.runHere(place.settings(), "finish", "users", "--quiet", "1s", "--json");
            }
            assertThat(done.exitCode()).as(done.out() + done.err()).isZero();
            JsonNode certificate =
                    new JsonMapper().readTree(done.out()).path("certificates").get(0);
            assertThat(certificate.path("documents").asLong()).isEqualTo(3);
            assertThat(certificate.path("rows").path("public.users").asLong()).isEqualTo(3);
            assertThat(certificate.path("verification").path("again").asLong()).isPositive();
            assertThat(certificate.path("duties").path("readers").findValuesAsText("namespace"))
                    .as("the one that another application reads, and none of Sluice's own")
                    .filteredOn(namespace -> namespace.startsWith(place.mongo().getName() + "."))
                    .containsExactly(place.mongo().getName() + ".users");
            assertThat(place.text("SELECT age FROM users WHERE id = 'u1'")).isEqualTo("5");
            assertThat(place.text("SELECT action FROM sluice.audit ORDER BY id DESC LIMIT 1"))
                    .isEqualTo("finish");

            // The application writes now: a row that MongoDB does not have, one that it has otherwise, one less.
            place.execute(
                    "INSERT INTO users (id, email) VALUES ('mine', 'x'); UPDATE users SET name = 'mine' WHERE id = 'u1';"
                            + " DELETE FROM users WHERE id = 'u2'");
            String rows = place.text(ROWS);
            // Somebody forgot to stop a writer; and the old collection is thrown away in the end.
            place.mongo().getCollection("users").insertOne(new Document("_id", "late"));
            place.mongo().getCollection("orders").insertOne(order(2));
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(place.count("orders")).as(run.err()).isEqualTo(2));
            place.mongo().getCollection("users").drop();
            place.mongo().getCollection("orders").insertOne(order(3));
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(place.count("orders")).as(run.err()).isEqualTo(3));
            assertThat(place.text(ROWS)).isEqualTo(rows);

            tryEverything(place);
            assertThat(place.text(ROWS)).isEqualTo(rows);

            assertThat(Cli.runHere(place.settings(), "routes").out())
                    .containsPattern("users +postgres +postgres +open");
            assertThat(Cli.runHere(place.settings(), "gate", "users").exitCode())
                    .isZero();
            assertThat(Cli.runHere(place.settings(), "status").out()).containsPattern("users .*writes_on_postgres");
            Result certificates = Cli.runHere(place.settings(), "finish", "--certificate", "users");
            assertThat(certificates.out()).contains("users: its writes moved to PostgreSQL at ");
            assertThat(run.running()).isTrue();
        }
        // And without a process that runs the pipeline.
        String rows = place.text(ROWS);
        tryEverything(place);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        assertThat(Cli.runHere(place.settings(), "backfill", "--resync", "--prune")
                        .exitCode())
                .isZero();
        assertThat(place.text(ROWS)).isEqualTo(rows);
        try (Cli again = Cli.start(place.settings(), "run")) {
            place.mongo().getCollection("orders").insertOne(order(4));
            await().atMost(SOON).until(() -> place.count("orders") == 4);
            assertThat(place.text(ROWS)).isEqualTo(rows);
            assertThat(again.running()).isTrue();
        }
    }

    @Test
    @DisplayName(
            "with --block-writes MongoDB refuses writers; after the last collection it goes on to, and nothing is left to run")
    void blocksWriters() {
        Place place = place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON)
                    .until(() -> GateCommandIT.isOpen(place, "users") && GateCommandIT.isOpen(place, "orders"));
            assertThat(Cli.runHere(place.settings(), "cutover", "--all").exitCode())
                    .isZero();
            Thread writer = writer(place);
            try {
                Result done = Cli.runHere(place.settings(), "finish", "--all", "--block-writes");
                assertThat(done.exitCode()).as(done.out() + done.err()).isZero();
                assertThat(done.out())
                        .contains("MongoDB refused all writes, on the whole server")
                        .contains(
                                "MongoDB still refuses all writes, on the whole server: `sluice finish --unblock` ends that.");
                assertThat(Cli.runHere(place.settings(), "status").out())
                        .contains("This migration is finished")
                        .doesNotContain("resumes from there")
                        .contains("MongoDB refuses all writes, on the whole server, since ")
                        .contains("has moved the last collection, and keeps its writers out.");
            } finally {
                writer.interrupt();
                assertThat(Cli.runHere(place.settings(), "finish", "--unblock").out())
                        .contains("MongoDB takes writes again.");
            }
            assertThat(Cli.runHere(place.settings(), "status").out()).doesNotContain("refuses all writes");
            assertThat(place.count("users"))
                    .isEqualTo(place.mongo().getCollection("users").countDocuments());
            assertThat(run.await().exitCode()).isZero();
        }
        Result again = Cli.runHere(place.settings(), "finish", "--all");
        assertThat(again.exitCode()).as(again.out() + again.err()).isZero();
        assertThat(again.out()).contains("have moved already");
        assertThat(Cli.run(place.settings(), "run").exitCode())
                .as("nothing left to run")
                .isZero();

        assertThat(Cli.runHere(place.settings(), "finish", "--drop-control").exitCode())
                .isEqualTo(2);
        place.execute("CREATE VIEW mine AS SELECT * FROM sluice.audit");
        Result held = Cli.runHere(place.settings(), "finish", "--drop-control", "--yes");
        assertThat(held.exitCode()).isEqualTo(1);
        assertThat(held.out()).contains("view mine").contains("uses the schema sluice.");
        place.execute("DROP VIEW mine");
        assertThat(Cli.runHere(place.settings(), "finish", "--drop-control", "--yes")
                        .exitCode())
                .isZero();
        assertThat(place.text("SELECT to_regnamespace('sluice')")).isEmpty();
        assertThat(place.count("users")).isPositive();
    }

    @Test
    @DisplayName(
            "after --drop-control no command touches the rows of the application, with the control schema or without")
    void keptFromTheTables() {
        Place place = place();
        place.execute("COMMENT ON TABLE users IS 'Who buys.'");
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON)
                    .until(() -> GateCommandIT.isOpen(place, "users") && GateCommandIT.isOpen(place, "orders"));
            assertThat(Cli.runHere(place.settings(), "cutover", "--all").exitCode())
                    .isZero();
            Result done = Cli.runHere(place.settings(), "finish", "--all", "--quiet", "1s");
            assertThat(done.exitCode()).as(done.out() + done.err()).isZero();
            assertThat(run.await().exitCode()).isZero();
        }
        // A role that may do everything but comment on tables.
        String role = "r_" + place.mongo().getName();
        place.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'; GRANT USAGE ON SCHEMA sluice TO " + role
                + "; ALTER SCHEMA sluice OWNER TO " + role + "; GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + role);
        Result stranger = Cli.run(
                Cli.with(place.settings(), "POSTGRES_URI", as(place.postgresUri(), role)),
                "finish",
                "--drop-control",
                "--yes");
        assertThat(stranger.exitCode()).as(stranger.out() + stranger.err()).isEqualTo(1);
        String comment =
                "COMMENT ON TABLE \"public\".\"users\" IS 'Who buys.\nSluice: written by the application since ";
        assertThat(stranger.out()).contains(comment);
        assertThat(place.text("SELECT to_regnamespace('sluice')")).isEqualTo("sluice");
        place.execute("ALTER SCHEMA sluice OWNER TO current_user; DROP OWNED BY " + role + "; DROP ROLE " + role);

        Result dropped = Cli.runHere(place.settings(), "finish", "--drop-control", "--yes");
        assertThat(dropped.exitCode()).as(dropped.out() + dropped.err()).isZero();
        assertThat(place.text("SELECT obj_description('users'::regclass)"))
                .matches("Who buys\\.\nSluice: written by the application since [0-9-]+T[0-9:]+Z; its migration from"
                        + " MongoDB \\(pipeline demo\\) is finished\\.");

        place.execute(
                "INSERT INTO users (id, email) VALUES ('mine', 'x'); UPDATE users SET name = 'mine' WHERE id = 'u1';"
                        + " DELETE FROM users WHERE id = 'u2'");
        String rows = place.text(ROWS);
        for (String when : List.of("without the control schema", "with a new one")) {
            for (List<String> command : List.of(
                    List.of("run"),
                    List.of("backfill"),
                    List.of("backfill", "--resync", "--prune"),
                    List.of("backfill", "--collection", "orders"),
                    List.of("verify"),
                    List.of("verify", "--repair"),
                    List.of("verify", "--repair", "--collection", "users"),
                    List.of("resync", "--prune", "--collection", "users"),
                    List.of("replay", "--from", "10m"))) {
                String[] words = command.toArray(String[]::new);
                // In this JVM, but for what would go on running if it were not refused.
                Result refused = command.contains("run")
                        ? Cli.run(place.settings(), words)
                        : Cli.runHere(place.settings(), words);
                assertThat(refused.exitCode())
                        .as(when + command + refused.out() + refused.err())
                        .isNotZero();
                assertThat(refused.err()).as(when + command).doesNotContain("`sluice run` and");
            }
            Cli.runHere(place.settings(), "dead-letters", "retry", "--all");
            assertThat(place.text(ROWS)).as(when).isEqualTo(rows);
            assertThat(Cli.run(place.settings(), "run").err())
                    .contains("The migration into a table is finished: the application writes it.")
                    .contains("public.users is the application's")
                    .contains("take that line out of its comment");
            Result plan = Cli.runHere(place.settings(), "plan");
            assertThat(plan.exitCode()).as(plan.out()).isEqualTo(1);
            assertThat(plan.out()).contains("public.users is the application's");
            assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        }

        // On purpose: the statements that are named take the line away, and nothing else of the comments.
        Matcher named = Pattern.compile("COMMENT ON TABLE \\S+ IS (?:NULL|'[^']*')")
                .matcher(Cli.run(place.settings(), "run").err());
        while (named.find()) {
            place.execute(named.group());
        }
        assertThat(place.text("SELECT obj_description('users'::regclass)")).isEqualTo("Who buys.");
        assertThat(place.text("SELECT obj_description('orders'::regclass)"))
                .isEqualTo("Orders; what was ordered is in order_lines. From MongoDB: orders.");
        Result anew = Cli.runHere(place.settings(), "backfill");
        assertThat(place.text("SELECT name FROM users WHERE id = 'u2'"))
                .as(anew.out() + anew.err())
                .isEqualTo("N");
    }

    private static String as(String uri, String role) {
        return uri.replaceFirst("//[^@]*@", "//" + role + ":pw@");
    }

    @Test
    @DisplayName("one finish at a time: a second one says which runs, and --unblock leaves its block alone")
    void oneAtATime() throws Exception {
        Place place = place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON)
                    .until(() -> GateCommandIT.isOpen(place, "users") && GateCommandIT.isOpen(place, "orders"));
            assertThat(Cli.runHere(place.settings(), "cutover", "--all").exitCode())
                    .isZero();
            try (Connection writer = Servers.connect(place.postgresUri());
                    Statement statement = writer.createStatement()) {
                // No transaction that writes rows gets further, so the first one waits for the rows.
                writer.setAutoCommit(false);
                statement.execute("SELECT FROM sluice.position FOR UPDATE");
                try (Cli first = Cli.start(place.settings(), "finish", "users", "--block-writes", "--wait", "10m")) {
                    await().atMost(SOON).until(() -> first.err().contains("MongoDB refuses all writes now"));
                    for (List<String> second : List.of(
                            List.of("finish", "users", "--block-writes"),
                            List.of("finish", "orders", "--quiet", "1s"))) {
                        Result refused = Cli.runHere(place.settings(), second.toArray(String[]::new));
                        assertThat(refused.exitCode())
                                .as(refused.out() + refused.err())
                                .isEqualTo(1);
                        assertThat(refused.out())
                                .contains("Another `sluice finish` of this pipeline runs now: process ")
                                .contains("Nothing has moved.");
                    }
                    Result unblock = Cli.runHere(place.settings(), "finish", "--unblock");
                    assertThat(unblock.exitCode()).as(unblock.out()).isEqualTo(1);
                    assertThat(unblock.out()).contains("Another `sluice finish` of this pipeline runs now: process ");
                    assertThat(blocked(place)).isTrue();
                    writer.rollback();
                    // Moved or not: the gate may have shut while nothing was applied.
                    Result done = first.await();
                    assertThat(done.exitCode()).as(done.out() + done.err()).isIn(0, 1);
                    assertThat(blocked(place)).isFalse();
                }
                await().atMost(SOON)
                        .until(() -> GateCommandIT.isOpen(place, "users") && GateCommandIT.isOpen(place, "orders"));
                Result last = Cli.runHere(place.settings(), "finish", "--all", "--block-writes");
                assertThat(last.exitCode()).as(last.out() + last.err()).isZero();
                assertThat(blocked(place)).as("these were the last").isTrue();
            } finally {
                Cli.runHere(place.settings(), "finish", "--unblock");
            }
        }
    }

    /// Whether MongoDB refuses writes.
    private static boolean blocked(Place place) {
        try {
            place.mongo().getCollection("of_nobody").insertOne(new Document());
            return false;
        } catch (MongoException refused) {
            return true;
        }
    }

    @ParameterizedTest(
            name = "killed at {0}: writes have moved, or have not, and the audit agrees; the next call ends it")
    @ValueSource(strings = {"WRITES_BLOCKED", "WRITES_MOVED", "WRITES_MOVE_COMMITTED"})
    void killed(String failpoint) {
        Place place = place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            cutOver(place);
            Map<String, String> armed =
                    Cli.with(place.settings(), "JAVA_TOOL_OPTIONS", "-Dsluice.failpoint=" + failpoint);

            try {
                assertThat(Cli.run(armed, "finish", "users", "--block-writes").exitCode())
                        .isEqualTo(137);
                boolean moved = place.count("sluice.moved_writes") == 1;
                assertThat(moved).isEqualTo(failpoint.equals("WRITES_MOVE_COMMITTED"));
                assertThat(place.number("SELECT count(*) FROM sluice.audit WHERE action = 'finish'"))
                        .isEqualTo(moved ? 1 : 0);
                if (moved) {
                    assertThat(Cli.runHere(place.settings(), "finish", "--unblock")
                                    .out())
                            .contains("MongoDB takes writes again.");
                } else {
                    String left =
                            "was killed. Say it again to go on from there; `sluice finish --unblock` ends the block.";
                    assertThat(Cli.runHere(place.settings(), "status").out()).contains(left);
                    for (String look : List.of("routes", "gate", "rollback users --json")) {
                        if (look.startsWith("rollback") && failpoint.equals("WRITES_MOVED")) {
                            continue;
                        }
                        assertThat(Cli.runHere(place.settings(), look.split(" "))
                                        .err())
                                .as(look)
                                .contains(left);
                    }
                    await().atMost(SOON).until(() -> run.err().contains(left));
                    assertThat(place.text("SELECT action FROM sluice.audit ORDER BY id DESC LIMIT 1"))
                            .isIn("block_writes", "rollback");
                    cutOver(place);
                    Result without = Cli.runHere(place.settings(), "finish", "users", "--quiet", "1s");
                    assertThat(without.exitCode()).isEqualTo(1);
                    assertThat(without.out()).contains("MongoDB refuses all writes, on the whole server, since ");
                    Result again = Cli.runHere(place.settings(), "finish", "users", "--block-writes");
                    assertThat(again.exitCode()).as(again.out() + again.err()).isZero();
                    assertThat(again.out()).doesNotContain("still refuses");
                    assertThat(
                                    place.text(
                                            "SELECT string_agg(action, ' ' ORDER BY id) FROM sluice.audit WHERE action LIKE '%block%'"))
                            .isEqualTo("block_writes block_writes unblock_writes");
                    place.mongo().getCollection("orders").insertOne(order(9));
                }
                assertThat(place.count("sluice.unfinished")).isZero();
            } finally {
                Cli.runHere(place.settings(), "finish", "--unblock");
            }
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName("a write to MongoDB after its writes have moved is counted and said, and a drop is no such write")
    void lateWrites() throws Exception {
        Place place = place();
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        String counted = "SELECT late_writes FROM sluice.moved_writes WHERE last_late_at > now() - interval '1 hour'";
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            cutOver(place);
            place.mongo().getCollection("users").insertOne(new Document("_id", "in time").append("name", "N"));
            Result done = Cli.runHere(place.settings(), "finish", "users", "--quiet", "1s");
            assertThat(done.exitCode()).as(done.out() + done.err()).isZero();

            place.mongo().getCollection("orders").insertOne(order(2));
            place.mongo().getCollection("users").insertOne(new Document("_id", "late one"));
            place.mongo().getCollection("users").deleteOne(new Document("_id", "late one"));
            await().atMost(SOON).until(() -> place.text(counted).equals("2"));
            await().atMost(SOON)
                    .until(() -> run.err().contains("users: 2 writes reached MongoDB after its writes had moved")
                            || run.err().contains("users: 1 write reached MongoDB after its writes had moved"));
            assertThat(run.err()).doesNotContain("late one");
            Result status = Cli.runHere(place.settings(), "status");
            assertThat(status.out())
                    .contains("users: 2 writes reached MongoDB after its writes had moved to PostgreSQL, the last at ")
                    .contains("stop that writer");
            JsonNode json = new JsonMapper()
                    .readTree(Cli.runHere(place.settings(), "status", "--json").out());
            assertThat(json.path("collections"))
                    .filteredOn(c -> c.path("collection").asText().equals("users"))
                    .singleElement()
                    .satisfies(
                            c -> assertThat(c.path("late_writes").path("writes").asLong())
                                    .isEqualTo(2));
            await().atMost(SOON)
                    .until(() -> get(port, "/prometheus")
                            .lines()
                            .anyMatch(line -> line.startsWith("sluice_late_writes_total{")
                                    && line.contains("collection=\"users\"")
                                    && line.endsWith(" 2.0")));
            assertThat(get(port, "/prometheus")).containsPattern("sluice_write_block\\{pipeline=\"demo\"[^}]*} 0\\.0");
        }
        // A process that is started again goes on counting, and counts nothing twice.
        place.mongo().getCollection("users").drop();
        place.mongo().getCollection("users").insertOne(new Document("_id", "late again"));
        try (Cli again = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> place.text(counted).equals("3"));
            assertThat(again.running()).isTrue();
        }
    }

    private String get(int port, String path) throws Exception {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    @DisplayName(
            "killed when the replication slot is made: nothing has moved, and the next call makes a new one, of its"
                    + " own moment")
    @DisabledIfEnvironmentVariable(
            named = "SLUICE_TEST_POSTGRES_URI",
            matches = ".+",
            disabledReason = "a given server is not restarted")
    void killedWithASlot() {
        try (SandboxPostgres server = SandboxPostgres.start()) {
            String uri = server.createDatabase();
            Servers.execute(uri, "ALTER SYSTEM SET wal_level = logical");
            server.stop();
            server.startAgain();
            Place place = place(uri);
            String[] finish = {"finish", "users", "--quiet", "1s", "--keep-slot", "back"};
            try (Cli run = Cli.start(place.settings(), "run")) {
                await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
                cutOver(place);

                Map<String, String> armed =
                        Cli.with(place.settings(), "JAVA_TOOL_OPTIONS", "-Dsluice.failpoint=SLOT_MADE");
                assertThat(Cli.run(armed, finish).exitCode()).isEqualTo(137);
                assertThat(place.count("sluice.moved_writes")).isZero();
                String slot = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'back'";
                String left = place.text(slot);
                assertThat(left).isNotEmpty();
                place.mongo().getCollection("users").insertOne(new Document("_id", "u4").append("name", "N"));
                await().atMost(SOON).until(() -> place.count("users") == 4);

                Result again = Cli.runHere(place.settings(), finish);
                assertThat(again.exitCode()).as(again.out() + again.err()).isZero();
                assertThat(place.text("SELECT '" + place.text(slot) + "'::pg_lsn > '" + left + "'"))
                        .as("the slot begins after what was written since the kill")
                        .isEqualTo("t");
                assertThat(place.count("pg_replication_slots")).isOne();
                assertThat(place.count("sluice.unfinished")).isZero();
                assertThat(run.running()).isTrue();
            }
        }
    }

    @Test
    @DisplayName("REST refuses with the reasons, says what a dry run found, moves, and shows the certificates")
    void overRest() throws Exception {
        Place place = place();
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));

            assertThat(post(port, "{\"collections\": []}").statusCode()).isEqualTo(400);
            assertThat(post(port, "{\"collections\": [\"carts\"]}").statusCode())
                    .isEqualTo(404);
            HttpResponse<String> early = post(port, "{\"collections\": [\"users\"]}");
            assertThat(early.statusCode()).isEqualTo(409);
            assertThat(early.body()).contains("Not all of its readers read from PostgreSQL");
            cutOver(place);
            HttpResponse<String> dryRun = post(port, "{\"collections\": [\"users\"], \"dry_run\": true}");
            assertThat(dryRun.statusCode()).as(dryRun.body()).isEqualTo(200);
            assertThat(dryRun.body()).contains("\"moved\":false");

            HttpResponse<String> moved = post(port, "{\"collections\": [\"users\"], \"quiet_seconds\": 1}");
            assertThat(moved.statusCode()).as(moved.body()).isEqualTo(200);
            assertThat(moved.body()).contains("\"moved\":true").contains("\"documents\":3");
            assertThat(post(port, "{\"collections\": [\"users\"]}").statusCode())
                    .isEqualTo(409);
            assertThat(web.send(
                                    HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/api/certificates"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body())
                    .contains("\"users\":{")
                    .contains("\"documents\":3");
            assertThat(run.running()).isTrue();
        }
    }

    private HttpResponse<String> post(int port, String body) throws Exception {
        return web.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/api/finish"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static Place place() {
        return filled(Servers.placeOfQuickGate());
    }

    /// On a PostgreSQL of its own.
    private static Place place(String postgresUri) {
        Place shared = Servers.place();
        Place own = new Place(postgresUri, shared.mongo(), Cli.with(shared.settings(), "POSTGRES_URI", postgresUri));
        assertThat(Cli.runHere(own.settings(), "migrate").exitCode()).isZero();
        Servers.quickenGate(own);
        return filled(own);
    }

    private static Place filled(Place place) {
        for (String id : List.of("u1", "u2", "u3")) {
            place.mongo().getCollection("users").insertOne(new Document("_id", id).append("name", "N"));
        }
        place.mongo().getCollection("orders").insertOne(order(1));
        return place;
    }

    private static Document order(long id) {
        return new Document("_id", id).append("placedAt", Instant.EPOCH).append("userId", "u1");
    }

    private static void cutOver(Place place) {
        Result moved = Cli.runHere(place.settings(), "cutover", "users");
        assertThat(moved.exitCode()).as(moved.out() + moved.err()).isZero();
    }

    /// Writes to MongoDB until it is interrupted, or refused.
    private static Thread writer(Place place) {
        return Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                    place.mongo().getCollection("users").insertOne(new Document("_id", "w" + i));
                    Thread.sleep(20);
                }
            } catch (InterruptedException | MongoException ended) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /// Everything that writes rows or moves reads.
    private static void tryEverything(Place place) {
        List<List<String>> commands = new ArrayList<>(List.of(
                List.of("verify", "--repair"),
                List.of("replay", "--from", "10m"),
                List.of("resync", "--prune", "--collection", "orders"),
                List.of("rollback", "--all")));
        for (List<String> command : List.of(
                List.of("verify", "--repair"),
                List.of("resync", "--prune"),
                List.of("backfill", "--prune"),
                List.of("replay", "--from", "10m"))) {
            List<String> named = new ArrayList<>(command);
            named.addAll(List.of("--collection", "users"));
            Result refused = Cli.runHere(place.settings(), named.toArray(String[]::new));
            assertThat(refused.exitCode())
                    .as(named + refused.out() + refused.err())
                    .isEqualTo(1);
            assertThat(refused.err())
                    .containsOnlyOnce("have moved to PostgreSQL")
                    .contains("The writes of users have moved to PostgreSQL.");
        }
        for (List<String> command : commands) {
            Result result = Cli.run(place.settings(), command.toArray(String[]::new));
            assertThat(result.exitCode())
                    .as(command + result.out() + result.err())
                    .isZero();
            if (command.contains("rollback")) {
                assertThat(result.out())
                        .contains(
                                "All reads of orders are on MongoDB. The writes of users have moved to PostgreSQL; left out.");
            }
        }
        assertThat(Cli.runHere(place.settings(), "rollback", "--group", "users").out())
                .as("a table without a row says nothing")
                .contains("The writes of users have moved to PostgreSQL");
        for (String move : List.of("rollback", "cutover", "finish")) {
            Result refused = Cli.runHere(place.settings(), move, "users");
            assertThat(refused.exitCode())
                    .as(move + refused.out() + refused.err())
                    .isEqualTo(1);
            assertThat(refused.out() + refused.err()).contains("The writes of users have moved to PostgreSQL");
        }
    }
}
