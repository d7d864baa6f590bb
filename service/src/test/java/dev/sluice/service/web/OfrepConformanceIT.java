package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.sluice.cutover.Share;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.server.exceptions.response.ErrorContext;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// That real answers are those which the OpenAPI description of OFREP lets a server give. There is no limit on
/// calls per second and nobody who may not ask but who has no token, so 429 and 403 are never answered.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OfrepConformanceIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String FLAGS = "/ofrep/v1/evaluate/flags";
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    private final PostgresConnector connector =
            new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase()));
    private final HttpClient web = HttpClient.newHttpClient();
    private final JsonNode description = read();

    @SuppressWarnings("NullAway.Init")
    private HttpService http;

    private static JsonNode read() {
        try (InputStream in =
                Objects.requireNonNull(OfrepConformanceIT.class.getResourceAsStream("/ofrep/answers.schema.json"))) {
            return new JsonMapper().readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeAll
    void serve() {
        new TargetDatabase(connector.uri()).migrate(Catalog.load("demo"));
        http = serve(connector);
    }

    private static HttpService serve(PostgresConnector connector, String... settings) {
        Map<String, String> environment = new java.util.HashMap<>(Map.of("SLUICE_HTTP_PORT", "0"));
        for (int i = 0; i < settings.length; i += 2) {
            environment.put(settings[i], settings[i + 1]);
        }
        return HttpService.start(
                Settings.read(environment, Map.of()),
                new PipelineStatus("demo", List.of("users", "orders")),
                connector);
    }

    @AfterAll
    void end() {
        http.close();
    }

    @BeforeEach
    void everyoneReadsFromMongo() throws Exception {
        route(Share.MONGODB);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, mongodb", "100, 0, postgres", "0, 100, both"})
    @DisplayName("a route that is the same for everyone is STATIC, with or without a context")
    void same(int percent, int shadow, String variant) throws Exception {
        route(new Share(percent, shadow));
        for (String body : List.of(
                "{\"context\": {\"targetingKey\": \"u\"}}",
                "{\"context\": {}}",
                "{\"context\": null}",
                "{\"context\": {\"targetingKey\": null}}",
                "{\"context\": {\"targetingKey\": \"u\", \"a\": {\"b\": [1, 2.5, null, true]}}, \"later\": 1}",
                "{}")) {
            Answer answer = post(FLAGS + "/users", body);

            answer.require(200, "success");
            assertThat(answer.json("key")).isEqualTo("users");
            assertThat(answer.json("value")).isEqualTo(variant);
            assertThat(answer.json("variant")).isEqualTo(variant);
            assertThat(answer.json("reason")).isEqualTo("STATIC");
        }
    }

    @Test
    @DisplayName("a route that goes by the targeting key is SPLIT, and an error without one")
    void split() throws Exception {
        route(new Share(50, 20));
        for (int i = 0; i < 50; i++) {
            Answer answer = post(FLAGS + "/users", "{\"context\": {\"targetingKey\": \"u" + i + "\"}}");

            answer.require(200, "success");
            assertThat(answer.json("reason")).isEqualTo("SPLIT");
            assertThat(answer.json("value"))
                    .isEqualTo(
                            new Share(50, 20).of("users", "u" + i).orElseThrow().text());
        }
        for (String context : List.of("{}", "{\"targetingKey\": \"\"}", "{\"targetingKey\": null}")) {
            Answer missing = post(FLAGS + "/users", "{\"context\": " + context + "}");

            missing.require(400, "failure");
            assertThat(missing.json("key")).isEqualTo("users");
            assertThat(missing.json("errorCode")).isEqualTo("TARGETING_KEY_MISSING");
            assertThat(missing.json("errorDetails")).isNotBlank();
        }
    }

    @Test
    @DisplayName("a flag that is no collection is not found")
    void notFound() throws Exception {
        Answer answer = post(FLAGS + "/carts", "{\"context\": {\"targetingKey\": \"u\"}}");

        answer.require(404, "notFound");
        assertThat(answer.json("key")).isEqualTo("carts");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{", "{\"context\": {", "context", "[]", "\"context\"", "7", "{\"context\": {}", "{'a': 1}"})
    @DisplayName("a body that can't be read is a PARSE_ERROR")
    void unreadable(String body) throws Exception {
        Answer one = post(FLAGS + "/users", body);
        one.require(400, "failure");
        assertThat(one.json("key")).isEqualTo("users");
        assertThat(one.json("errorCode")).isEqualTo("PARSE_ERROR");

        Answer all = post(FLAGS, body);
        all.require(400, "bulkFailure");
        assertThat(all.json("errorCode")).isEqualTo("PARSE_ERROR");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"u\"",
                "[]",
                "7",
                "{\"targetingKey\": 7}",
                "{\"targetingKey\": true}",
                "{\"targetingKey\": {\"id\": 7}}",
                "{\"targetingKey\": [\"u\"]}"
            })
    @DisplayName("a context that is none is an INVALID_CONTEXT")
    void invalid(String context) throws Exception {
        Answer one = post(FLAGS + "/users", "{\"context\": " + context + "}");
        one.require(400, "failure");
        assertThat(one.json("errorCode")).isEqualTo("INVALID_CONTEXT");

        Answer all = post(FLAGS, "{\"context\": " + context + "}");
        all.require(400, "bulkFailure");
        assertThat(all.json("errorCode")).isEqualTo("INVALID_CONTEXT");
    }

    @Test
    @DisplayName("all flags are evaluated at once, each with an answer or an error of its own")
    void bulk() throws Exception {
        route(new Share(50, 0));

        Answer withKey =
                post(FLAGS + "?flagConfigEtag=a&flagConfigLastModified=1", "{\"context\": {\"targetingKey\": \"u\"}}");
        withKey.require(200, "bulkSuccess");
        assertThat(withKey.body.path("flags").findValuesAsText("key")).containsExactly("users", "orders");
        assertThat(withKey.body.path("flags").findValuesAsText("reason")).containsExactly("SPLIT", "STATIC");

        Answer without = post(FLAGS, "{\"context\": {}}");
        without.require(200, "bulkSuccess");
        assertThat(without.body.path("flags").get(0).path("errorCode").asText()).isEqualTo("TARGETING_KEY_MISSING");
        assertThat(without.body.path("flags").get(1).path("value").asText()).isEqualTo("mongodb");
    }

    @Test
    @DisplayName("an ETag that is still right gets 304 without a body, one of another answer does not")
    void unchanged() throws Exception {
        String context = "{\"context\": {\"targetingKey\": \"u\"}}";
        String etag = post(FLAGS, context).header("ETag");

        for (String known : List.of(etag, "W/" + etag, "\"another\", " + etag, "*")) {
            Answer same = post(FLAGS, context, "If-None-Match", known);
            assertThat(same.status).as(known).isEqualTo(304);
            assertThat(same.text).as(known).isEmpty();
            assertThat(same.header("ETag")).as(known).isEqualTo(etag);
        }
        post(FLAGS, context, "If-None-Match", "\"another\"").require(200, "bulkSuccess");

        route(new Share(100, 0));
        Answer changed = post(FLAGS, context, "If-None-Match", etag);
        changed.require(200, "bulkSuccess");
        assertThat(changed.header("ETag")).isNotEqualTo(etag);
        route(Share.MONGODB);
        assertThat(post(FLAGS, context).header("ETag")).as("as it was before").isEqualTo(etag);
    }

    @Test
    @DisplayName("without the token to read it is 401, with JSON as every error")
    void unauthorized() throws Exception {
        try (HttpService guarded = serve(connector, "SLUICE_API_READ_TOKEN", "look")) {
            awaitKnown(guarded, "Authorization", "Bearer look");
            for (String path : List.of(FLAGS, FLAGS + "/users")) {
                for (String token : List.of("Bearer wrong", "Basic look", "look")) {
                    Answer answer = post(guarded, path, "{\"context\": {}}", "Authorization", token);
                    answer.require(401, "general");
                    assertThat(answer.json("errorCode")).isEqualTo("GENERAL");
                    assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
                }
                assertThat(post(guarded, path, "{\"context\": {}}", "Authorization", "Bearer look").status)
                        .isEqualTo(200);
            }
        }
    }

    @Test
    @DisplayName("before the routes are known it is 503, which no SDK takes for a route")
    void notKnown() throws Exception {
        PostgresConnector nobody = new PostgresConnector(PostgresUri.parse("postgresql://nobody@127.0.0.1:1/none"));
        try (HttpService unknowing = serve(nobody)) {
            post(unknowing, FLAGS + "/users", "{\"context\": {}}").require(503, "failure");
            post(unknowing, FLAGS, "{\"context\": {}}").require(503, "bulkFailure");
        }
    }

    @Test
    @DisplayName("while PostgreSQL is away the last route is answered, and its metadata say that it is stale")
    void stale() throws Exception {
        try (SandboxPostgres own = SandboxPostgres.start()) {
            PostgresConnector away = new PostgresConnector(PostgresUri.parse(own.createDatabase()));
            new TargetDatabase(away.uri()).migrate(Catalog.load("demo"));
            try (HttpService service = serve(away)) {
                awaitKnown(service);
                own.stop();
                await().atMost(SOON)
                        .until(() -> post(service, FLAGS + "/users", "{\"context\": {}}")
                                .body
                                .path("metadata")
                                .path("stale")
                                .asBoolean());
                Answer answer = post(service, FLAGS + "/users", "{\"context\": {}}");
                answer.require(200, "success");
                assertThat(answer.json("value")).isEqualTo("mongodb");
                post(service, FLAGS, "{\"context\": {}}").require(200, "bulkSuccess");
            }
        }
    }

    @Test
    @DisplayName("what the server refuses by itself, and a fault of ours, have the same form")
    void general() throws Exception {
        post(FLAGS + "/users", "context", "Content-Type", "text/plain").require(415, "failure");
        post(FLAGS + "/users", " ".repeat((1 << 20) + 1)).require(413, "failure");
        post("/ofrep/v1/configuration", "{}").require(404, "general");
        Answer get = send(java.net.http.HttpRequest.newBuilder(uri(http, FLAGS + "/users"))
                .GET());
        get.require(405, "failure");

        Problems.OfServer server = http.context().getBean(Problems.OfServer.class);
        Object fault = server.processResponse(
                        ErrorContext.builder(HttpRequest.POST(FLAGS + "/users", "{}"))
                                .errorMessage("value of a document")
                                .build(),
                        HttpResponse.status(HttpStatus.INTERNAL_SERVER_ERROR))
                .body();
        assertThat(fault).isInstanceOfSatisfying(OfrepFailure.class, failure -> {
            assertThat(failure.errorCode()).isEqualTo(OfrepFailure.Code.GENERAL);
            assertThat(failure.errorDetails()).doesNotContain("document").isNotBlank();
        });
    }

    /// Moves `users`; the service knows it when this returns.
    private void route(Share share) throws Exception {
        try (Connection connection = connector.open();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO sluice.read_route (pipeline, collection, percent, shadow_percent)"
                    + " VALUES ('demo', 'users', " + share.percent() + ", " + share.shadowPercent() + ")"
                    + " ON CONFLICT (pipeline, collection) DO UPDATE SET percent = EXCLUDED.percent,"
                    + " shadow_percent = EXCLUDED.shadow_percent; NOTIFY sluice_route");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        await().atMost(SOON)
                .until(() -> share.forEveryone().isPresent()
                        ? post(FLAGS + "/users", "{}")
                                .json("value")
                                .equals(share.forEveryone().get().text())
                        : post(FLAGS + "/users", "{}").json("errorCode").equals("TARGETING_KEY_MISSING"));
    }

    private void awaitKnown(HttpService service, String... headers) {
        await().atMost(SOON).until(() -> post(service, FLAGS, "{\"context\": {}}", headers).status == 200);
    }

    private Answer post(String path, String body, String... headers) throws IOException, InterruptedException {
        return post(http, path, body, headers);
    }

    private Answer post(HttpService service, String path, String body, String... headers)
            throws IOException, InterruptedException {
        java.net.http.HttpRequest.Builder request = java.net.http.HttpRequest.newBuilder(uri(service, path))
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body))
                .setHeader("Content-Type", "application/json; charset=utf-8");
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        return send(request);
    }

    private static URI uri(HttpService service, String path) {
        return URI.create("http://127.0.0.1:" + service.port() + path);
    }

    private Answer send(java.net.http.HttpRequest.Builder request) throws IOException, InterruptedException {
        java.net.http.HttpResponse<String> answer =
                web.send(request.timeout(SOON).build(), java.net.http.HttpResponse.BodyHandlers.ofString());
        return new Answer(answer);
    }

    private final class Answer {
        private final java.net.http.HttpResponse<String> response;
        private final int status;
        private final String text;
        private final JsonNode body;

        Answer(java.net.http.HttpResponse<String> response) throws IOException {
            this.response = response;
            this.status = response.statusCode();
            this.text = response.body();
            this.body = new JsonMapper().readTree(text.isEmpty() ? "{}" : text);
        }

        String json(String field) {
            return body.path(field).asText();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        void require(int expected, String schema) {
            assertThat(status).as(text).isEqualTo(expected);
            assertThat(header("Content-Type")).startsWith("application/json");
            ObjectNode part = description.deepCopy();
            part.put("$ref", "#/$defs/" + schema);
            assertThat(SCHEMAS.getSchema(part).validate(body)).as(text).isEmpty();
        }
    }
}
