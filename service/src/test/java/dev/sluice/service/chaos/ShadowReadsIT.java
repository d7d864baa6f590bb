package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.program.Signal;
import dev.sluice.service.web.HttpService;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.bson.Document;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What applications report that read both sides, told to a process that stands by while another one
/// writes the pipeline. Each test begins with counts of zero.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ShadowReadsIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private final LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
    private final RunningPipeline running = RunningPipeline.start(system);
    private final MongoSource source = system.source();
    private final HttpClient web = HttpClient.newHttpClient();
    private final MongoCollection<Document> users = system.database().getCollection("users");
    private HttpService http = serve();

    private HttpService serve() {
        PipelineSpec spec = PipelineSpec.of("demo", system.entry().mapping(), source, system.connector());
        return HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()),
                new PipelineStatus("demo", List.of("users", "orders")),
                spec,
                () -> spec);
    }

    @BeforeAll
    void fill() {
        users.insertMany(List.of(user("a"), user("b"), user("c")));
        running.awaitStreaming();
    }

    @BeforeEach
    void begin() throws SQLException {
        running.awaitApplied();
        system.execute("DELETE FROM sluice.shadow_read; DELETE FROM sluice.shadow_list; DELETE FROM sluice.drift");
    }

    @AfterAll
    void end() {
        http.close();
        running.close();
        source.close();
        system.close();
    }

    private static Document user(Object id) {
        return new Document("_id", id).append("email", "x@shop.example").append("name", "N");
    }

    @Test
    @Order(1)
    @DisplayName(
            "equal reads are counted with the times of both sides, and shown by REST, SQL, routes and metrics alike")
    void equal() throws Exception {
        String read = "{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\", \"mongodb_ms\": 2.0,"
                + " \"postgres_ms\": 40}";
        JsonNode taken = report(String.join(",", Collections.nCopies(100, read)));

        assertThat(taken.path("equal").asInt()).isEqualTo(100);
        assertThat(taken.path("why").isNull()).isTrue();
        JsonNode counts = counts();
        assertThat(counts.path("equal").asLong()).isEqualTo(100);
        assertThat(counts.path("consecutive_equal").asLong()).isEqualTo(100);
        assertThat(counts.path("mongodb").path("reads").asLong()).isEqualTo(100);
        assertThat(counts.path("mongodb").path("p95_ms").asDouble()).isBetween(1.8, 2.2);
        assertThat(counts.path("postgres").path("p50_ms").asDouble()).isBetween(36.0, 44.0);
        assertThat(json("GET", "/api/routes/users", "").path("shadow")).isEqualTo(counts);
        assertThat(json("GET", "/api/routes/orders", "").path("shadow").isNull())
                .isTrue();
        assertThat(system.number("SELECT equal FROM sluice.shadow_read WHERE collection = 'users'"))
                .isEqualTo(100);
        String metrics = send("GET", "/prometheus", "").body();
        assertThat(metrics)
                .containsPattern(
                        "sluice_shadow_reads_total\\{collection=\"users\",pipeline=\"demo\",result=\"equal\"} 100")
                .containsPattern(
                        "sluice_shadow_read_seconds_count\\{collection=\"users\",pipeline=\"demo\",side=\"postgres\"} 100");
    }

    @Test
    @Order(2)
    @DisplayName("lag is no difference: the document is compared once the rows have passed the read")
    void lag() throws Exception {
        try (Connection locking = system.connector().openForLongWork();
                Statement statement = locking.createStatement()) {
            locking.setAutoCommit(false);
            statement.execute("LOCK TABLE users IN SHARE MODE");
            users.updateOne(Filters.eq("_id", "a"), Updates.set("age", 31));

            JsonNode taken = report(different("\"a\""));

            assertThat(taken.path("to_compare").asInt()).isEqualTo(1);
            // It differed at the first look, and the comparison waits for the stream.
            await().atMost(BOUND)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> system.number("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                    + " AND query LIKE 'SELECT cluster\\_time, through%AND collection = %'")
                            > 0);
            assertThat(counts().path("unchecked").asLong()).isEqualTo(1);
            assertThat(counts().path("different").asLong()).isZero();
            locking.rollback();
        }

        awaitCounts(c -> c.path("unconfirmed").asLong() == 1);
        assertThat(counts().path("unchecked").asLong()).isZero();
        assertThat(counts().path("different").asLong()).isZero();
        assertThat(counts().path("consecutive_equal").asLong())
                .as("nothing is claimed")
                .isZero();
        assertThat(system.number("SELECT count(*) FROM sluice.drift")).isZero();
        assertThat(system.number("SELECT age FROM users WHERE id = 'a'")).isEqualTo(31);
    }

    @Test
    @Order(3)
    @DisplayName("a row changed by hand is a difference: counted, recorded as drift, and equal ones begin again")
    void changedByHand() throws Exception {
        report("{\"collection\": \"users\", \"key\": \"b\", \"result\": \"equal\"}");
        system.execute("UPDATE users SET name = 'other' WHERE id = 'b'");

        report(different("\"b\"") + "," + different("\"b\"") + "," + different("\"c\""));

        awaitCounts(
                c -> c.path("different").asLong() == 2 && c.path("unconfirmed").asLong() == 1);
        assertThat(counts().path("equal").asLong()).isEqualTo(1);
        assertThat(counts().path("consecutive_equal").asLong()).isZero();
        assertThat(counts().path("last_different_at").asText()).endsWith("Z");
        assertThat(system.text("SELECT string_agg(row_key || ' ' || kind || ' ' || columns::text, ',')"
                        + " FROM sluice.drift"))
                .isEqualTo("b different {name}");
        assertThat(send("GET", "/prometheus", "").body())
                .contains("sluice_shadow_reads_total{collection=\"users\",pipeline=\"demo\",result=\"different\"} 2");

        system.execute("UPDATE users SET name = 'N' WHERE id = 'b'");
        report(different("\"b\""));
        awaitCounts(c -> c.path("unconfirmed").asLong() == 2);
        assertThat(system.number("SELECT count(*) FROM sluice.drift"))
                .as("found equal since")
                .isZero();
    }

    @Test
    @Order(4)
    @DisplayName(
            "keys of every kind are Extended JSON; of several one suffices; a document and a row that are missing count")
    void keys() throws Exception {
        ObjectId id = new ObjectId();
        List<Object> ids = List.of(id, 7, 8L, 2.5, new Decimal128(12), new Document("p", 1).append("q", "r"), true);
        ids.forEach(one -> users.insertOne(user(one)));
        running.awaitApplied();
        system.execute("UPDATE users SET name = 'other' WHERE id NOT IN ('a', 'b', 'c')");
        List<String> keys = List.of(
                "{\"$oid\": \"" + id + "\"}",
                "7",
                "{\"$numberLong\": \"8\"}",
                "2.5",
                "{\"$numberDecimal\": \"12\"}",
                "{\"p\": 1, \"q\": \"r\"}",
                "true");
        for (String key : keys) {
            report(different(key));
        }
        awaitCounts(c -> c.path("different").asLong() == keys.size());

        report("{\"collection\": \"users\", \"keys\": [\"a\", 7, \"b\"], \"result\": \"different\"},"
                + "{\"collection\": \"users\", \"keys\": [\"a\", \"b\"], \"result\": \"different\"}");
        awaitCounts(c -> c.path("different").asLong() == keys.size() + 1
                && c.path("unconfirmed").asLong() == 1);

        system.execute("DELETE FROM users WHERE id = '8'; INSERT INTO users (id, email) VALUES ('stranger', '')");
        report(different("8") + "," + different("\"stranger\"") + "," + different("\"nobody\""));
        awaitCounts(c -> c.path("different").asLong() == keys.size() + 3
                && c.path("unconfirmed").asLong() == 2);
        assertThat(system.text("SELECT string_agg(kind, ',' ORDER BY kind) FROM sluice.drift WHERE row_key IN ('8',"
                        + " 'stranger')"))
                .isEqualTo("extra,missing");
        ids.forEach(one -> users.deleteOne(Filters.eq("_id", one)));
        system.execute("DELETE FROM users WHERE id = 'stranger'");
    }

    @Test
    @Order(5)
    @DisplayName("a list that differs is counted as reported, by its name, and ends the equal ones in a row")
    void lists() throws Exception {
        String list = "{\"collection\": \"users\", \"name\": \"users.by_city\", \"result\": ";
        report(list + "\"equal\"}," + list + "\"equal\"}");
        assertThat(counts().path("consecutive_equal").asLong()).isEqualTo(2);

        JsonNode taken = report(list + "\"different\"}");

        assertThat(taken.path("reported").asInt()).isEqualTo(1);
        JsonNode counts = counts();
        assertThat(counts.path("reported").asLong()).isEqualTo(1);
        assertThat(counts.path("different").asLong()).isZero();
        assertThat(counts.path("consecutive_equal").asLong()).isZero();
        JsonNode byName = counts.path("lists").get(0);
        assertThat(byName.path("name").asText()).isEqualTo("users.by_city");
        assertThat(byName.path("equal").asLong()).isEqualTo(2);
        assertThat(byName.path("reported").asLong()).isEqualTo(1);
        assertThat(byName.path("last_reported_at").asText()).endsWith("Z");
    }

    @ParameterizedTest
    @Order(6)
    @ValueSource(
            strings = {
                "{}",
                "{\"reads\": []}",
                "{\"reads\": [null]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\"},"
                        + " {\"collection\": \"carts\", \"key\": \"a\", \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": \"a\", \"keys\": [\"b\"], \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"keys\": [], \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": {\"$oid\": \"a\"}, \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": \"a\", \"result\": \"same\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\", \"mongodb_ms\": -1}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\", \"value\": 1}]}",
                "{\"reads\": [{\"collection\": \"users\", \"key\": {\"a\": 1, \"a\": 2}, \"result\": \"equal\"}]}",
                "{\"reads\": [{\"collection\": \"users\", \"name\": \"of x@shop.example\", \"result\": \"equal\"}]}"
            })
    @DisplayName("a report with one read that can't be understood is refused, and none of it is counted")
    void refused(String body) throws Exception {
        HttpResponse<String> answer = send("POST", "/api/shadow-reads", body);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).doesNotContain("shop.example");
        assertThat(system.number("SELECT count(*) FROM sluice.shadow_read")).isZero();
    }

    @Test
    @Order(7)
    @DisplayName("a thousand reads are taken at once, one more is refused")
    void limits() throws Exception {
        String read = "{\"collection\": \"orders\", \"key\": 1, \"result\": \"equal\"}";

        assertThat(report(String.join(",", Collections.nCopies(1_000, read)))
                        .path("equal")
                        .asInt())
                .isEqualTo(1_000);
        assertThat(send(
                                "POST",
                                "/api/shadow-reads",
                                "{\"reads\": [" + String.join(",", Collections.nCopies(1_001, read)) + "]}")
                        .body())
                .contains("reads is a list of 1 to 1000 reads.");
    }

    @Test
    @Order(8)
    @DisplayName("the counts survive a restart, and begin again when the collection is copied again")
    void survives() throws Exception {
        report("{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\", \"postgres_ms\": 3}");
        http.close();
        http = serve();

        assertThat(counts().path("equal").asLong()).isEqualTo(1);
        assertThat(counts().path("postgres").path("p50_ms").asDouble()).isBetween(2.7, 3.3);
        system.execute("UPDATE sluice.backfill SET finished_at = finished_at + interval '1 s'");
        assertThat(counts().path("equal").asLong()).isZero();
        report("{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\"},"
                + "{\"collection\": \"users\", \"key\": \"a\", \"result\": \"equal\"}");
        assertThat(counts().path("equal").asLong()).isEqualTo(2);
        assertThat(counts().path("postgres").path("reads").asLong()).isZero();
    }

    @Test
    @Order(9)
    @DisplayName("while MongoDB does not answer, reads are counted, and compared when it does")
    void mongoAway() throws Exception {
        system.execute("UPDATE users SET name = 'other' WHERE id = 'c'");
        long mongod = system.mongo().pid().orElseThrow();
        Signal.suspend(mongod);
        try {
            assertThat(report(different("\"c\"")).path("to_compare").asInt()).isEqualTo(1);
            assertThat(counts().path("unchecked").asLong()).isEqualTo(1);
            assertThat(json("GET", "/api/shadow-reads", "").path("waiting").asLong())
                    .isEqualTo(1);
        } finally {
            Signal.resume(mongod);
        }
        awaitCounts(
                c -> c.path("different").asLong() == 1 && c.path("unchecked").asLong() == 0);
        system.execute("UPDATE users SET name = 'N' WHERE id = 'c'");
    }

    @Test
    @Order(10)
    @DisplayName(
            "while PostgreSQL is away the answer is 503 and nothing is counted, so that the application sends it again")
    void postgresAway() throws Exception {
        system.postgres().stop();

        HttpResponse<String> answer = send("POST", "/api/shadow-reads", "{\"reads\": [" + different("\"a\"") + "]}");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("PostgreSQL can't be reached");
        assertThat(send("GET", "/prometheus", "").body()).doesNotContain("result=\"unchecked\"");
    }

    private static String different(String key) {
        return "{\"collection\": \"users\", \"key\": " + key + ", \"result\": \"different\"}";
    }

    private JsonNode report(String reads) throws IOException, InterruptedException {
        HttpResponse<String> answer = send("POST", "/api/shadow-reads", "{\"reads\": [" + reads + "]}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JsonMapper.builder().build().readTree(answer.body());
    }

    private void awaitCounts(Predicate<JsonNode> as) {
        await().atMost(BOUND)
                .untilAsserted(() ->
                        assertThat(as.test(counts())).as(counts().toString()).isTrue());
    }

    /// Of `users`.
    private JsonNode counts() throws IOException, InterruptedException {
        return json("GET", "/api/shadow-reads?collection=users", "")
                .path("collections")
                .get(0);
    }

    private JsonNode json(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = send(method, path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JsonMapper.builder().build().readTree(answer.body());
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        return web.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
                        .header("Content-Type", "application/json")
                        .timeout(Duration.ofSeconds(60))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
