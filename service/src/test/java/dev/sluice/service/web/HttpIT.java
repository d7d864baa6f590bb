package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.service.program.Signal;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// What orchestrators, Prometheus and programs see of a pipeline over HTTP, from before it starts until
/// PostgreSQL was away and came back. One story, in order.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HttpIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int OPLOG_READ_EVERY_SECONDS = 15;

    private final ServedPipeline served = new ServedPipeline("SLUICE_LAG_LIMIT", "5s");
    private final MongoClient client = MongoClients.create(served.mongoUri());
    private final MongoDatabase shop = client.getDatabase("shop");

    @BeforeAll
    void fill() {
        shop.getCollection("users")
                .insertMany(List.of(user("a"), user("b"), user("c").append("age", "very old")));
    }

    @AfterAll
    void end() throws InterruptedException {
        client.close();
        served.close();
    }

    /// From the oldest entry of the oplog to the committed position, in seconds, read from both databases.
    private double distanceToOldest() {
        Document oldest = Objects.requireNonNull(client.getDatabase("local")
                .getCollection("oplog.rs")
                .find()
                .sort(new Document("$natural", 1))
                .first());
        try (Connection connection = served.connector().openForLongWork();
                Statement statement = connection.createStatement();
                ResultSet position = statement.executeQuery(
                        "SELECT cluster_time_seconds FROM sluice.position WHERE pipeline = 'demo'")) {
            position.next();
            return position.getLong(1)
                    - (double) oldest.get("ts", BsonTimestamp.class).getTime();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("name", id);
    }

    @Test
    @Order(1)
    void beforeItRunsItIsAliveAndReadyAndItsLagIsUnknown() throws Exception {
        assertThat(served.get("/health/liveness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/readiness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/lag").statusCode()).isEqualTo(503);
        assertThat(served.get("/health/lag").body())
                .contains("\"lag_seconds\":null", "\"limit_seconds\":5.0", "\"not_copied\":[\"users\",\"orders\"]");
        assertThat(served.get("/health/leader").statusCode()).isEqualTo(503);
        assertThat(served.get("/health/leader").body()).contains("connecting to both databases");
        assertThat(metric("sluice_pipeline_state{pipeline=\"demo\",state=\"starting\"}"))
                .hasValue(1);
        assertThat(metric("sluice_lag_seconds{collection=\"users\",pipeline=\"demo\"}")
                        .orElse(Double.NaN))
                .isNaN();
        assertThat(metric("sluice_watermark_timestamp_seconds{collection=\"users\",pipeline=\"demo\"}")
                        .orElse(Double.NaN))
                .isNaN();
    }

    @Test
    @Order(2)
    void onceItStreamsItLeadsAndItsLagIsSmall() throws Exception {
        served.start();

        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(state("streaming")).hasValue(1);
            assertThat(served.get("/health/lag").statusCode()).isEqualTo(200);
        });
        assertThat(served.get("/health/leader").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/leader").body()).contains("\"leader\":true");
        assertThat(metric("sluice_leader{pipeline=\"demo\"}")).hasValue(1);
        assertThat(served.get("/health/liveness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/readiness").body()).contains("\"UP\"");
    }

    @Test
    @Order(3)
    void everyMetricHasTheNameThatDashboardsKnow() throws Exception {
        shop.getCollection("users").insertOne(user("d").append("age", "older still"));
        shop.getCollection("users").updateOne(Filters.eq("_id", "a"), Updates.set("name", "A"));
        shop.getCollection("users").deleteOne(Filters.eq("_id", "b"));
        shop.getCollection("orders")
                .insertOne(
                        new Document("_id", 1L).append("placedAt", "not a date").append("status", "new"));

        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(metric("sluice_dead_letters{collection=\"orders\",pipeline=\"demo\"}"))
                        .hasValue(1));
        String users = "collection=\"users\",";
        assertThat(metric("sluice_changes_applied_total{" + users + "op=\"upsert\",pipeline=\"demo\"}"))
                .hasValue(2);
        assertThat(metric("sluice_changes_applied_total{" + users + "op=\"delete\",pipeline=\"demo\"}"))
                .hasValue(1);
        assertThat(metric("sluice_quarantined_values_total{" + users + "column=\"users.age\",pipeline=\"demo\"}"))
                .hasValue(1);
        // Parked, waiting and unmapped are counted where there is nothing to count, too.
        for (String gauge : List.of("dead_letters", "waiting_documents", "unmapped_fields")) {
            assertThat(metric("sluice_" + gauge + "{" + users + "pipeline=\"demo\"}"))
                    .as(gauge)
                    .hasValue(0);
        }
        for (String term : List.of("documents", "rows", "kept", "without_document", "not_ours", "dead_letters")) {
            assertThat(metric("sluice_balance{" + users + "pipeline=\"demo\",term=\"" + term + "\"}"))
                    .as(term)
                    .isPresent();
        }
        assertThat(metric("sluice_balance_counted_timestamp_seconds{" + users + "pipeline=\"demo\"}"))
                .isPresent();
        assertThat(metric("sluice_backfill_rows_total{" + users + "pipeline=\"demo\"}"))
                .hasValue(3);
        assertThat(metric("sluice_backfill_progress_ratio{" + users + "pipeline=\"demo\"}"))
                .hasValue(1);
        assertThat(metric("sluice_apply_latency_seconds_count{" + users + "pipeline=\"demo\"}"))
                .hasValue(3);
        assertThat(metric("sluice_apply_latency_seconds_bucket{" + users + "pipeline=\"demo\",le=\"+Inf\"}"))
                .hasValue(3);
        assertThat(metric("sluice_changes_waiting{pipeline=\"demo\"}")).hasValue(0);
        assertThat(metric("sluice_apply_lag_seconds{pipeline=\"demo\"}").orElse(Double.NaN))
                .isNotNegative();
        assertThat(metric("sluice_capture_lag_seconds{pipeline=\"demo\"}").orElse(Double.NaN))
                .isBetween(0.0, 8.0);
        // MongoDB runs on this machine.
        assertThat(metric("sluice_clock_offset_seconds{pipeline=\"demo\"}").orElse(Double.NaN))
                .isBetween(-0.5, 0.5);
        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(metric("sluice_resume_token_headroom_seconds{pipeline=\"demo\"}")
                            .orElse(Double.NaN))
                    .isBetween(distanceToOldest() - OPLOG_READ_EVERY_SECONDS - 5, distanceToOldest() + 1);
            assertThat(metric("sluice_catch_up_seconds{pipeline=\"demo\"}")).hasValue(0);
        });
        for (String state : List.of("starting", "standby", "backfilling", "waiting", "draining", "stopped", "failed")) {
            assertThat(state(state)).as(state).hasValue(0);
        }
        assertThat(served.get("/prometheus").body())
                .contains("# HELP sluice_lag_seconds", "# TYPE sluice_lag_seconds gauge");
    }

    @Test
    @Order(4)
    void whatTheControlSchemaHoldsIsShownAsItIsNow() throws Exception {
        execute("INSERT INTO sluice.waiting (pipeline, collection, row_key, column_name, kind, on_table, on_value)"
                + " VALUES ('demo', 'orders', '7', 'orders.a', 'reference', 't', '1'),"
                + " ('demo', 'orders', '7', 'orders.b', 'reference', 't', '1'),"
                + " ('demo', 'orders', '8', 'orders', 'duplicate', 'public.orders', '1')");
        execute("INSERT INTO sluice.unmapped_field (pipeline, collection, path, documents)"
                + " VALUES ('demo', 'orders', 'p', 9), ('demo', 'orders', 'q', 1)");
        execute("INSERT INTO sluice.skipped (pipeline, collection, reason, documents)"
                + " VALUES ('demo', 'orders', 'a draft', 5)");

        String orders = "{collection=\"orders\",pipeline=\"demo\"}";
        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(metric("sluice_waiting_documents" + orders)).hasValue(1);
            assertThat(metric("sluice_unmapped_fields" + orders)).hasValue(2);
            assertThat(
                            metric(
                                    "sluice_skipped_documents_total{collection=\"orders\",pipeline=\"demo\",reason=\"a draft\"}"))
                    .hasValue(5);
        });
        JsonNode status = served.json("/api/status").path("collections").get(0);
        assertThat(status.path("waiting_documents").asLong()).isEqualTo(1);
        assertThat(status.path("unmapped_fields").asLong()).isEqualTo(2);
        assertThat(status.path("skipped").path("a draft").asLong()).isEqualTo(5);

        // Parked is what is parked now, and not what ever was.
        execute("DELETE FROM sluice.dead_letter");
        await().atMost(BOUND)
                .untilAsserted(
                        () -> assertThat(metric("sluice_dead_letters" + orders)).hasValue(0));
        execute("DELETE FROM sluice.waiting; DELETE FROM sluice.unmapped_field; DELETE FROM sluice.skipped");
        shop.getCollection("orders")
                .insertOne(
                        new Document("_id", 2L).append("placedAt", "not a date").append("status", "new"));
        await().atMost(BOUND)
                .untilAsserted(
                        () -> assertThat(metric("sluice_dead_letters" + orders)).hasValue(1));
    }

    @Test
    @Order(5)
    void theLagStaysFreshAlthoughNothingHappens() {
        // Ten seconds in which nobody writes: the watermark moves on by itself.
        double before = watermark();
        await().pollInterval(Duration.ofMillis(500)).atMost(BOUND).untilAsserted(() -> {
            assertThat(watermark()).isGreaterThan(before + 10);
            assertThat(lag()).isBetween(0.0, 8.0);
        });
    }

    @Test
    @Order(6)
    void theStatusIsJsonWithTheOwnerAndEachCollection() throws Exception {
        HttpResponse<String> response = served.get("/api/status");
        JsonNode status = JsonMapper.builder().build().readTree(response.body());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith("application/json");
        assertThat(status.path("pipeline").asText()).isEqualTo("demo");
        assertThat(status.path("state").asText()).isEqualTo("streaming");
        assertThat(status.path("owner").asText())
                .startsWith("process " + ProcessHandle.current().pid() + " on ");
        assertThat(status.path("epoch").asLong()).isEqualTo(1);
        assertThat(status.path("position").asText()).endsWith("Z");
        assertThat(status.path("running").asBoolean()).isTrue();
        JsonNode live = status.path("live");
        assertThat(live.path("lag_seconds").asDouble(-1)).isBetween(0.0, 8.0);
        assertThat(live.path("capture_lag_seconds").asDouble(-1)).isBetween(0.0, 8.0);
        assertThat(live.path("changes_waiting").asInt(-1)).isZero();
        assertThat(live.path("catch_up").asText()).isEqualTo("caught up");
        assertThat(live.path("resume_token_headroom_seconds").isNumber()).isTrue();
        assertThat(live.path("through").asText()).matches("\\d+\\.\\d+");
        assertThat(live.path("collections")
                        .path("users")
                        .path("apply_lag_seconds")
                        .asDouble(-1))
                .isBetween(0.0, 8.0);
        assertThat(status.path("collections").findValuesAsText("collection")).containsExactly("orders", "users");
        JsonNode users = status.path("collections").get(1);
        assertThat(users.path("backfill").asText()).isEqualTo("done");
        assertThat(users.path("backfilled_documents").asLong()).isEqualTo(3);
        assertThat(users.path("quarantined_values").asLong()).isEqualTo(2);
        assertThat(status.path("collections").get(0).path("dead_letters").asLong())
                .isEqualTo(1);
        assertThat(response.body()).doesNotContain("old", "@shop.example");
    }

    @Test
    @Order(7)
    @DisplayName(
            "while MongoDB hangs the state says so within 20 s, and again by itself that it streams when it answers")
    void whileMongoDbHangs() throws Exception {
        long mongod = served.mongo().pid().orElseThrow();
        Signal.suspend(mongod);
        try {
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                JsonNode status = served.json("/api/status");
                assertThat(status.path("state").asText()).isEqualTo("stalled");
                // One sentence, with the time to the second.
                assertThat(status.path("message").asText())
                        .matches("MongoDB has not answered since [0-9-]{10}T[0-9:]{8}Z( \\(.*\\))?: what was read is"
                                + " applied, and the stream goes on by itself when it answers\\.")
                        .doesNotContain("can't be reached");
            });
            assertThat(state("stalled")).hasValue(1);
            assertThat(state("streaming")).hasValue(0);
            assertThat(served.json("/api/status").path("live").path("catch_up").asText())
                    .isEqualTo("not gaining");
            // It keeps the lock: no other process could do more.
            assertThat(served.get("/health/leader").statusCode()).isEqualTo(200);
            assertThat(served.get("/health/leader").body()).contains("MongoDB has not answered since ");
        } finally {
            Signal.resume(mongod);
        }
        await().atMost(BOUND).untilAsserted(() -> {
            JsonNode status = served.json("/api/status");
            assertThat(status.path("state").asText()).isEqualTo("streaming");
            assertThat(status.path("message").isNull()).isTrue();
            assertThat(lag()).isLessThan(8);
        });
    }

    @Test
    @Order(8)
    void whilePostgresIsAwayItServesAndDoesNotLeadAndTheLagGrows() throws Exception {
        served.postgres().stop();

        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(state("waiting")).hasValue(1);
            assertThat(served.get("/health/leader").statusCode()).isEqualTo(503);
        });
        assertThat(served.get("/health/leader").body()).contains("PostgreSQL can't be reached");
        assertThat(metric("sluice_leader{pipeline=\"demo\"}")).hasValue(0);
        // Its readers stay where they are: neither a lag nor a database that is away takes it out of a balancer.
        assertThat(served.get("/health/readiness").statusCode()).isEqualTo(200);
        assertThat(served.get("/health/liveness").statusCode()).isEqualTo(200);
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(served.get("/health/lag").statusCode())
                        .as("a limit of 5 s")
                        .isEqualTo(503));
        HttpResponse<String> status = served.get("/api/status");
        assertThat(status.statusCode()).isEqualTo(503);
        assertThat(status.body()).contains("PostgreSQL can't be reached");
        // What the process knows by itself is there all the same.
        JsonNode known = JsonMapper.builder().build().readTree(status.body());
        JsonNode live = known.path("live");
        assertThat(live.path("lag_seconds").isNumber()).isTrue();
        assertThat(live.path("changes_waiting").isNull()).isTrue();
        // What PostgreSQL alone knows is unknown, and neither 0 nor none.
        for (String unknown : List.of(
                "epoch", "owner", "owner_process", "running", "position", "position_age_seconds", "collections")) {
            assertThat(known.has(unknown)).as(unknown).isTrue();
            assertThat(known.path(unknown).isNull()).as(unknown).isTrue();
        }
        assertThat(known.path("notes").get(0).asText()).contains("what is null here is not known");
        assertThat(metric("sluice_changes_waiting{pipeline=\"demo\"}").orElse(0))
                .isNaN();
        // What can't be begun is not said to have begun.
        HttpResponse<String> verify = served.post("/api/verify", "{}");
        assertThat(verify.statusCode()).isEqualTo(503);
        assertThat(verify.body()).contains("PostgreSQL can't be reached");
        double lag = lag();
        await().atMost(BOUND).untilAsserted(() -> assertThat(lag()).isGreaterThan(lag + 2));
        // How many are parked can't be known now, and is not said.
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(metric("sluice_dead_letters{collection=\"orders\",pipeline=\"demo\"}")
                                .orElse(0))
                        .isNaN());
    }

    @Test
    @Order(9)
    void whenPostgresIsBackItGoesOnByItself() {
        shop.getCollection("users").insertOne(user("e"));
        served.postgres().startAgain();

        await().atMost(BOUND).untilAsserted(() -> {
            assertThat(served.get("/health/leader").statusCode()).isEqualTo(200);
            assertThat(metric("sluice_changes_applied_total{collection=\"users\",op=\"upsert\",pipeline=\"demo\"}"))
                    .hasValue(3);
            assertThat(lag()).isLessThan(8);
        });
    }

    @Test
    @Order(10)
    void whenItIsStoppedItIsNotReady() throws Exception {
        served.stop();

        assertThat(state("stopped")).hasValue(1);
        assertThat(served.get("/health/readiness").statusCode()).isEqualTo(503);
    }

    @Test
    @Order(11)
    @DisplayName("that the process which wrote last has ended is said at once, whatever the position's age")
    void theEndOfAnother() throws Exception {
        Process other = new ProcessBuilder("true").start();
        other.waitFor();
        execute("UPDATE sluice.position SET updated_at = clock_timestamp(), owner = regexp_replace(owner, '\\d+', '"
                + other.pid() + "')");

        JsonNode status = served.json("/api/status");

        assertThat(status.path("position_age_seconds").asDouble()).isLessThan(10);
        assertThat(status.path("owner_process").asText()).isEqualTo("ended");
        assertThat(status.path("running").isBoolean()).isTrue();
        assertThat(status.path("running").asBoolean()).isFalse();
        assertThat(status.path("collections").get(0).path("lag_seconds").isNull())
                .isTrue();
    }

    private void execute(String sql) {
        try (Connection connection = served.connector().openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private double lag() {
        return metric("sluice_lag_seconds{collection=\"users\",pipeline=\"demo\"}")
                .orElse(Double.NaN);
    }

    private double watermark() {
        return metric("sluice_watermark_timestamp_seconds{collection=\"users\",pipeline=\"demo\"}")
                .orElse(Double.NaN);
    }

    private OptionalDouble state(String name) {
        return metric("sluice_pipeline_state{pipeline=\"demo\",state=\"" + name + "\"}");
    }

    /// The value of a series as Prometheus would scrape it; empty when there is none of that exact name.
    private OptionalDouble metric(String series) {
        try {
            return served.get("/prometheus")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(series + " "))
                    .map(line -> line.substring(series.length() + 1).replace("+Inf", "Infinity"))
                    .mapToDouble(Double::parseDouble)
                    .findFirst();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
