package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.Catalog;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.PostgresUri;
import dev.sluice.sink.postgres.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// A process that stands by for one that is 714 s behind, over HTTP: it answers every read, and only the two
/// paths that are about it say that something is wrong. One story, in order.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandbyHttpIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final long BEHIND_SECONDS = 714;

    private final SandboxPostgres postgres = SandboxPostgres.start();
    private final SandboxMongo mongo = SandboxMongo.start();
    private final HttpClient web = HttpClient.newHttpClient();
    private final MongoSource source = new MongoSource(mongo.uri(), "shop");

    @SuppressWarnings("NullAway.Init")
    private PipelineLock leader;

    @SuppressWarnings("NullAway.Init")
    private Pipeline pipeline;

    @SuppressWarnings("NullAway.Init")
    private HttpService http;

    @SuppressWarnings("NullAway.Init")
    private Thread running;

    @BeforeAll
    void serve() throws SQLException, InterruptedException {
        PostgresUri target = PostgresUri.parse(postgres.createDatabase());
        Catalog.Entry demo = Catalog.load("demo");
        new TargetDatabase(target).migrate(demo);
        PostgresConnector connector = new PostgresConnector(target);
        leader = PipelineLock.take(connector::open, "demo");
        // What a leader leaves that copied everything and has come no further since.
        try (Connection connection = connector.open();
                Statement statement = connection.createStatement()) {
            new PositionStore("demo").initialise(connection, source.currentPosition());
            for (String collection : List.of("users", "orders")) {
                statement.execute(
                        "INSERT INTO sluice.backfill (pipeline, collection, state, finished_at) VALUES ('demo', '"
                                + collection + "', 'done', now())");
                statement.execute("INSERT INTO sluice.watermark (pipeline, collection, cluster_time, through_seconds,"
                        + " through_increment) SELECT 'demo', '" + collection + "', t, extract(epoch FROM t)::bigint, 1"
                        + " FROM (SELECT now() - interval '" + BEHIND_SECONDS + " s' AS t) behind");
            }
        }
        pipeline = new Pipeline("demo", demo.mapping(), source, connector);
        http = HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()), pipeline.status(), connector);
        running = Thread.ofPlatform().name("pipeline").start(() -> {
            try {
                pipeline.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @AfterAll
    void end() throws InterruptedException {
        pipeline.stop();
        running.join();
        leader.close();
        http.close();
        source.close();
        mongo.close();
        postgres.close();
    }

    @Test
    @Order(1)
    @DisplayName("ready, whatever the lag; the lag is the leader's, and who leads is said")
    void readyWithALagOf714Seconds() throws Exception {
        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(json("/api/status").path("state").asText()).isEqualTo("standby");
            assertThat(json("/health/lag").path("lag_seconds").isNumber()).isTrue();
        });

        assertThat(get("/health/readiness").statusCode()).isEqualTo(200);
        assertThat(get("/health/liveness").statusCode()).isEqualTo(200);
        assertThat(get("/health/lag").statusCode()).isEqualTo(503);
        assertThat(json("/health/lag").path("lag_seconds").asDouble())
                .isBetween(BEHIND_SECONDS - 5.0, BEHIND_SECONDS + BOUND.toSeconds() + 30.0);
        assertThat(get("/health/leader").statusCode()).isEqualTo(503);
        assertThat(json("/health/leader").path("leader").asBoolean(true)).isFalse();
        assertThat(json("/health/leader").path("message").asText())
                .contains("process " + ProcessHandle.current().pid())
                .contains("takes over when that one ends");
        assertThat(get("/prometheus").body())
                .contains("sluice_leader{pipeline=\"demo\"} 0.0")
                .contains("sluice_pipeline_state{pipeline=\"demo\",state=\"standby\"} 1.0");
    }

    @Test
    @Order(2)
    @DisplayName("every read is answered: status, lists, and the wait for a write, by what the leader has committed")
    void readsAreAnswered() throws Exception {
        for (String path : List.of(
                "/api/status",
                "/api/dead-letters",
                "/api/checkpoints",
                "/api/replays",
                "/api/schema-changes",
                "/api/verifications",
                "/api/drift")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(200);
        }
        long now = Instant.now().getEpochSecond();
        assertThat(get("/api/await?collection=users&timeout=5s&operationTime=" + (now - 2 * BEHIND_SECONDS) + ".1")
                        .statusCode())
                .isEqualTo(200);
        assertThat(get("/api/await?collection=users&timeout=100ms&operationTime=" + now + ".1")
                        .statusCode())
                .isEqualTo(504);
    }

    @Test
    @Order(3)
    @DisplayName("once the leader has ended it leads, and both are in order")
    void thenItLeads() {
        leader.close();

        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(get("/health/leader").statusCode()).isEqualTo(200);
            assertThat(get("/health/lag").statusCode()).isEqualTo(200);
            assertThat(get("/health/readiness").statusCode()).isEqualTo(200);
        });
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        return JsonMapper.builder().build().readTree(get(path).body());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return web.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
