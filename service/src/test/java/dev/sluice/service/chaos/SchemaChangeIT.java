package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.MongoNamespace;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.RenameCollectionOptions;
import com.mongodb.client.model.Updates;
import dev.sluice.failure.FailureKind;
import dev.sluice.service.pipeline.PipelineState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Collections that are dropped, renamed and replaced in mid-stream, under each policy, and fields that
/// change.
@SuppressWarnings("NullAway.Init")
class SchemaChangeIT {
    private static LiveServers servers;

    @TempDir
    private Path folder = Path.of("");

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    /// What is done to the collection.
    enum Deed {
        DROP,
        RENAME,
        REPLACE,
        /// An aggregation that writes its outcome in the place of the collection.
        OUT
    }

    @ParameterizedTest
    @ValueSource(strings = {"DROP", "RENAME", "REPLACE", "OUT"})
    @DisplayName(
            "stop: loudly, at that place in the stream, with all before it and nothing behind it; again at the next"
                    + " start, until it is accepted")
    void stop(Deed deed) throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                users.insertMany(IntStream.range(0, 300)
                        .mapToObj(i -> user("before" + i))
                        .toList());
                commit(deed, system.database());
                users.insertOne(user("new"));
                assertStopped(running.awaitEnd());
            }
            assertAsOfTheStop(system);
            long epoch = system.number("SELECT epoch FROM sluice.position");
            try (RunningPipeline again = RunningPipeline.start(system)) {
                assertStopped(again.awaitEnd());
            }
            assertThat(system.number("SELECT epoch FROM sluice.position"))
                    .as("it never began")
                    .isEqualTo(epoch);
            assertAsOfTheStop(system);
            assertThat(system.text("SELECT string_agg(DISTINCT policy, ',') FROM sluice.schema_change"
                            + " WHERE settled_at IS NULL"))
                    .isEqualTo("stop");

            ServiceProcess open = sluice(system, "schema-changes");
            assertThat(open.awaitExit(60)).as(open.output()).isEqualTo(1);
            assertThat(open.output()).contains("users was ").contains("Open.");
            ServiceProcess accept = sluice(system, "schema-changes", "accept", "--all");
            assertThat(accept.awaitExit(60)).as(accept.output()).isZero();
            assertThat(system.text("SELECT action FROM sluice.audit LIMIT 1")).isEqualTo("accept_schema_change");

            try (RunningPipeline on = RunningPipeline.start(system)) {
                on.awaitStreaming();
                on.awaitApplied();
                assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'"))
                        .isEqualTo(1);
            }
            assertThat(system.number("SELECT count(*) FROM users")).isGreaterThanOrEqualTo(321);
            ServiceProcess fine = sluice(system, "schema-changes");
            assertThat(fine.awaitExit(60)).as(fine.output()).isZero();
        }
    }

    /// Twenty from the copy, all that came before it by the stream, and nothing that came behind it.
    private static void assertAsOfTheStop(LiveSystem system) throws SQLException {
        assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(320);
        assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'")).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "replay --from FIRST --no-wait; backfill",
                "replay --from FIRST",
                "resync --collection users --prune --no-wait; backfill",
                "resync --collection users --prune",
                "backfill --prune",
                "backfill --resync --prune",
                "backfill --dry-run --prune"
            })
    @DisplayName("stop: until it is accepted, no command deletes the rows or lists their documents; each says what the"
            + " stop said, as `plan` does")
    void nothingIsDeletedBeforeItIsAccepted(String commands) throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            String first = Instant.now().toString();
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                users.drop();
                users.insertOne(user("new"));
                assertStopped(running.awaitEnd());
            }
            assertRefused(system, commands.replace("FIRST", first));
        }
    }

    /// The stream goes on behind the change, to a document of another collection: a stream that has nothing to do moves
    /// its position only every few seconds.
    private static void pass(LiveSystem system) throws SQLException {
        try (RunningPipeline on = RunningPipeline.start(system)) {
            on.awaitStreaming();
            system.database().getCollection("orders").insertOne(order(System.nanoTime()));
            on.awaitApplied();
            awaitPassed(system);
        }
    }

    /// As [#pass], where nothing follows the change: the heartbeat moves the position.
    private static void passIdle(LiveSystem system) throws SQLException {
        try (RunningPipeline on = RunningPipeline.start(system)) {
            on.awaitStreaming();
            on.awaitApplied();
            awaitPassed(system);
        }
    }

    private static void awaitPassed(LiveSystem system) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> system.number("SELECT count(*) FROM sluice.position p JOIN sluice.schema_change c"
                                + " USING (pipeline) WHERE c.cluster_time >= to_timestamp(p.cluster_time_seconds)")
                        == 0);
    }

    @Test
    @DisplayName(
            "stop: updates right before a drop that MongoDB can't give any more are counted and named, with the rows"
                    + " that they are missing in")
    void updatesBeforeADrop() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            users.updateMany(Filters.empty(), Updates.set("age", 31));
            users.deleteOne(Filters.eq("_id", "u0"));
            users.drop();
            try (RunningPipeline running = RunningPipeline.start(system)) {
                assertStopped(running.awaitEnd());
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(19);
            ServiceProcess changes = sluice(system, "schema-changes");
            assertThat(changes.awaitExit(60)).as(changes.output()).isEqualTo(1);
            assertThat(changes.output())
                    .contains("The last updates of at least 19 documents before that are not in the rows");
        }
    }

    @Test
    @DisplayName("stop, accepted and pruned: the next run brings no row from before the drop back")
    void nothingComesBack() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                users.insertMany(List.of(user("last1"), user("last2"), user("last3")));
                users.drop();
                assertStopped(running.awaitEnd());
            }
            ServiceProcess accept = sluice(system, "schema-changes", "accept", "--all");
            assertThat(accept.awaitExit(60)).as(accept.output()).isZero();
            passIdle(system);
            ServiceProcess prune = sluice(system, "resync", "--collection", "users", "--prune");
            assertThat(prune.awaitExit(60)).as(prune.output()).isZero();
            assertThat(system.number("SELECT count(*) FROM users")).isZero();
            pass(system);
            assertThat(system.number("SELECT count(*) FROM users")).isZero();
        }
    }

    /// Each command is refused in the words of the stop, and nothing is written.
    private static void assertRefused(LiveSystem system, String commands) throws SQLException, InterruptedException {
        long epoch = system.number("SELECT epoch FROM sluice.position");
        for (String command : commands.split("; ")) {
            ServiceProcess refused = sluice(system, command.split(" "));
            assertThat(refused.awaitExit(60)).as(refused.output()).isEqualTo(3);
            assertThat(refused.output())
                    .contains("users was dropped")
                    .contains("This is change 1 of `sluice schema-changes`.")
                    .contains("`sluice schema-changes accept --all`");
        }
        assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(20);
        assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'")).isZero();
        assertThat(system.number("SELECT count(*) FROM sluice.resync")).isZero();
        assertThat(system.number("SELECT epoch FROM sluice.position"))
                .as("none took the pipeline over")
                .isEqualTo(epoch);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "replay --from FIRST",
                "resync --collection users --prune",
                "backfill --prune",
                "backfill --resync --prune"
            })
    @DisplayName("stop, while nothing ran: the command that comes first finds it, records it and is refused; accepted"
            + " once, the command does its work, and the stream does not stop there")
    void firstFoundByACommand(String command) throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            Instant first = Instant.now();
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            MongoCollection<Document> users = system.database().getCollection("users");
            users.insertOne(user("before"));
            users.drop();
            users.insertOne(user("new"));

            String[] words = command.replace("FIRST", first.toString()).split(" ");
            assertRefused(system, String.join(" ", words));

            ServiceProcess accept = sluice(system, "schema-changes", "accept", "1");
            assertThat(accept.awaitExit(60)).as(accept.output()).isZero();
            if (!command.contains("--resync")) {
                ServiceProcess ahead = sluice(system, words);
                assertThat(ahead.awaitExit(60)).as(ahead.output()).isEqualTo(3);
                assertThat(ahead.output())
                        .contains("the stream has not passed that yet")
                        .contains("`sluice run` applies what was before it");
                pass(system);
            }
            ServiceProcess done = sluice(system, words);
            assertThat(done.awaitExit(90)).as(done.output()).isZero();
            pass(system);
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'"))
                    .isEqualTo(1);
            if (command.contains("--prune")) {
                assertThat(system.number("SELECT count(*) FROM users"))
                        .as("no row from before the drop comes back")
                        .isEqualTo(1);
            }
            assertThat(system.number("SELECT count(*) FROM sluice.schema_change WHERE settled_at IS NULL"))
                    .isZero();
        }
    }

    @Test
    @DisplayName("stop, while nothing ran: what only looks names it and records nothing")
    void foundByLooking() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            String first = Instant.now().toString();
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            MongoCollection<Document> users = system.database().getCollection("users");
            users.drop();
            users.insertOne(user("new"));
            ServiceProcess plan = sluice(system, "plan");
            assertThat(plan.awaitExit(60)).as(plan.output()).isEqualTo(1);
            assertThat(plan.output())
                    .contains("collection_changed")
                    .contains("users was dropped, renamed or replaced since a process last saw it");
            for (String command : List.of("backfill --dry-run --prune", "replay --dry-run --from " + first)) {
                ServiceProcess refused = sluice(system, command.split(" "));
                assertThat(refused.awaitExit(60)).as(refused.output()).isEqualTo(3);
                assertThat(refused.output())
                        .contains("users was dropped, renamed or replaced since a process last saw it");
            }
            ServiceProcess verify = sluice(system, "verify", "--repair");
            assertThat(verify.awaitExit(60)).as(verify.output()).isEqualTo(1);
            assertThat(verify.output()).contains("users was dropped, renamed or replaced since a process last saw it");
            assertThat(system.number("SELECT count(*) FROM sluice.schema_change"))
                    .isZero();
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(20);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("stop, while nothing ran: the next run writes nothing of what is behind it, from the list or from a"
            + " copy that was interrupted")
    void nothingBehindIt(boolean copyLeft) throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            if (copyLeft) {
                system.execute("UPDATE sluice.backfill SET state = 'running' WHERE collection = 'users';"
                        + " UPDATE sluice.backfill_chunk SET state = 'running' WHERE collection = 'users'");
            } else {
                ServiceProcess listed = sluice(system, "resync", "--collection", "users", "--prune", "--no-wait");
                assertThat(listed.awaitExit(60)).as(listed.output()).isZero();
            }
            MongoCollection<Document> users = system.database().getCollection("users");
            users.drop();
            users.insertOne(user("new"));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                assertStopped(running.awaitEnd());
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(20);
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'"))
                    .isZero();
            ServiceProcess accept = sluice(system, "schema-changes", "accept", "--all");
            assertThat(accept.awaitExit(60)).as(accept.output()).isZero();
            pass(system);
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'new'"))
                    .isEqualTo(1);
        }
    }

    @Test
    @DisplayName(
            "stop: `plan` has the open change as a problem, in the words of the stop; accepted, it is none, and what"
                    + " was refused is done")
    void planNamesTheOpenChange() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                users.drop();
                users.insertOne(user("new"));
                assertStopped(running.awaitEnd());
            }
            ServiceProcess plan = sluice(system, "plan");
            assertThat(plan.awaitExit(60)).as(plan.output()).isEqualTo(1);
            assertThat(plan.output())
                    .contains("collection_changed")
                    .contains("users was dropped")
                    .contains("This is change 1 of `sluice schema-changes`.")
                    .contains("`sluice schema-changes accept --all`")
                    .doesNotContain("`sluice run` starts it");
            ServiceProcess accept = sluice(system, "schema-changes", "accept", "1");
            assertThat(accept.awaitExit(60)).as(accept.output()).isZero();
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(20);
            ServiceProcess accepted = sluice(system, "plan");
            assertThat(accepted.awaitExit(60)).as(accepted.output()).isZero();
            assertThat(accepted.output()).doesNotContain("collection_changed");
            pass(system);
            ServiceProcess prune = sluice(system, "backfill", "--collection", "users", "--prune");
            assertThat(prune.awaitExit(90)).as(prune.output()).isZero();
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("stop: killed when it has just seen it, the next run applies what was before it, and stops there")
    void killedAtTheStop() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo")) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (ServiceProcess killed = ServiceProcess.run(system, "-Dsluice.failpoint=SCHEMA_CHANGE_SEEN")) {
                system.awaitFresh(killed);
                users.insertMany(IntStream.range(0, 300)
                        .mapToObj(i -> user("before" + i))
                        .toList());
                commit(Deed.OUT, system.database());
                users.insertOne(user("new"));
                assertThat(killed.awaitExit(60)).as(killed.output()).isEqualTo(137);
            }
            try (ServiceProcess again = ServiceProcess.run(system)) {
                assertThat(again.awaitExit(60)).as(again.output()).isEqualTo(3);
                assertThat(again.output())
                        .contains("users was replaced by ", " (the result of an aggregation with $out) at ");
            }
            assertAsOfTheStop(system);
            assertThat(system.number("SELECT count(*) FROM sluice.schema_change WHERE reached_at IS NOT NULL"))
                    .isEqualTo(1);
        }
    }

    private static void assertStopped(PipelineState end) {
        assertThat(end).isInstanceOfSatisfying(PipelineState.Failed.class, failed -> {
            assertThat(failed.kind()).isEqualTo(FailureKind.COLLECTION_CHANGED);
            assertThat(failed.message()).startsWith("users was ").contains("change ");
            assertThat(failed.forPeople())
                    .contains("sluice schema-changes accept --all")
                    .contains("on_drop: follow");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"DROP", "RENAME", "REPLACE"})
    @DisplayName("keep: the rows stay, the stream goes on, it is noted")
    void keep(Deed deed) throws SQLException, IOException {
        try (LiveSystem system = servers.system(mapping("keep"))) {
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                commit(deed, system.database());
                awaitSettled(system);
                system.database().getCollection("users").insertOne(user("new"));
                running.awaitApplied();
                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(21);
            assertThat(system.text("SELECT DISTINCT done FROM sluice.schema_change"))
                    .isEqualTo("the rows stay");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"DROP", "RENAME", "REPLACE"})
    @DisplayName("follow: rows without a document go, what there is is read again, and both sides are equal")
    void follow(Deed deed) throws SQLException, IOException {
        try (LiveSystem system = servers.system(mapping("follow"))) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                // At once: what came just before the drop must not come back after it.
                IntStream.range(100, 150).forEach(i -> users.insertOne(user("u" + i)));
                commit(deed, system.database());
                users.insertOne(user("new"));
                awaitSettled(system);
                running.awaitApplied();
                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(deed == Deed.REPLACE ? 4 : 1);
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("what happens while nobody runs is noticed at the next start, and followed")
    void whileNobodyRan() throws SQLException, IOException {
        try (LiveSystem system = servers.system(mapping("follow"))) {
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            system.database().getCollection("users").insertOne(user("late"));
            commit(Deed.REPLACE, system.database());
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                awaitSettled(system);
                running.awaitApplied();
            }
            assertThat(system.text(
                            "SELECT collection || ' ' || kind FROM sluice.schema_change WHERE kind = 'replaced'"))
                    .isEqualTo("users replaced");
            assertThat(system.differences()).isEmpty();
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(3);
        }
    }

    @Test
    @DisplayName("what no stream tells is seen by looking which collections there are")
    void byLooking() throws SQLException, IOException {
        try (LiveSystem system = servers.system(mapping("follow"))) {
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> system.number("SELECT count(*) FROM sluice.known_collection") == 2);
            }
            // As if another collection had had the name.
            system.execute("UPDATE sluice.known_collection SET uuid = 'another' WHERE collection = 'users';"
                    + " INSERT INTO users (id, email) VALUES ('ghost', 'g')");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> system.number("SELECT count(*) FROM sluice.schema_change") == 1);
                awaitSettled(system);
                running.awaitApplied();
            }
            assertThat(system.text("SELECT kind || ' ' || detail FROM sluice.schema_change"))
                    .startsWith("replaced while no process watched");
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("a dropped database: a stop whatever the policy, and the way back that it names works")
    void droppedDatabase() throws SQLException, InterruptedException, IOException {
        String mapping = mapping("follow");
        try (LiveSystem system = servers.system(mapping)) {
            fill(system);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                system.database().drop();
                assertThat(running.awaitEnd()).isInstanceOfSatisfying(PipelineState.Failed.class, failed -> {
                    assertThat(failed.kind()).isEqualTo(FailureKind.DATABASE_DROPPED);
                    assertThat(failed.forPeople())
                            .contains("The database was dropped")
                            .contains("`sluice backfill --resync`")
                            .doesNotContain("on_drop");
                });
            }
            ServiceProcess accept = ServiceProcess.start(
                    List.of("schema-changes", "accept", "--all"), List.of(), system.settings(mapping));
            assertThat(accept.awaitExit(60)).as(accept.output()).isEqualTo(3);
            assertThat(accept.output()).contains("can't be accepted");
            system.database().getCollection("users").insertOne(user("new"));
            ServiceProcess resync = ServiceProcess.start(
                    List.of("backfill", "--resync", "--prune"), List.of(), system.settings(mapping));
            assertThat(resync.awaitExit(90)).as(resync.output()).isZero();
            assertThat(system.number("SELECT count(*) FROM sluice.schema_change WHERE settled_at IS NULL"))
                    .isZero();
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                system.database().getCollection("users").insertOne(user("newer"));
                running.awaitApplied();
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(2);
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("changed options, a new field, a field that changes its type: noted once, and nothing stops")
    void notes() throws SQLException, IOException {
        String mapping = mapping("stop");
        // A column for the rest has place for everything.
        Path file = folder.resolve("mapping.yaml");
        Files.writeString(file, Files.readString(file).replaceAll("(?m)^      rest: .*$", ""));
        try (LiveSystem system = servers.system(mapping)) {
            fill(system);
            MongoCollection<Document> users = system.database().getCollection("users");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                system.database()
                        .runCommand(new Document("collMod", "users")
                                .append("validator", new Document("email", new Document("$exists", true)))
                                .append("validationAction", "warn"));
                users.insertOne(user("a").append("loyalty", new Document("tier", "secret")));
                users.insertOne(user("b").append("loyalty", new Document("tier", "secret")));
                users.insertOne(user("c").append("age", "a secret"));
                users.insertOne(user("d").append("age", "a secret"));
                running.awaitApplied();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> system.number("SELECT count(*) FROM sluice.schema_change")
                                >= (tellsOfOptions(system) ? 3 : 2));
                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
            }
            assertThat(system.text("SELECT string_agg(kind || ' ' || detail, '; ' ORDER BY kind)"
                            + " FROM sluice.schema_change WHERE settled_at IS NOT NULL AND policy IS NULL"))
                    .startsWith(tellsOfOptions(system) ? "modified ; new_field loyalty" : "new_field loyalty")
                    .contains("; new_type age is ")
                    .doesNotContain("secret");
            assertThat(system.number("SELECT count(*) FROM sluice.schema_change"))
                    .isEqualTo(tellsOfOptions(system) ? 3 : 2);
        }
    }

    /// MongoDB has events for changed options since 6.0.
    private static boolean tellsOfOptions(LiveSystem system) {
        return system.database()
                        .runCommand(new Document("buildInfo", 1))
                        .getList("versionArray", Integer.class)
                        .getFirst()
                >= 6;
    }

    private static void fill(LiveSystem system) {
        MongoDatabase database = system.database();
        database.getCollection("users")
                .insertMany(IntStream.range(0, 20).mapToObj(i -> user("u" + i)).toList());
        database.getCollection("orders").insertOne(order(1));
        database.getCollection("import").insertMany(List.of(user("u1").append("age", 77), user("i1"), user("i2")));
    }

    private static Document order(long id) {
        return new Document("_id", id)
                .append("userId", "u1")
                .append("status", "new")
                .append("placedAt", Instant.EPOCH);
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("age", 30);
    }

    private static void commit(Deed deed, MongoDatabase database) {
        MongoCollection<Document> users = database.getCollection("users");
        switch (deed) {
            case DROP -> users.drop();
            case RENAME -> users.renameCollection(new MongoNamespace(database.getName(), "users_old"));
            case REPLACE ->
                database.getCollection("import")
                        .renameCollection(users.getNamespace(), new RenameCollectionOptions().dropTarget(true));
            case OUT ->
                database.getCollection("import")
                        .aggregate(List.of(Aggregates.out("users")))
                        .toCollection();
        }
    }

    private static void awaitSettled(LiveSystem system) {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> system.number("SELECT count(*) FROM sluice.schema_change") > 0
                        && system.number("SELECT count(*) FROM sluice.schema_change WHERE settled_at IS NULL") == 0);
    }

    /// The demo's mapping with a policy for both collections.
    private String mapping(String policy) throws IOException {
        return DemoMapping.copy(
                folder, text -> text.replaceAll("(?m)^  (users|orders):\\R", "$0    on_drop: " + policy + "\n"));
    }

    private static ServiceProcess sluice(LiveSystem system, String... arguments) {
        return ServiceProcess.start(List.of(arguments), List.of(), system.settings("demo"));
    }
}
