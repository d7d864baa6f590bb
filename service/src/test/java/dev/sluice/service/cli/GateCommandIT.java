package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The gate as users ask it: on the command line, over HTTP, in SQL and as a metric, while a process runs and
/// when none does.
class GateCommandIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final HttpClient web = HttpClient.newHttpClient();

    @Test
    @DisplayName("before the first run it is shut, and an unknown collection is wrong use")
    void beforeTheFirstRun() {
        Place place = Servers.migratedPlace();

        Result all = Cli.run(place.settings(), "gate");
        Result unknown = Cli.runHere(place.settings(), "gate", "odrers");

        assertThat(all.exitCode()).as(all.err()).isEqualTo(1);
        assertThat(all.out()).containsPattern("users +shut +No process has followed it yet\\.");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("The mapping has no collection 'odrers'; it has ");
    }

    @Test
    @DisplayName("it opens by itself while a process runs, shuts for what is found, opens when that is accepted or"
            + " repaired, and shuts when the process is killed; each time all four say the same")
    void opensAndShuts() throws Exception {
        Place place = Servers.place();
        fill(place);
        int port = freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).pollInterval(Duration.ofMillis(500)).until(() -> isOpen(place, "users"));
            assertAllSay(place, port, true);

            place.execute("ALTER TABLE users ADD CONSTRAINT no_bad CHECK (name <> 'bad')");
            place.mongo().getCollection("users").insertOne(user("b1", "bad"));
            assertShutWithin(place, Duration.ofSeconds(5), "dead_letters", "1 dead letter that nobody accepted.");
            assertAllSay(place, port, false);

            Result noReason = Cli.runHere(place.settings(), "dead-letters", "accept", "--all");
            assertThat(noReason.exitCode()).isEqualTo(2);
            Result accepted =
                    Cli.runHere(place.settings(), "dead-letters", "accept", "--all", "--reason", "known since 2019");
            assertThat(accepted.exitCode()).as(accepted.err()).isZero();
            assertThat(accepted.out()).contains("Accepted 1; the gate no longer counts it.");
            assertThat(place.text("SELECT detail->>'reason' FROM sluice.audit WHERE action = 'accept_dead_letter'"))
                    .isEqualTo("known since 2019");
            await().atMost(SOON).until(() -> isOpen(place, "users"));
            assertThat(Cli.runHere(place.settings(), "dead-letters", "list").out())
                    .containsPattern("\"b1\".* yes ");

            place.mongo().getCollection("users").updateOne(Filters.eq("_id", "b1"), Updates.set("age", 9));
            assertShutWithin(place, Duration.ofSeconds(5), "dead_letters", "1 dead letter that nobody accepted.");
            place.mongo().getCollection("users").deleteOne(Filters.eq("_id", "b1"));
            await().atMost(SOON).until(() -> isOpen(place, "users"));

            place.execute("UPDATE users SET name = 'by hand' WHERE id = 'u3'");
            Result verify = Cli.runHere(place.settings(), "verify", "--collection", "users");
            assertThat(verify.exitCode()).isEqualTo(1);
            assertShutWithin(place, Duration.ofSeconds(5), "drift", "1 row is known to differ from its document.");
            assertThat(Cli.runHere(place.settings(), "verify", "--collection", "users", "--repair")
                            .exitCode())
                    .isZero();
            await().atMost(SOON).until(() -> isOpen(place, "users"));

            run.killHard();
            assertShutWithin(place, Duration.ofSeconds(5), "running", "No process runs the pipeline");
            Result gate = Cli.runHere(place.settings(), "gate", "users");
            assertThat(gate.exitCode()).isEqualTo(1);
            assertThat(gate.out())
                    .containsPattern("running +no +[\\d.]+ +4 +seconds +No process runs the pipeline: the last one"
                            + " reported \\d+ s ago\\. Start `sluice run`\\.")
                    .contains("The gate of users is shut.");
        }
    }

    @Test
    @DisplayName(
            "where equal shadow reads are asked for, it opens with them and shuts with the first difference that is"
                    + " true; `routes` shows them")
    void shadowReads() throws Exception {
        Place place = Servers.place();
        fill(place);
        int port = freePort();
        Map<String, String> settings =
                Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port), "SLUICE_VERIFY_BUDGET", "100");
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).pollInterval(Duration.ofMillis(500)).until(() -> isOpen(place, "users"));
            place.execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value) VALUES ('"
                    + pipeline(place) + "', 'users', 'shadow_reads', 3)");
            report(port, "u1", "equal", 2);
            assertShutWithin(
                    place,
                    Duration.ofSeconds(5),
                    "shadow_reads",
                    "2 shadow reads were equal since the last difference; 3 are needed.");
            assertAllSay(place, port, false);

            report(port, "u1", "equal", 1);
            await().atMost(SOON).until(() -> isOpen(place, "users"));
            assertAllSay(place, port, true);
            assertThat(Cli.runHere(place.settings(), "routes").out())
                    .containsPattern(
                            "users +mongodb +mongodb +open +- +- +3 +0 +1\\.\\d+ / 1\\.\\d+ +2\\.\\d+ / 2\\.\\d+")
                    .containsPattern("orders +mongodb +mongodb +\\w+ +- +- +- +- +- +-");
            assertThat(new JsonMapper()
                            .readTree(Cli.runHere(place.settings(), "routes", "--json")
                                    .out())
                            .path("routes")
                            .get(0)
                            .path("shadow")
                            .path("equal")
                            .asInt())
                    .isEqualTo(3);

            place.execute("UPDATE users SET name = 'by hand' WHERE id = 'u3'");
            report(port, "u3", "different", 1);
            assertShutWithin(place, Duration.ofSeconds(5), "drift", "1 row is known to differ from its document.");
            assertShutWithin(
                    place,
                    Duration.ofSeconds(5),
                    "shadow_reads",
                    "0 shadow reads were equal since the last difference; 3 are needed.");
            assertThat(Cli.runHere(place.settings(), "verify", "--collection", "users", "--repair")
                            .exitCode())
                    .isZero();
            report(port, "u3", "equal", 3);
            await().atMost(SOON).until(() -> isOpen(place, "users"));
            assertThat(run.running()).isTrue();
        }
    }

    @Tag("long")
    @Test
    @DisplayName("while MongoDB is away the gate is shut for that, and not for want of a process")
    void mongoIsAway() {
        Place shared = Servers.place();
        try (SandboxMongo own = SandboxMongo.start()) {
            Map<String, String> settings = Cli.with(shared.settings(), "MONGO_URI", own.uri());
            assertThat(Cli.runHere(settings, "migrate").exitCode()).isZero();
            try (Cli run = Cli.start(settings, "run")) {
                await().atMost(SOON).until(() -> isOpen(shared, "users"));
                own.stop();
                assertShutWithin(shared, SOON, "source", "MongoDB last answered ");
                // Some runs fail, and the time between them grows.
                await().atMost(SOON).until(() -> run.err().contains("(attempt 3)"));
                String running = "SELECT value FROM sluice.gate('" + pipeline(shared) + "', 'users') WHERE condition ="
                        + " 'running'";
                await().during(Duration.ofSeconds(6))
                        .atMost(SOON)
                        .untilAsserted(() -> assertThat(Double.parseDouble(shared.text(running)))
                                .isLessThan(4));
                Result refused = Cli.runHere(settings, "cutover", "users");
                assertThat(refused.exitCode()).isEqualTo(1);
                assertThat(refused.out())
                        .contains("users: MongoDB last answered ")
                        .doesNotContain("No process");
            }
        }
    }

    private void report(int port, String key, String result, int times) throws IOException, InterruptedException {
        String read = "{\"collection\": \"users\", \"key\": \"" + key + "\", \"result\": \"" + result
                + "\", \"mongodb_ms\": 1.5, \"postgres_ms\": 2.5}";
        HttpResponse<String> answer = web.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/shadow-reads"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"reads\": [" + String.join(",", Collections.nCopies(times, read)) + "]}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    @DisplayName("quarantined values shut it until they are accepted; written again they stay accepted, another value"
            + " shuts it again")
    void quarantinedValues() throws Exception {
        Place place = Servers.place();
        fill(place);
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> isOpen(place, "users"));
            place.mongo().getCollection("users").insertOne(user("q1", "q").append("age", "about forty"));
            assertShutWithin(place, Duration.ofSeconds(5), "quarantine", "1 quarantined value that nobody accepted.");
            Result accepted = Cli.runHere(
                    place.settings(), "quarantine", "accept", "--all", "--collection", "users", "--reason", "old form");
            assertThat(accepted.exitCode()).as(accepted.err()).isZero();
            await().atMost(SOON).until(() -> isOpen(place, "users"));

            place.mongo().getCollection("users").updateOne(Filters.eq("_id", "q1"), Updates.set("name", "r"));
            await().atMost(SOON)
                    .until(() ->
                            place.text("SELECT name FROM users WHERE id = 'q1'").equals("r"));
            assertThat(isOpen(place, "users")).as("the same value again").isTrue();

            place.mongo().getCollection("users").updateOne(Filters.eq("_id", "q1"), Updates.set("age", "about fifty"));
            assertShutWithin(place, Duration.ofSeconds(5), "quarantine", "1 quarantined value that nobody accepted.");
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName("where PostgreSQL does not answer, each gate is shut for that")
    void withoutPostgres() throws IOException {
        Map<String, String> settings = Cli.with(
                Servers.place().settings(), "POSTGRES_URI", "postgres://nobody@127.0.0.1:" + freePort() + "/none");

        Result gate = Cli.runHere(settings, "gate", "users", "--json");

        assertThat(gate.exitCode()).as(gate.err()).isEqualTo(1);
        JsonNode json = new JsonMapper().readTree(gate.out());
        assertThat(json.path("open").asBoolean()).isFalse();
        assertThat(json.path("conditions").get(0).path("reason").asText())
                .isEqualTo("PostgreSQL does not answer. `sluice status` says why.");
    }

    private static void fill(Place place) {
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        place.mongo()
                .getCollection("users")
                .insertMany(IntStream.range(0, 20)
                        .mapToObj(i -> user("u" + i, "N" + i))
                        .toList());
        place.mongo()
                .getCollection("orders")
                .insertOne(new Document("_id", 1)
                        .append("userId", "u1")
                        .append("placedAt", Instant.parse("2026-01-01T00:00:00Z"))
                        .append("lines", List.of()));
    }

    private static Document user(String id, String name) {
        return new Document("_id", id).append("name", name).append("age", 1);
    }

    static boolean isOpen(Place place, String collection) {
        return place.text("SELECT sluice.gate_is_open('" + pipeline(place) + "', '" + collection + "')")
                .equals("t");
    }

    static String pipeline(Place place) {
        return place.text("SELECT coalesce((SELECT pipeline FROM sluice.position), 'demo')");
    }

    private static void assertShutWithin(Place place, Duration bound, String condition, String reason) {
        String unmet = "SELECT coalesce(string_agg(condition || ': ' || reason, ' '), '') FROM sluice.gate('"
                + pipeline(place) + "', 'users') WHERE NOT met";
        await().atMost(bound)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(place.text(unmet)).contains(condition + ": " + reason));
    }

    /// The command line, REST, SQL and the metric.
    private void assertAllSay(Place place, int port, boolean open) throws IOException, InterruptedException {
        Result cli = Cli.run(place.settings(), "gate", "users", "--json");
        assertThat(cli.exitCode()).isEqualTo(open ? 0 : 1);
        JsonNode said = new JsonMapper().readTree(cli.out());
        JsonNode rest = new JsonMapper().readTree(get(port, "/api/collections/users/gate"));
        assertThat(said.path("open").asBoolean()).isEqualTo(open);
        assertThat(rest.path("open").asBoolean()).isEqualTo(open);
        assertThat(isOpen(place, "users")).isEqualTo(open);
        for (int i = 0; i < said.path("conditions").size(); i++) {
            for (String field : List.of("name", "met", "limit", "reason")) {
                assertThat(rest.path("conditions").get(i).path(field))
                        .as(said.path("conditions").get(i).toString())
                        .isEqualTo(said.path("conditions").get(i).path(field));
            }
        }
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(get(port, "/prometheus"))
                        .containsPattern("sluice_gate_open\\{collection=\"users\",pipeline=\"[^\"]+\",?\\} "
                                + (open ? "1" : "0") + "\\.0"));
    }

    private String get(int port, String path) throws IOException, InterruptedException {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
