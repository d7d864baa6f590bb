package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Which token opens what, on every route that is described.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiTokensIT {
    private static final List<Integer> REFUSED_OR_BROKEN = List.of(401, 403, 500);

    private final PostgresConnector connector =
            new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase()));
    private final HttpClient web = HttpClient.newHttpClient();

    @SuppressWarnings("NullAway.Init")
    private HttpService http;

    @SuppressWarnings("NullAway.Init")
    private Described described;

    @BeforeAll
    void serve() throws Exception {
        new TargetDatabase(connector.uri()).migrate(Catalog.load("demo"));
        http = HttpService.start(
                Settings.read(
                        Map.of(
                                "SLUICE_HTTP_PORT",
                                "0",
                                "SLUICE_API_TOKEN",
                                "operate-old, operate-new",
                                "SLUICE_API_READ_TOKEN",
                                "look"),
                        Map.of()),
                new PipelineStatus("demo", List.of("users", "orders")),
                connector);
        described = Described.of(send("GET", "/swagger/sluice.yml", null).body());
    }

    @AfterAll
    void end() {
        http.close();
    }

    @Test
    @DisplayName(
            "looking and reporting shadow reads take either kind of token, changing takes one to operate; each of several is good")
    void everyRoute() throws Exception {
        List<String> operations = described.operations().stream()
                .filter(operation -> operation.contains(" /api/"))
                .toList();
        assertThat(operations).hasSizeGreaterThan(20);
        for (String operation : operations) {
            String method = operation.split(" ")[0];
            String path = operation
                    .split(" ")[1]
                    .replace("{id}", "99")
                    .replace("{collection}", "carts")
                    .replaceAll("\\{[^}]*}", "none");
            // Who reads from where the routes say also reports what it found.
            boolean looks = method.equals("GET") || path.equals("/api/shadow-reads");

            assertThat(status(method, path, null)).as(operation).isEqualTo(401);
            assertThat(status(method, path, "loo")).as(operation).isEqualTo(401);
            assertThat(status(method, path, "operate-old, operate-new"))
                    .as(operation)
                    .isEqualTo(401);
            int withRead = status(method, path, "look");
            if (looks) {
                assertThat(withRead).as(operation).isNotIn(REFUSED_OR_BROKEN);
            } else {
                assertThat(withRead).as(operation).isEqualTo(403);
            }
            assertThat(status(method, path, "operate-old")).as(operation).isNotIn(REFUSED_OR_BROKEN);
            assertThat(status(method, path, "operate-new")).as(operation).isNotIn(REFUSED_OR_BROKEN);
        }
    }

    @Test
    @DisplayName("OFREP takes a token to read; metrics and health take none")
    void others() throws Exception {
        assertThat(send("POST", "/ofrep/v1/evaluate/flags/users", null).statusCode())
                .isEqualTo(401);
        assertThat(send("POST", "/ofrep/v1/evaluate/flags/users", "look").statusCode())
                .isNotIn(REFUSED_OR_BROKEN);
        assertThat(send("GET", "/prometheus", null).statusCode()).isEqualTo(200);
        assertThat(send("GET", "/health/liveness", null).statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("a token in a file is replaced without a restart")
    void replaced(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("token");
        Files.writeString(file, "before");
        try (HttpService own = HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0", "SLUICE_API_TOKEN_FILE", file.toString()), Map.of()),
                new PipelineStatus("demo", List.of("users", "orders")),
                connector)) {
            assertThat(resume(own, "before")).isEqualTo(200);

            Files.writeString(file, "afterwards");

            await().atMost(Duration.ofSeconds(20)).until(() -> resume(own, "afterwards") == 200);
            assertThat(resume(own, "before")).isEqualTo(401);
        }
    }

    private int resume(HttpService to, String token) throws IOException, InterruptedException {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to.port() + "/api/resume"))
                                .header("Authorization", "Bearer " + token)
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    private HttpResponse<String> send(String method, String path, @Nullable String token)
            throws IOException, InterruptedException {
        return web.send(request(method, path, token), HttpResponse.BodyHandlers.ofString());
    }

    /// The status alone: the body of events has no end for minutes.
    private int status(String method, String path, @Nullable String token) throws IOException, InterruptedException {
        HttpResponse<InputStream> response =
                web.send(request(method, path, token), HttpResponse.BodyHandlers.ofInputStream());
        response.body().close();
        return response.statusCode();
    }

    private HttpRequest request(String method, String path, @Nullable String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        method.equals("GET")
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString("{}"));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request.build();
    }
}
