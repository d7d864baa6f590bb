package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Share;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reads are moved to PostgreSQL and back, as operators do it and as applications see it.
class CutoverCommandIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final HttpClient web = HttpClient.newHttpClient();

    @Test
    @DisplayName("a shut gate refuses with its reason and exit code 1; back is always possible")
    void refused() {
        Place place = Servers.placeOfQuickGate();

        Result refused = Cli.run(place.settings(), "cutover", "users");
        Result dryRun = Cli.runHere(place.settings(), "cutover", "--all", "--dry-run");
        Result back = Cli.runHere(place.settings(), "rollback", "users");
        Result routes = Cli.runHere(place.settings(), "routes");

        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(1);
        assertThat(refused.out())
                .contains(
                        "users: No process has followed it yet. Start `sluice run`. `sluice gate users` shows all conditions.")
                .contains("Nothing was moved: the gate is shut.");
        assertThat(dryRun.exitCode()).isEqualTo(1);
        assertThat(back.exitCode()).isZero();
        assertThat(back.out()).contains("All reads of users are on MongoDB.").doesNotContain("orders");
        assertThat(routes.out()).containsPattern("orders +mongodb +mongodb +shut +- +-");
        assertThat(place.text("SELECT string_agg(action, ',' ORDER BY id) FROM sluice.audit"))
                .as("a dry run leaves no trace")
                .isEqualTo("cutover_refused,rollback");
    }

    @Test
    @DisplayName("wrong use is said in one sentence")
    void wrongUse() {
        Map<String, String> settings = Servers.place().settings();

        assertThat(Cli.runHere(settings, "cutover").err())
                .contains("Name the collections, or say --all or --group; one of the three.");
        assertThat(Cli.runHere(settings, "cutover", "--group", "sales").err())
                .contains("The mapping has neither a group nor a collection 'sales'.");
        assertThat(Cli.runHere(settings, "cutover", "odrers").err()).contains("no collection 'odrers'");
        assertThat(Cli.runHere(settings, "cutover", "users", "--percent", "60", "--shadow", "41")
                        .err())
                .contains("not more than 100 together");
        assertThat(Cli.runHere(settings, "rollback", "--all", "users").exitCode())
                .isEqualTo(2);
    }

    @Test
    @DisplayName("shadow, a share, all, and back: SQL, REST and OFREP follow within seconds, a share is sticky")
    void movesReaders() throws Exception {
        Place place = Servers.placeOfQuickGate();
        place.mongo().getCollection("users").insertOne(new Document("_id", "u1").append("name", "N"));
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            assertThat(variant(port, "users", null)).isEqualTo("mongodb STATIC");

            Result dryRun = Cli.runHere(place.settings(), "cutover", "users", "--percent", "10", "--dry-run");
            assertThat(dryRun.exitCode()).as(dryRun.out() + dryRun.err()).isZero();
            assertThat(dryRun.out()).contains("10 % postgres, 90 % mongodb").contains("Nothing was moved (--dry-run).");
            assertThat(place.count("sluice.read_route")).isZero();

            Result shadow = Cli.runHere(place.settings(), "cutover", "users", "--shadow", "100");
            assertThat(shadow.exitCode()).as(shadow.out() + shadow.err()).isZero();
            awaitVariant(port, "both STATIC");

            assertThat(Cli.runHere(place.settings(), "cutover", "users", "--percent", "10", "--shadow", "20")
                            .exitCode())
                    .isZero();
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(variant(port, "users", null)).isEqualTo("TARGETING_KEY_MISSING"));
            for (int i = 0; i < 50; i++) {
                ReadFrom expected = new Share(10, 20).of("users", "k" + i).orElseThrow();
                assertThat(variant(port, "users", "k" + i)).isEqualTo(expected.text() + " SPLIT");
            }

            HttpResponse<String> all =
                    post(port, "/api/collections/users/cutover", "{\"percent\": 100, \"wait_seconds\": 30}", Map.of());
            assertThat(all.statusCode()).as(all.body()).isEqualTo(200);
            awaitVariant(port, "postgres STATIC");
            assertThat(get(port, "/prometheus"))
                    .containsPattern(
                            "sluice_read_route_percent\\{collection=\"users\",pipeline=\"[^\"]+\",target=\"postgres\",?\\} 100\\.0");
            assertThat(json(get(port, "/api/routes/users")).path("reads_from").asText())
                    .isEqualTo("postgres");
            assertThat(place.text("SELECT sluice.route('" + GateCommandIT.pipeline(place) + "', 'users')"))
                    .isEqualTo("postgres");

            bulk(port);
            place.execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind)" + " VALUES ('"
                    + GateCommandIT.pipeline(place) + "', 'users', 'users', 'x', 'extra')");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(run.err())
                            .contains("users: 100 % of its readers read from PostgreSQL, and its gate is shut: 1 row is"
                                    + " known to differ from its document. `sluice verify --repair"
                                    + " --collection users` repairs that. `sluice rollback users` moves them"
                                    + " back at once"));

            assertThat(variant(port, "users", null))
                    .as("a warning moves nobody")
                    .isEqualTo("postgres STATIC");
            place.execute("DELETE FROM sluice.drift");
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            assertThat(Cli.runHere(place.settings(), "cutover", "users", "--auto-rollback")
                            .exitCode())
                    .isZero();
            place.execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind)" + " VALUES ('"
                    + GateCommandIT.pipeline(place) + "', 'users', 'users', 'x', 'extra')");
            awaitVariant(port, "mongodb STATIC");
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(run.err())
                                    .contains(
                                            "users: its reads were moved back to MongoDB, as its cut-over asked for: 1 row is"));
            place.execute("DELETE FROM sluice.drift");
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            assertThat(Cli.runHere(place.settings(), "cutover", "users").exitCode())
                    .isZero();
            awaitVariant(port, "postgres STATIC");

            HttpResponse<String> back = post(port, "/api/collections/users/rollback", "", Map.of());
            assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
            awaitVariant(port, "mongodb STATIC");
            assertThat(place.text("SELECT string_agg(action, ',' ORDER BY id) FROM sluice.audit"
                            + " WHERE action IN ('cutover', 'rollback', 'auto_rollback')"))
                    .isEqualTo("cutover,cutover,cutover,cutover,auto_rollback,cutover,rollback");
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName("a cut-over that still waits when somebody moves the reads back moves nothing, and says who that was")
    void rollbackWhileACutOverWaits() throws Exception {
        Place place = Servers.placeOfQuickGate();
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            assertThat(Cli.runHere(place.settings(), "cutover", "users", "--percent", "20")
                            .out())
                    .contains("Moved.");
            assertThat(Cli.runHere(place.settings(), "cutover", "users", "--percent", "20")
                            .out())
                    .contains("Nothing changed")
                    .doesNotContain("Moved");

            CompletableFuture<Result> waiting;
            CompletableFuture<HttpResponse<String>> overHttp;
            try (Connection lock = Servers.connect(place.postgresUri());
                    Statement statement = lock.createStatement()) {
                lock.setAutoCommit(false);
                statement.execute("LOCK TABLE users IN EXCLUSIVE MODE");
                place.mongo().getCollection("users").insertOne(new Document("_id", "late"));
                waiting = CompletableFuture.supplyAsync(
                        () -> Cli.run(place.settings(), "cutover", "users", "--percent", "80", "--wait", "60s"),
                        Thread::startVirtualThread);
                overHttp = CompletableFuture.supplyAsync(
                        () -> postCutover(port, "{\"percent\": 80, \"wait_seconds\": 60}"), Thread::startVirtualThread);
                await().atMost(SOON)
                        .until(() -> place.number("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                        + " current_database() AND state = 'active' AND query LIKE '%sluice.wait_for(%'"
                                        + " AND pid <> pg_backend_pid()")
                                == 2);
                Result back = Cli.runHere(place.settings(), "rollback", "users");
                assertThat(back.exitCode()).as(back.err()).isZero();
                assertThat(back.out()).contains("All reads of users are on MongoDB.");
                lock.rollback();
            }

            Result refused = waiting.get();
            assertThat(refused.exitCode()).as(refused.out() + refused.err()).isEqualTo(1);
            assertThat(refused.out())
                    .contains("Nothing was moved. The reads of users were moved to mongodb meanwhile, at ", " by ")
                    .contains("Ask again");
            assertThat(overHttp.get().statusCode()).isEqualTo(409);
            assertThat(overHttp.get().body()).contains("were moved to mongodb meanwhile");
            assertThat(variant(port, "users", null)).isEqualTo("mongodb STATIC");
            assertThat(run.running()).isTrue();
        }
    }

    private HttpResponse<String> postCutover(int port, String body) {
        try {
            return post(port, "/api/collections/users/cutover", body, Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Test
    @DisplayName("while PostgreSQL is away OFREP answers with the last route and says that it is stale")
    void postgresAway() throws Exception {
        try (SandboxPostgres own = SandboxPostgres.start()) {
            Place shared = Servers.place();
            int port = GateCommandIT.freePort();
            String postgres = own.createDatabase();
            Map<String, String> settings =
                    Cli.with(shared.settings(), "POSTGRES_URI", postgres, "SLUICE_HTTP_PORT", Integer.toString(port));
            assertThat(Cli.runHere(settings, "migrate").exitCode()).isZero();
            try (Cli run = Cli.start(settings, "run")) {
                await().atMost(SOON)
                        .ignoreExceptions()
                        .until(() -> variant(port, "users", null).equals("mongodb STATIC"));
                await().atMost(SOON)
                        .until(() -> Servers.query(postgres, "SELECT count(*) FROM sluice.position")
                                .equals("1"));
                Servers.execute(
                        postgres,
                        "INSERT INTO sluice.read_route (pipeline, collection, percent) SELECT pipeline, 'users', 100"
                                + " FROM sluice.position");
                awaitVariant(port, "postgres STATIC");
                // As after a fail-over to a standby that did not have the last change.
                Servers.execute(
                        postgres, "UPDATE sluice.read_route SET revision = 7, percent = 0, shadow_percent = 100");
                awaitVariant(port, "both STATIC");
                Servers.execute(postgres, "UPDATE sluice.read_route SET revision = 6, shadow_percent = 0");
                awaitVariant(port, "mongodb STATIC");
                assertThat(run.err())
                        .contains("users: its route went back from both (change 7, of ")
                        .contains("to mongodb (change 6, of ");
                Servers.execute(postgres, "UPDATE sluice.read_route SET revision = 8, percent = 100");
                awaitVariant(port, "postgres STATIC");
                own.stop();
                await().atMost(SOON)
                        .untilAsserted(
                                () -> assertThat(variant(port, "users", null)).isEqualTo("postgres STATIC stale"));
                assertThat(run.running()).isTrue();
            }
        }
    }

    @ParameterizedTest(name = "killed at {0}: the route is old or new, and the audit agrees")
    @ValueSource(strings = {"ROUTES_MOVED", "ROUTE_MOVE_COMMITTED"})
    void killed(String failpoint) {
        Place place = Servers.placeOfQuickGate();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            Map<String, String> armed =
                    Cli.with(place.settings(), "JAVA_TOOL_OPTIONS", "-Dsluice.failpoint=" + failpoint);

            assertThat(Cli.run(armed, "cutover", "users", "orders").exitCode()).isEqualTo(137);

            int moved = failpoint.equals("ROUTES_MOVED") ? 0 : 2;
            assertThat(place.count("sluice.read_route")).isEqualTo(moved);
            assertThat(place.number("SELECT count(*) FROM sluice.audit WHERE action = 'cutover'"))
                    .isEqualTo(moved);
            assertThat(run.running()).isTrue();
            assertThat(Cli.runHere(place.settings(), "cutover", "users", "orders")
                            .exitCode())
                    .isZero();
            assertThat(Cli.run(armed, "rollback", "users").exitCode()).isEqualTo(137);
            assertThat(place.number("SELECT percent FROM sluice.read_route WHERE collection = 'users'"))
                    .isEqualTo(moved == 0 ? 100 : 0);
            assertThat(place.number("SELECT count(*) FROM sluice.audit WHERE action = 'rollback'"))
                    .isEqualTo(moved == 0 ? 0 : 1);
        }
    }

    private void bulk(int port) throws IOException, InterruptedException {
        HttpResponse<String> first = post(port, "/ofrep/v1/evaluate/flags", "{\"context\": {}}", Map.of());
        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(json(first.body()).path("flags"))
                .anySatisfy(flag -> assertThat(
                                flag.path("key").asText() + flag.path("value").asText())
                        .isEqualTo("userspostgres"));
        String etag = first.headers().firstValue("ETag").orElseThrow();
        assertThat(post(port, "/ofrep/v1/evaluate/flags", "{\"context\": {}}", Map.of("If-None-Match", etag))
                        .statusCode())
                .isEqualTo(304);
        assertThat(post(port, "/ofrep/v1/evaluate/flags/carts", "{}", Map.of()).body())
                .contains("\"errorCode\":\"FLAG_NOT_FOUND\"");
        assertThat(post(port, "/ofrep/v1/evaluate/flags/users", "{\"context\": {\"targetingKey\": 7}}", Map.of())
                        .body())
                .contains("\"errorCode\":\"INVALID_CONTEXT\"");
    }

    private void awaitVariant(int port, String expected) {
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> assertThat(variant(port, "users", null)).isEqualTo(expected));
    }

    /// The variant and its reason, or the error code.
    private String variant(int port, String collection, @org.jspecify.annotations.Nullable String key)
            throws IOException, InterruptedException {
        String context = key == null ? "{}" : "{\"targetingKey\": \"" + key + "\", \"plan\": \"pro\"}";
        JsonNode answer =
                json(post(port, "/ofrep/v1/evaluate/flags/" + collection, "{\"context\": " + context + "}", Map.of())
                        .body());
        return answer.has("errorCode")
                ? answer.path("errorCode").asText()
                : answer.path("variant").asText() + " " + answer.path("reason").asText()
                        + (answer.path("metadata").path("stale").asBoolean() ? " stale" : "");
    }

    private HttpResponse<String> post(int port, String path, String body, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        headers.forEach(request::header);
        return web.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private String get(int port, String path) throws IOException, InterruptedException {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static JsonNode json(String text) throws IOException {
        return new JsonMapper().readTree(text);
    }
}
