package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

    private final ServedPipeline served = new ServedPipeline();
    private final PauseStore pauses = new PauseStore("demo");

    @SuppressWarnings("NullAway.Init")
    private PipelineLock leader;

    @BeforeAll
    void serve() throws SQLException, InterruptedException {
        leader = PipelineLock.take(served.connector()::open, "demo");
        // What a leader leaves that copied everything and has come no further since.
        try (Connection connection = served.connector().open();
                Statement statement = connection.createStatement()) {
            new PositionStore("demo").initialise(connection, served.source().currentPosition());
            for (String collection : List.of("users", "orders")) {
                statement.execute(
                        "INSERT INTO sluice.backfill (pipeline, collection, state, finished_at) VALUES ('demo', '"
                                + collection + "', 'done', now())");
                statement.execute("INSERT INTO sluice.watermark (pipeline, collection, cluster_time, through_seconds,"
                        + " through_increment) SELECT 'demo', '" + collection + "', t, extract(epoch FROM t)::bigint, 1"
                        + " FROM (SELECT now() - interval '" + BEHIND_SECONDS + " s' AS t) behind");
            }
        }
        served.start();
    }

    @AfterAll
    void end() throws InterruptedException {
        leader.close();
        served.close();
    }

    @Test
    @Order(1)
    @DisplayName("ready, whatever the lag; the lag is the leader's, and who leads is said")
    void readyWithALagOf714Seconds() throws Exception {
        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(served.json("/api/status").path("state").asText()).isEqualTo("standby");
            assertThat(served.json("/health/lag").path("lag_seconds").isNumber())
                    .isTrue();
        });

        assertThat(served.get("/health/readiness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/liveness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/lag").statusCode()).isEqualTo(503);
        assertThat(served.json("/health/lag").path("lag_seconds").asDouble())
                .isBetween(BEHIND_SECONDS - 5.0, BEHIND_SECONDS + BOUND.toSeconds() + 30.0);
        assertThat(served.get("/health/leader").statusCode()).isEqualTo(503);
        assertThat(served.json("/health/leader").path("leader").asBoolean(true)).isFalse();
        assertThat(served.json("/health/leader").path("message").asText())
                .contains("process " + ProcessHandle.current().pid())
                .contains("takes over when that one ends");
        assertThat(served.get("/prometheus").body())
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
            assertThat(served.get(path).statusCode()).as(path).isEqualTo(200);
        }
        long now = Instant.now().getEpochSecond();
        assertThat(served.get("/api/await?collection=users&timeout=5s&operationTime=" + (now - 2 * BEHIND_SECONDS)
                                + ".1")
                        .statusCode())
                .isEqualTo(200);
        assertThat(served.get("/api/await?collection=users&timeout=100ms&operationTime=" + now + ".1")
                        .statusCode())
                .isEqualTo(504);
    }

    @Test
    @Order(3)
    @DisplayName("a pause makes the leader let go: the one that stood by does not take over and says that it is paused")
    void aPauseIsNoTakeOver() throws Exception {
        try (Connection connection = served.connector().open()) {
            pauses.pause(connection, "ada", "upgrade", null);
            leader.close();

            await().atMost(BOUND)
                    .until(() ->
                            served.json("/api/status").path("state").asText().equals("paused"));
            assertThat(new PositionStore("demo").owner(connection)).isNull();
            assertThat(served.get("/health/leader").statusCode()).isEqualTo(503);
        }
    }

    @Test
    @Order(4)
    @DisplayName("once the leader has ended and nobody holds the pipeline it leads, and both are in order")
    void thenItLeads() throws SQLException {
        try (Connection connection = served.connector().open()) {
            pauses.resume(connection, "ada");
        }

        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(served.get("/health/leader").statusCode()).isEqualTo(200);
            assertThat(served.get("/health/lag").statusCode()).isEqualTo(200);
            assertThat(served.get("/health/readiness").statusCode()).isEqualTo(200);
        });
    }
}
