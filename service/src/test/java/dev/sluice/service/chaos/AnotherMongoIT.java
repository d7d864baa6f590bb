package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import dev.sluice.failure.FailureKind;
import dev.sluice.service.pipeline.PipelineState;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Another MongoDB behind the address of the one that was copied: a copy, a new one, the earlier one.
class AnotherMongoIT {
    @TempDir
    private Path folder = Path.of("");

    @Test
    @DisplayName(
            "another replica set on the same port, empty, with some of the data or all of it: nothing is written, nothing"
                    + " advises to, until a user accepts it")
    void anotherSet() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = LiveSystem.start("demo", TwoDeployments.OPTIONS)) {
            TwoDeployments deployments = new TwoDeployments(system.mongo());
            users(system).insertMany(documents(0, 100));
            runUntilApplied(system);
            assertThat(system.text("SELECT deployment_id FROM sluice.source")).hasSize(24);

            deployments.swap();
            users(system).insertMany(documents(0, 50));
            assertRefusedEverywhere(system, "with the identifier ");
            // As where its identifier can't be read, then where nothing but the position is known.
            Map<String, String> noted = noted(system);
            system.execute("UPDATE sluice.source SET deployment_id = NULL");
            assertThat(refusal(system)).contains("It was made at ");
            system.execute("UPDATE sluice.position SET cluster_time_seconds = cluster_time_seconds + 3600;"
                    + " UPDATE sluice.source SET majority_seconds = majority_seconds + 3600");
            assertThat(refusal(system)).contains("Its newest operation is of ");
            putBack(system, noted);
            users(system).insertMany(documents(50, 100));
            assertThat(refusal(system)).contains("with the identifier ");

            deployments.swap();
            users(system).insertOne(documents(100, 101).getFirst());
            runUntilApplied(system);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(101);
            assertThat(sluice(system, 2, "backfill", "--accept-source")).contains("there is no other source to accept");

            deployments.swap();
            assertThat(sluice(system, 0, "backfill", "--accept-source")).contains("100 documents");
            assertThat(system.text("SELECT action || ' ' || (detail ? 'earlier_deployment_id') FROM sluice.audit"))
                    .isEqualTo("accept_source true");
            assertThat(system.number("SELECT count(*) FROM users"))
                    .as("what it has no document for stays")
                    .isEqualTo(101);
            sluice(system, 0, "backfill", "--prune");
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                assertThat(system.differences()).isEmpty();
                // The earlier one comes back under the running pipeline.
                deployments.swap();
                users(system).insertOne(documents(200, 201).getFirst());
                assertThat(running.awaitEnd())
                        .isInstanceOfSatisfying(
                                PipelineState.Failed.class,
                                failed -> assertThat(failed.kind()).isEqualTo(FailureKind.SOURCE_REPLACED));
            }
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(100);
        }
    }

    @Test
    @DisplayName("the same replica set as it was before, from a copy of its files: it is told, and nothing is written")
    void restored() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = LiveSystem.start("demo", TwoDeployments.OPTIONS)) {
            TwoDeployments deployments = new TwoDeployments(system.mongo());
            users(system).insertMany(documents(0, 50));
            runUntilApplied(system);
            Path copy = folder.resolve("copy");
            deployments.keepCopy(copy);
            users(system).insertMany(documents(50, 100));
            runUntilApplied(system);
            deployments.restore(copy);
            // Its newest operation is newer than all that was seen.
            await().until(() -> {
                users(system).insertOne(new Document());
                return users(system).countDocuments() > 55;
            });
            String why = "It does not have an operation of ";
            assertThat(refusal(system)).contains(why);
            assertAdvice(sluice(system, 3, "backfill", "--resync", "--prune"), why);
            assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(100);
        }
    }

    @Test
    @DisplayName(
            "what may happen to the same replica set stops nothing, also where its identifier can't be read: restarts,"
                    + " another host name, its only collection dropped and made again")
    void sameSet() throws SQLException, InterruptedException, IOException {
        String mapping = DemoMapping.copy(
                folder, text -> text.replaceAll("(?m)^  (users|orders):\\R", "$0    on_drop: follow\n"));
        try (LiveSystem system = LiveSystem.start(mapping, TwoDeployments.OPTIONS)) {
            users(system).insertMany(documents(0, 20));
            runUntilApplied(system);
            assertThat(system.number("SELECT count(*) FROM sluice.known_collection"))
                    .isEqualTo(1);
            system.execute("UPDATE sluice.source SET deployment_id = NULL, first_seen_at = 'epoch'");
            Document config = system.client()
                    .getDatabase("admin")
                    .runCommand(new Document("replSetGetConfig", 1))
                    .get("config", Document.class);
            Document member = config.getList("members", Document.class).getFirst();
            member.put("host", member.getString("host").replace("127.0.0.1", "localhost"));
            config.put("version", config.getInteger("version") + 1);
            system.client().getDatabase("admin").runCommand(new Document("replSetReconfig", config));
            system.mongo().stop();
            system.mongo().startAgain();
            users(system).drop();
            users(system).insertMany(documents(10, 30));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                await().until(() -> system.number("SELECT count(*) FROM users WHERE id = 'u1'") == 0);
                running.awaitApplied();
                assertThat(system.differences()).isEmpty();
            }
            assertThat(system.text("SELECT first_seen_at = 'epoch' AND deployment_id IS NOT NULL FROM sluice.source"))
                    .isEqualTo("t");
            // A pipeline of a release that did not look at it takes it over at its next start.
            system.execute("DELETE FROM sluice.source");
            runUntilApplied(system);
            assertThat(system.number("SELECT count(*) FROM sluice.source")).isEqualTo(1);
        }
    }

    /// By every command that writes or deletes, and by those that say what to do.
    private static void assertRefusedEverywhere(LiveSystem system, String why)
            throws SQLException, InterruptedException {
        long rows = system.number("SELECT count(*) FROM users");
        assertThat(refusal(system)).contains(why);
        assertAdvice(sluice(system, 1, "plan", "--sample", "0"), why);
        for (List<String> command : List.of(
                List.of("verify", "--repair"),
                List.of("backfill", "--prune"),
                List.of("backfill", "--resync", "--prune"),
                List.of("backfill", "--dry-run", "--prune"),
                List.of("resync", "--prune"),
                List.of("replay", "--from", "1h"))) {
            assertAdvice(sluice(system, 3, command.toArray(String[]::new)), why);
        }
        assertThat(system.number("SELECT count(*) FROM users")).isEqualTo(rows);
        assertThat(system.number("SELECT count(*) FROM sluice.resync")).isZero();
    }

    private static void assertAdvice(String output, String why) {
        assertThat(output)
                .contains("This is not the MongoDB that the pipeline has copied")
                .contains(why)
                .contains("Check MONGO_URI")
                .contains("`sluice backfill --accept-source`")
                .doesNotContain("--prune`")
                .doesNotContain("--resync");
    }

    /// Why a run refuses to start.
    private static String refusal(LiveSystem system) throws InterruptedException {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            PipelineState end = running.awaitEnd();
            assertThat(end).isInstanceOfSatisfying(PipelineState.Failed.class, failed -> {
                assertThat(failed.kind()).isEqualTo(FailureKind.SOURCE_REPLACED);
                assertAdvice(failed.forPeople(), "");
            });
            return ((PipelineState.Failed) end).message();
        }
    }

    private static Map<String, String> noted(LiveSystem system) throws SQLException {
        return Map.of(
                "source", String.valueOf(system.text("SELECT to_jsonb(s) FROM sluice.source s")),
                "position", String.valueOf(system.text("SELECT cluster_time_seconds FROM sluice.position")));
    }

    private static void putBack(LiveSystem system, Map<String, String> noted) throws SQLException {
        system.execute("DELETE FROM sluice.source; INSERT INTO sluice.source SELECT * FROM"
                + " jsonb_populate_record(NULL::sluice.source, '" + noted.get("source")
                + "'); UPDATE sluice.position SET cluster_time_seconds = " + noted.get("position"));
    }

    private static void runUntilApplied(LiveSystem system) {
        try (RunningPipeline running = RunningPipeline.start(system)) {
            running.awaitStreaming();
            running.awaitApplied();
        }
    }

    private static MongoCollection<Document> users(LiveSystem system) {
        return system.database().getCollection("users");
    }

    private static List<Document> documents(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> new Document("_id", "u" + i).append("email", "u" + i + "@shop.example"))
                .toList();
    }

    private static String sluice(LiveSystem system, int exit, String... command) throws InterruptedException {
        try (ServiceProcess process = ServiceProcess.command(system, Map.of(), command)) {
            assertThat(process.awaitExit(120)).as(process.output()).isEqualTo(exit);
            return process.output();
        }
    }
}
