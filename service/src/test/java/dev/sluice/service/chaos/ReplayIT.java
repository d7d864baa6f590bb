package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.cli.Cli;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.config.Settings;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.ShortOplog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Replay never goes back in time: what was touched is resynced, the stream goes on, and both sides are
/// equal afterwards.
@SuppressWarnings("NullAway.Init")
class ReplayIT {
    private static LiveServers servers;

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    @Test
    @DisplayName("while a process runs, under live writes: rows that were spoiled are right again")
    void besideTheStream() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 5, 150);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            Instant before = Instant.now();
            writer.start();
            await().atMost(Duration.ofSeconds(30)).until(() -> writer.written() > 500);
            // What a hand in the database does. The first copy's documents were touched by inserts.
            system.execute("UPDATE users SET name = 'spoiled', age = -1; DELETE FROM order_lines");

            JsonNode all = json(replay(system, "--from", "1h", "--json"));

            assertThat(all.path("reachable").asBoolean()).isTrue();
            assertThat(all.path("documents").asLong()).isGreaterThanOrEqualTo(1_000);
            assertThat(all.path("left").asLong()).isZero();
            assertThat(all.path("differing").isNumber()).isTrue();
            assertThat(all.path("differing").asLong()).isZero();
            system.assertEqual(writer, service);
            assertThat(system.number("SELECT count(*) FROM users WHERE name = 'spoiled'"))
                    .isZero();
            assertThat(system.text("SELECT action || ' ' || (detail ->> 'from') FROM sluice.audit"))
                    .startsWith("replay time 20");
            assertThat(system.text("SELECT state FROM sluice.replay")).isEqualTo("done");

            // Quiet now: what is counted is what is done, and the same each time.
            JsonNode fromTheFirst = json(replay(system, "--from", "1h", "--dry-run", "--json"));
            JsonNode counted = json(replay(system, "--from", before.toString(), "--dry-run", "--json"));
            JsonNode done = json(replay(system, "--from", before.toString(), "--json"));
            assertThat(counted.path("found").path("collections"))
                    .isEqualTo(done.path("found").path("collections"));
            assertThat(counted.path("documents").asLong())
                    .isPositive()
                    .isEqualTo(done.path("documents").asLong())
                    .isLessThan(fromTheFirst.path("documents").asLong());
            assertThat(system.number("SELECT documents FROM sluice.replay ORDER BY id DESC LIMIT 1"))
                    .isEqualTo(done.path("documents").asLong());
            assertThat(system.differences()).isEmpty();
            // None of it stopped the pipeline.
            service.mustLive();
            assertThat(system.number("SELECT epoch FROM sluice.position")).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("with no process: the command takes the documents itself, from a checkpoint, a token, one collection")
    void withoutAProcess() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = servers.system("demo")) {
            MongoCollection<Document> users = system.database().getCollection("users");
            MongoCollection<Document> orders = system.database().getCollection("orders");
            users.insertMany(IntStream.range(0, 20).mapToObj(ReplayIT::user).toList());
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                assertThat(system.number("SELECT count(*) FROM sluice.checkpoint WHERE kind = 'automatic'"))
                        .isEqualTo(1);
                Result made = sluice(system, "checkpoint", "before");
                assertThat(made.exitCode()).as(made.said()).isZero();
                users.updateOne(Filters.eq("_id", "u1"), Updates.set("age", 11));
                users.updateOne(Filters.eq("_id", "u1"), Updates.set("age", 12));
                users.deleteOne(Filters.eq("_id", "u2"));
                orders.insertOne(new Document("_id", 7L)
                        .append("userId", "u1")
                        .append("status", "new")
                        .append("placedAt", Instant.EPOCH));
                running.awaitApplied();
            }
            system.execute("UPDATE users SET age = -1; DELETE FROM orders;"
                    + " INSERT INTO users (id, email, name) SELECT 'u2', 'x', 'ghost'");

            // A replay of one collection leaves the other alone.
            JsonNode one = json(replay(system, "--from", "before", "--collection", "users", "--json"));
            assertThat(one.path("found")
                            .path("collections")
                            .get(0)
                            .path("events")
                            .asLong())
                    .isEqualTo(3);
            assertThat(one.path("documents").asLong()).isEqualTo(2);
            assertThat(system.number("SELECT age FROM users WHERE id = 'u1'")).isEqualTo(12);
            assertThat(system.number("SELECT count(*) FROM users WHERE id = 'u2'"))
                    .isZero();
            // Not touched since, so not taken.
            assertThat(system.number("SELECT age FROM users WHERE id = 'u3'")).isEqualTo(-1);
            assertThat(system.number("SELECT count(*) FROM orders")).isZero();

            String token =
                    String.valueOf(system.text("SELECT resume_token FROM sluice.checkpoint WHERE name = 'before'"));
            JsonNode fromToken = json(replay(system, "--from", token, "--json"));
            assertThat(fromToken.path("documents").asLong()).isEqualTo(3);
            assertThat(system.number("SELECT count(*) FROM orders")).isEqualTo(1);
            String hex = token.replaceFirst("^.*\"_data\": \"([^\"]+)\".*$", "$1");
            assertThat(json(replay(system, "--from", hex, "--dry-run", "--json"))
                            .path("documents")
                            .asLong())
                    .isEqualTo(3);
            assertThat(system.text("SELECT string_agg(asked_from, ', ' ORDER BY id) FROM sluice.replay"))
                    .isEqualTo("checkpoint before, token");

            // Everything there is: all rows are right again, and the stream goes on from where it was.
            String position = system.text("SELECT resume_token FROM sluice.position");
            json(replay(system, "--from", "1h", "--json"));
            assertThat(system.differences()).isEmpty();
            assertThat(system.text("SELECT resume_token FROM sluice.position")).isEqualTo(position);
            users.insertOne(user(100));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("kill -9 of the pipeline in the middle of a replay changes nothing in the result")
    void killedInTheMiddle() throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 3_000, 3_000, 6, 150)) {
            try (ServiceProcess service = ServiceProcess.run(system)) {
                system.awaitFresh(service);
                writer.start();
                system.execute("UPDATE users SET age = -1; DELETE FROM order_lines");
                slowDown(system);
                Result listed = sluice(system, "replay", "--from", "1h", "--no-wait");
                assertThat(listed.exitCode()).as(listed.said()).isZero();
                long documents = system.number("SELECT documents FROM sluice.replay");
                await().atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> system.number("SELECT count(*) FROM sluice.resync") < documents);
                service.killHard();
            }
            long left = system.number("SELECT count(*) FROM sluice.resync");
            assertThat(left).as("killed in the middle").isPositive();
            system.execute("DROP TRIGGER slow ON sluice.resync");
            try (ServiceProcess again = ServiceProcess.run(system)) {
                system.awaitFresh(again);
                writer.close();
                system.awaitFresh(again);
                await().atMost(Duration.ofMinutes(1))
                        .failFast(again::mustLive)
                        .until(() -> "done".equals(system.text("SELECT state FROM sluice.replay")));
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("Ctrl-C leaves the rest to the running pipeline, and says so")
    void brokenOff() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter filled = new LiveWriter(system.database(), 3_000, 3_000, 8, 1);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            system.execute("UPDATE users SET age = -1");
            slowDown(system);
            try (ServiceProcess replay = ServiceProcess.command(system, Map.of(), "replay", "--from", "1h")) {
                await().atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(20))
                        .failFast(replay::mustLive)
                        .until(() -> system.number("SELECT count(*) FROM sluice.resync") > 0);
                replay.terminate();
                assertThat(replay.awaitExit(30)).as(replay.output()).isEqualTo(1);
                assertThat(replay.output())
                        .containsPattern("Stopped: [0-9,]+ of them are still on the list. A running pipeline resyncs");
            }
            await().atMost(Duration.ofMinutes(1))
                    .failFast(service::mustLive)
                    .until(() -> "done".equals(system.text("SELECT state FROM sluice.replay")));
            assertThat(filled.written()).isZero();
            assertThat(system.differences()).isEmpty();
        }
    }

    /// Each transaction of the list takes a while, so that what happens in the middle happens in the
    /// middle.
    private static void slowDown(LiveSystem system) throws SQLException {
        system.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " PERFORM pg_sleep(0.3); RETURN NULL; END $$;"
                + " CREATE TRIGGER slow AFTER DELETE ON sluice.resync FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    }

    @Test
    @DisplayName("a point the oplog does not reach: the gap, the way that is left, and nothing is done")
    void outOfReach() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", ShortOplog.OPTIONS)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            users.insertOne(user(0));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                assertThat(sluice(system, "checkpoint", "early").exitCode()).isZero();
                Instant early = Instant.now();
                await().pollDelay(Duration.ofMillis(1_100))
                        .until(() -> Instant.now().isAfter(early.plus(1, ChronoUnit.SECONDS)));
                ShortOplog.forgetEverything(system.client(), running::awaitApplied);
                for (String point : List.of(
                        "early", "1h", early.truncatedTo(ChronoUnit.SECONDS).toString())) {
                    for (String mode : List.of("--dry-run", "--no-wait")) {
                        ServiceProcess replay =
                                ServiceProcess.command(system, Map.of(), "replay", "--from", point, mode);
                        assertThat(replay.awaitExit(60)).as(replay.output()).isEqualTo(1);
                        assertThat(replay.output())
                                .contains("The oplog does not go back so far")
                                .contains("the oplog now starts at 20")
                                .contains("s are gone, deletes among them")
                                .contains("sluice resync --collection C --prune")
                                .doesNotContain("Exception");
                    }
                }
                assertThat(system.number("SELECT count(*) FROM sluice.resync")).isZero();
                assertThat(system.number("SELECT count(*) FROM sluice.replay")).isZero();
            }
        }
    }

    @Test
    @DisplayName("collections resynced as a whole while the stream runs, and rows without a document deleted")
    void wholeCollections() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 2_000, 2_000, 7, 150);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            writer.start();
            system.execute("UPDATE users SET age = -1; DELETE FROM orders WHERE id % 2 = 0;"
                    + " INSERT INTO users (id, email) SELECT 'ghost' || n, 'g' FROM generate_series(1, 3000) n;"
                    + " INSERT INTO orders (id, status, placed_at) VALUES (-5, 'new', now())");
            Result resync = sluice(system, "resync", "--prune");
            assertThat(resync.exitCode()).as(resync.said()).isZero();
            assertThat(resync.said()).contains("Read again, and rows without a document deleted: users, orders.");
            system.assertEqual(writer, service);
            assertThat(system.number("SELECT count(*) FROM users WHERE id LIKE 'ghost%'"))
                    .isZero();
            assertThat(system.number("SELECT count(*) FROM sluice.audit WHERE action = 'resync'"))
                    .isEqualTo(2);
            service.mustLive();
        }
    }

    @Test
    @DisplayName("over HTTP: checkpoints are made and listed, a replay is counted, asked for and looked at")
    void overHttp() throws SQLException, IOException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                RunningPipeline running = RunningPipeline.start(system);
                MongoSource source = system.source()) {
            PipelineSpec spec = PipelineSpec.of("demo", system.entry().mapping(), source, system.connector());
            try (HttpService http = HttpService.start(
                    Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()),
                    running.pipeline().status(),
                    spec,
                    () -> spec)) {
                running.awaitStreaming();
                assertThat(call(http, "POST", "/api/checkpoints/start", "").statusCode())
                        .isEqualTo(201);
                assertThat(call(http, "POST", "/api/checkpoints/start", "").statusCode())
                        .isEqualTo(409);
                assertThat(call(http, "POST", "/api/checkpoints/auto-x", "").statusCode())
                        .isEqualTo(400);
                assertThat(json(call(http, "GET", "/api/checkpoints", null).body())
                                .path("checkpoints")
                                .findValuesAsText("kind"))
                        .contains("named", "automatic");
                system.database().getCollection("users").insertMany(List.of(user(1), user(2)));
                running.awaitApplied();
                system.execute("UPDATE users SET age = -1");

                HttpResponse<String> counted =
                        call(http, "POST", "/api/replay", "{\"from\": \"start\", \"dry_run\": true}");
                assertThat(counted.statusCode()).as(counted.body()).isEqualTo(200);
                assertThat(json(counted.body())
                                .path("found")
                                .path("collections")
                                .get(0)
                                .path("documents")
                                .asLong())
                        .isEqualTo(2);
                assertThat(system.number("SELECT count(*) FROM users WHERE age = -1"))
                        .isEqualTo(2);
                HttpResponse<String> asked =
                        call(http, "POST", "/api/replay", "{\"from\": \"start\", \"collections\": [\"users\"]}");
                assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
                running.awaitApplied();
                assertThat(system.differences()).isEmpty();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> json(call(http, "GET", "/api/replays", null)
                                        .body())
                                .path("replays")
                                .get(0)
                                .path("state")
                                .asText()
                                .equals("done"));
                for (String wrong : List.of("{}", "{\"from\": \"nobody\"}", "{\"from\": \"2026-01-01T00:00:00\"}")) {
                    assertThat(call(http, "POST", "/api/replay", wrong).statusCode())
                            .as(wrong)
                            .isEqualTo(400);
                }
                assertThat(call(http, "GET", "/api/schema-changes", null).statusCode())
                        .isEqualTo(200);
                assertThat(call(http, "DELETE", "/api/checkpoints/start", null).statusCode())
                        .isEqualTo(200);
                assertThat(call(http, "DELETE", "/api/checkpoints/start", null).statusCode())
                        .isEqualTo(404);
            }
        }
    }

    private static HttpResponse<String> call(HttpService http, String method, String path, @Nullable String body)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                            .header("Content-Type", "application/json")
                            .method(
                                    method,
                                    body == null
                                            ? HttpRequest.BodyPublishers.noBody()
                                            : HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    private static Document user(int n) {
        return new Document("_id", "u" + n).append("email", n + "@shop.example").append("age", n);
    }

    /// In this JVM: what it decides on is in the databases, and it does not take the pipeline.
    private static Result sluice(LiveSystem system, String... arguments) {
        return Cli.runHere(system.settings(system.entry().mapping().name()), arguments);
    }

    /// In a process that has ended then: the next one waits for a process that may be coming back.
    private static String replay(LiveSystem system, String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("replay"));
        command.addAll(Arrays.asList(arguments));
        try (ServiceProcess replay = ServiceProcess.command(system, Map.of(), command.toArray(String[]::new))) {
            assertThat(replay.awaitExit(90)).as(replay.output()).isZero();
            return replay.output();
        }
    }

    private static JsonNode json(String output) throws IOException {
        String line = output.lines().filter(l -> l.startsWith("{")).findFirst().orElseThrow();
        return JsonMapper.builder().build().readTree(line);
    }
}
