package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.web.HttpService;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An application that has written to MongoDB waits until PostgreSQL has it: by SQL and over HTTP.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WaitForIT {
    /// For how long the busy part goes on, seconds.
    private static final int BUSY_SECONDS = Integer.getInteger("sluice.test.wait.seconds", 10);

    /// How many writes of a collection that is not mapped are waited for, one after the other.
    private static final int ELSEWHERE = Integer.getInteger("sluice.test.wait.elsewhere", 10);

    private static final int WRITERS = 20;
    private static final long EACH_EVERY_MILLIS = 100;
    private static final int BUSY_HTTP = 200;

    private final LiveSystem system;
    private final RunningPipeline running;
    private final HttpService http;
    private final HttpClient web = HttpClient.newHttpClient();

    WaitForIT(@TempDir Path folder) throws IOException {
        // Users without a column of the rest; orders have one.
        String mapping = DemoMapping.copy(folder, text -> text.replaceFirst("(?m)^      rest: .*$", ""));
        system = LiveSystem.start(mapping, SandboxMongo.Options.DEFAULTS);
        running = RunningPipeline.start(system);
        http = HttpService.start(
                Settings.read(Map.of("SLUICE_HTTP_PORT", "0"), Map.of()),
                running.pipeline().status(),
                system.connector());
    }

    @BeforeAll
    void stream() {
        running.awaitStreaming();
        running.awaitApplied();
    }

    @AfterAll
    void end() {
        web.close();
        http.close();
        running.close();
        system.close();
    }

    @Test
    void everyReaderFindsWhatItHasWritten(TestReporter reporter) throws Exception {
        Queue<Long> waits = new ConcurrentLinkedQueue<>();
        Queue<String> stale = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> writers = IntStream.range(0, WRITERS)
                .mapToObj(writer -> inBackground(() -> writeAndRead(writer, waits, stale)))
                .toList();
        for (CompletableFuture<Void> writer : writers) {
            writer.get(BUSY_SECONDS + 120, TimeUnit.SECONDS);
        }

        List<Long> sorted = waits.stream().sorted().toList();
        reporter.publishEntry(String.format(
                Locale.ROOT,
                "%,d writes in %d s on %s: wait p50 %.1f ms, p99 %.1f ms, longest %.1f ms",
                sorted.size(),
                BUSY_SECONDS,
                system.mongo().description(),
                sorted.get(sorted.size() / 2) / 1e6,
                sorted.get(sorted.size() * 99 / 100) / 1e6,
                sorted.getLast() / 1e6));
        assertThat(stale).isEmpty();
        // Most of what is asked for: the machine may be slow, but not the waiting.
        assertThat(sorted.size()).isGreaterThan(BUSY_SECONDS * WRITERS * 3);
    }

    private void writeAndRead(int writer, Queue<Long> waits, Queue<String> stale) throws SQLException {
        String id = "writer-" + writer;
        MongoCollection<Document> users = system.database().getCollection("users");
        long start = System.nanoTime();
        try (Connection connection = system.connector().open();
                PreparedStatement wait =
                        connection.prepareStatement("SELECT sluice.wait_for(?, ?, interval '20 s', 'users')");
                PreparedStatement read = connection.prepareStatement("SELECT age FROM users WHERE id = ?")) {
            for (int version = 1; seconds(start) < BUSY_SECONDS; version++) {
                pause(start, version * EACH_EVERY_MILLIS);
                int written = version;
                // Now and then it is deleted and made again.
                boolean delete = version % 10 == 0;
                BsonTimestamp operation = operation(session -> {
                    if (delete) {
                        users.deleteOne(session, Filters.eq("_id", id));
                    } else {
                        users.updateOne(
                                session,
                                Filters.eq("_id", id),
                                Updates.set("age", written),
                                new UpdateOptions().upsert(true));
                    }
                });
                long before = System.nanoTime();
                boolean applied = isTrue(wait, operation);
                waits.add(System.nanoTime() - before);
                read.setString(1, id);
                try (ResultSet row = read.executeQuery()) {
                    String found = row.next() ? row.getString(1) : "nothing";
                    String expected = delete ? "nothing" : String.valueOf(version);
                    if (!applied || !found.equals(expected)) {
                        stale.add(id + ": " + found + " and not " + expected + ", waited for: " + applied);
                    }
                }
            }
        }
    }

    private static boolean isTrue(PreparedStatement wait, BsonTimestamp operation) throws SQLException {
        wait.setLong(1, operation.getTime());
        wait.setInt(2, operation.getInc());
        try (ResultSet row = wait.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    @Test
    void aWriteThatNothingFollowsIsThereAtOnce(TestReporter reporter) throws Exception {
        pauseUntilIdle();
        BsonTimestamp operation = operation(session -> system.database()
                .getCollection("users")
                .insertOne(session, new Document("_id", "alone").append("age", 1)));

        long before = System.nanoTime();
        assertThat(waitFor(operation, "20 s")).isTrue();
        double waited = seconds(before);
        reporter.publishEntry(String.format(Locale.ROOT, "a write that nothing follows was waited for %.3f s", waited));
        assertThat(waited).isLessThan(2.0);
        assertThat(system.number("SELECT count(*) FROM users WHERE id = 'alone'"))
                .isEqualTo(1);
    }

    @Test
    void whatNoChangeComesOfIsWaitedForAllTheSame() throws Exception {
        pauseUntilIdle();
        MongoCollection<Document> users = system.database().getCollection("users");
        BsonTimestamp nothing =
                operation(session -> users.updateOne(session, Filters.eq("_id", "nobody"), Updates.set("age", 1)));
        assertThat(waitFor(nothing, "15 s")).as("an update of nothing").isTrue();

        BsonTimestamp elsewhere = operation(
                session -> system.database().getCollection("carts").insertOne(session, new Document("_id", 1)));
        assertThat(waitFor(elsewhere, "15 s"))
                .as("a collection that is not mapped")
                .isTrue();
    }

    @Test
    void whatComesOfACollectionThatIsNotMappedIsWaitedForByAskingTheStream(TestReporter reporter) throws Exception {
        pauseUntilIdle();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < ELSEWHERE; i++) {
            BsonTimestamp elsewhere = operation(
                    session -> system.database().getCollection("baskets").insertOne(session, new Document()));
            long before = System.nanoTime();
            assertThat(waitFor(elsewhere, "20 s")).isTrue();
            waits.add(System.nanoTime() - before);
        }
        waits.sort(null);
        reporter.publishEntry(String.format(
                Locale.ROOT,
                "%d writes elsewhere: wait p50 %.1f ms, p99 %.1f ms, longest %.1f ms",
                ELSEWHERE,
                waits.get(ELSEWHERE / 2) / 1e6,
                waits.get(ELSEWHERE * 99 / 100) / 1e6,
                waits.getLast() / 1e6));
    }

    @Test
    @DisplayName(
            "an update of a field that nothing reads is neither looked up nor written, and waited for all the same")
    void anIrrelevantUpdateIsWaitedForAllTheSame() throws Exception {
        MongoCollection<Document> users = system.database().getCollection("users");
        users.insertOne(new Document("_id", "irrelevant").append("age", 1));
        update(users, "irrelevant", Updates.set("visits", 1));
        assertThat(system.number("SELECT count(*) FROM sluice.unmapped_field WHERE path = 'visits'"))
                .as("a field is reported by its first update")
                .isEqualTo(1);
        CollectionStatus status =
                Objects.requireNonNull(running.pipeline().status().collections().get("users"));
        pauseUntilIdle();
        long appliedBefore = status.changesApplied();
        long irrelevantBefore = status.irrelevantUpdates();
        String rowBefore = user();

        for (int i = 2; i <= 10; i++) {
            update(users, "irrelevant", Updates.set("visits", i));
        }
        assertThat(status.irrelevantUpdates() - irrelevantBefore).isEqualTo(9);
        assertThat(status.changesApplied()).isEqualTo(appliedBefore);
        assertThat(user()).isEqualTo(rowBefore);

        update(users, "irrelevant", Updates.combine(Updates.set("visits", 11), Updates.set("age", 2)));
        assertThat(status.changesApplied()).isEqualTo(appliedBefore + 1);
        assertThat(user()).isNotEqualTo(rowBefore).contains(",2,");

        MongoCollection<Document> orders = system.database().getCollection("orders");
        orders.insertOne(new Document("_id", 4_711L).append("placedAt", Instant.EPOCH));
        update(orders, 4_711L, Updates.set("visits", 1));
        update(orders, 4_711L, Updates.set("visits", 2));
        assertThat(system.text("SELECT rest->>'visits' FROM orders WHERE id = 4711"))
                .as("with a column of the rest")
                .isEqualTo("2");
    }

    private void update(MongoCollection<Document> collection, Object id, Bson update) throws SQLException {
        BsonTimestamp operation = operation(session -> collection.updateOne(session, Filters.eq("_id", id), update));
        assertThat(waitFor(operation, "20 s")).isTrue();
    }

    /// With the transaction that has written it.
    private String user() throws SQLException {
        return Objects.requireNonNull(
                system.text("SELECT concat_ws('|', xmin::text, u::text) FROM users u WHERE id = 'irrelevant'"));
    }

    @Test
    void allOfATransactionIsThere(TestReporter reporter) throws Exception {
        pauseUntilIdle();
        for (int round = 0; round < 5; round++) {
            String name = "transaction-" + round;
            BsonTimestamp operation = operation(session -> session.withTransaction(() -> {
                for (int i = 0; i < 50; i++) {
                    system.database()
                            .getCollection("users")
                            .insertOne(session, new Document("_id", name + "-" + i).append("name", name));
                }
                return true;
            }));
            long before = System.nanoTime();
            assertThat(waitFor(operation, "20 s")).isTrue();
            double waited = seconds(before);
            reporter.publishEntry(String.format(Locale.ROOT, "a transaction was waited for %.3f s", waited));
            assertThat(waited).isLessThan(4.0);
            assertThat(system.number("SELECT count(*) FROM users WHERE name = '" + name + "'"))
                    .isEqualTo(50);
        }
    }

    @Test
    void allOfALargeInsertIsThere() throws Exception {
        List<Document> documents = IntStream.range(0, 20_000)
                .mapToObj(i -> new Document("_id", "bulk-" + i).append("name", "bulk"))
                .toList();
        BsonTimestamp operation =
                operation(session -> system.database().getCollection("users").insertMany(session, documents));

        assertThat(waitFor(operation, "20 s")).isTrue();
        assertThat(system.number("SELECT count(*) FROM users WHERE name = 'bulk'"))
                .isEqualTo(20_000);
    }

    @Test
    void aTimeIsWaitedForToo() throws Exception {
        BsonTimestamp operation = operation(session -> system.database()
                .getCollection("users")
                .insertOne(session, new Document("_id", "by time").append("age", 1)));

        // What a driver makes of an operation time has no fraction: it stands for its whole second.
        assertThat(system.text("SELECT sluice.wait_for(to_timestamp(" + operation.getTime() + "), interval '20 s')"))
                .isEqualTo("t");
        assertThat(system.number("SELECT count(*) FROM users WHERE id = 'by time'"))
                .isEqualTo(1);
        assertThat(system.text("SELECT sluice.applied_through('users') >= to_timestamp(" + operation.getTime() + ")"))
                .isEqualTo("t");
    }

    @Test
    void itGivesUpWhenTheTimeIsOver() throws Exception {
        long before = System.nanoTime();
        assertThat(waitFor(future(), "300 ms")).isFalse();
        assertThat(seconds(before)).isBetween(0.3, 3.0);
        assertThat(system.text("SELECT sluice.wait_for(now() + interval '1 hour', interval '10 ms', 'orders')"))
                .isEqualTo("f");
        assertThat(system.text("SELECT sluice.wait_for(1, 1, interval '-1 s')"))
                .as("what is there already needs no time")
                .isEqualTo("t");
    }

    @Test
    void nothingIsClaimedOfACollectionThatIsNotCopied() throws SQLException {
        system.execute("INSERT INTO sluice.watermark (pipeline, collection, cluster_time, through_seconds,"
                + " through_increment) VALUES ('other', 'things', now(), 4000000000, 1)");
        String applied = "SELECT concat_ws(' ', sluice.wait_for(1, 1, interval '10 ms', 'things', 'other'),"
                + " sluice.applied_through('things') IS NOT NULL)";

        assertThat(system.text(applied)).isEqualTo("f f");
        system.execute("INSERT INTO sluice.backfill (pipeline, collection) VALUES ('other', 'things')");
        assertThat(system.text(applied)).isEqualTo("f f");
        system.execute("UPDATE sluice.backfill SET state = 'done' WHERE pipeline = 'other'");
        assertThat(system.text(applied)).isEqualTo("t t");
        system.execute("DELETE FROM sluice.watermark WHERE pipeline = 'other'");
        system.execute("DELETE FROM sluice.backfill WHERE pipeline = 'other'");
    }

    @Test
    void aRoleNeedsOnlyToReadTwoTables() throws SQLException {
        system.execute("CREATE ROLE reader");
        try (Connection connection = system.connector().open();
                Statement statement = connection.createStatement()) {
            statement.execute("GRANT USAGE ON SCHEMA sluice TO reader");
            statement.execute("GRANT SELECT ON sluice.watermark, sluice.backfill TO reader");
            statement.execute("SET ROLE reader");
            try (ResultSet row = statement.executeQuery(
                    "SELECT sluice.wait_for(1, 1, interval '20 s', 'users'), sluice.applied_through('users')")) {
                row.next();
                assertThat(row.getBoolean(1)).isTrue();
                assertThat(row.getString(2)).isNotNull();
            }
            statement.execute("RESET ROLE");
            statement.execute("DROP OWNED BY reader; DROP ROLE reader");
        }
    }

    @Test
    void wrongArgumentsAreRefusedWithASentence() {
        assertRefused(
                "sluice.wait_for(1, 1, interval '1 s', 'nothing')", "No pipeline writes a collection \"nothing\"");
        assertRefused("sluice.wait_for(1, 1, interval '1 s', 'users', 'none')", "There is no pipeline \"none\"");
        assertRefused("sluice.wait_for(1, 1, NULL::interval)", "takes a timeout");
        assertRefused("sluice.wait_for(NULL::bigint, 1, interval '1 s')", "both parts of an operation time");
        assertRefused("sluice.wait_for(7521987654321000001, 1, interval '1 s')", "from 0 to 4294967295");
        assertRefused("sluice.wait_for(NULL::timestamptz, interval '1 s')", "takes a time");
        assertRefused("sluice.wait_for('infinity'::timestamptz, interval '1 s')", "takes a time");
    }

    private void assertRefused(String call, String message) {
        assertThatThrownBy(() -> system.text("SELECT " + call))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(ints = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
    void aTransactionThatKeepsItsSnapshotIsRefused(int isolation) throws SQLException {
        try (Connection connection = system.connector().open();
                Statement statement = connection.createStatement()) {
            connection.setTransactionIsolation(isolation);
            connection.setAutoCommit(false);
            assertThatThrownBy(() -> statement.execute("SELECT sluice.wait_for(1, 1, interval '1 s')"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25000"))
                    .hasMessageContaining("keeps the snapshot")
                    .hasMessageContaining("READ COMMITTED");
        }
    }

    @Test
    void inATransactionThatSeesWhatIsNewItWaits() throws SQLException {
        try (Connection connection = system.connector().open();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT count(*) FROM users");
            BsonTimestamp operation = operation(session -> system.database()
                    .getCollection("users")
                    .insertOne(session, new Document("_id", "in between").append("age", 1)));
            try (ResultSet row = statement.executeQuery(sql(operation, "20 s"))) {
                row.next();
                assertThat(row.getBoolean(1)).isTrue();
            }
            try (ResultSet row = statement.executeQuery("SELECT count(*) FROM users WHERE id = 'in between'")) {
                row.next();
                assertThat(row.getInt(1)).isEqualTo(1);
            }
        }
    }

    @Test
    void overHttpItIsAnsweredOnceItIsApplied() throws Exception {
        for (int i = 0; i < 20; i++) {
            String id = "http-" + i;
            BsonTimestamp operation = operation(session -> system.database()
                    .getCollection("users")
                    .insertOne(session, new Document("_id", id).append("age", 1)));
            String text = switch (i % 4) {
                case 0 -> operation.getTime() + "." + operation.getInc();
                case 1 -> operation.getTime() + "," + operation.getInc();
                case 2 -> "Timestamp(" + operation.getTime() + ", " + operation.getInc() + ")";
                default -> String.valueOf(operation.getValue());
            };
            HttpResponse<String> answer = await(text, "20s", "users");

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode json = json(answer);
            assertThat(json.path("applied").asBoolean()).isTrue();
            assertThat(json.path("state").asText()).isEqualTo("streaming");
            assertThat(json.path("watermark").asText()).endsWith("Z");
            assertThat(json.path("through").asText()).matches("\\d+\\.\\d+");
            assertThat(system.number("SELECT count(*) FROM users WHERE id = '" + id + "'"))
                    .isEqualTo(1);
        }
    }

    @Test
    void overHttpItGivesUpWhenTheTimeIsOverAndSaysHowFarItIs() throws Exception {
        long before = System.nanoTime();
        HttpResponse<String> answer = await(future().getTime() + ".1", "300ms", null);

        assertThat(seconds(before)).isBetween(0.3, 5.0);
        assertThat(answer.statusCode()).isEqualTo(504);
        assertThat(json(answer).path("applied").asBoolean()).isFalse();
        assertThat(json(answer).path("error").asText()).contains("Not applied within 300 ms", "streaming");
        assertThat(json(answer).path("lag_seconds").isNumber()).isTrue();
    }

    @Test
    void overHttpWrongArgumentsAreRefusedWithASentence() throws Exception {
        for (String text : List.of("", "now", "1795296584", "1.2.3", "99999999999.1", "-1.1", "99999999999999999999")) {
            HttpResponse<String> answer = await(text, "1s", null);
            assertThat(answer.statusCode()).as(text).isEqualTo(400);
            assertThat(json(answer).path("detail").asText()).contains("seconds.increment");
        }
        for (String timeout : List.of("soon", "-1s", "1 h")) {
            assertThat(await("1.1", timeout, null).statusCode()).as(timeout).isEqualTo(400);
        }
        HttpResponse<String> unknown = await("1.1", "1s", "nothing");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(json(unknown).path("detail").asText()).contains("users, orders");
    }

    @Test
    void manyWhoWaitKeepNobodyElseFromAnAnswer() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> waiting = IntStream.range(0, BUSY_HTTP)
                .mapToObj(i -> web.sendAsync(
                        request("operationTime=" + future().getTime() + ".1&timeout=4s"),
                        HttpResponse.BodyHandlers.ofString()))
                .toList();
        Thread.sleep(1_000);

        long before = System.nanoTime();
        HttpResponse<String> status = web.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + "/api/status"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(status.statusCode()).isEqualTo(200);
        assertThat(seconds(before)).isLessThan(2.0);
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        for (CompletableFuture<HttpResponse<String>> answer : waiting) {
            assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(504);
        }
    }

    private HttpRequest request(String query) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + "/api/await?" + query))
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private HttpResponse<String> await(String operationTime, String timeout, @Nullable String collection)
            throws IOException, InterruptedException {
        String query = "operationTime=" + URLEncoder.encode(operationTime, StandardCharsets.UTF_8) + "&timeout="
                + URLEncoder.encode(timeout, StandardCharsets.UTF_8)
                + (collection == null ? "" : "&collection=" + collection);
        return web.send(request(query), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return JsonMapper.builder().build().readTree(answer.body());
    }

    private boolean waitFor(BsonTimestamp operation, String timeout) throws SQLException {
        return "t".equals(system.text(sql(operation, timeout)));
    }

    private static String sql(BsonTimestamp operation, String timeout) {
        return "SELECT sluice.wait_for(" + operation.getTime() + ", " + operation.getInc() + ", interval '" + timeout
                + "')";
    }

    /// What the driver says of the time of a write.
    private BsonTimestamp operation(Consumer<ClientSession> write) {
        try (ClientSession session = system.client().startSession()) {
            write.accept(session);
            BsonTimestamp time = session.getOperationTime();
            assertThat(time).isNotNull();
            return time;
        }
    }

    private static BsonTimestamp future() {
        return new BsonTimestamp((int) (System.currentTimeMillis() / 1_000) + 3_600, 1);
    }

    /// Until nothing has come for a while, so that what is waited for has nothing that follows it.
    private void pauseUntilIdle() {
        running.awaitApplied();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> running.pipeline().status().lag().waiting() == 0);
    }

    /// What may throw.
    private interface Work {
        void run() throws SQLException;
    }

    private static CompletableFuture<Void> inBackground(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (SQLException | RuntimeException | Error e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private static void pause(long start, long untilMillis) {
        long remaining = untilMillis - (System.nanoTime() - start) / 1_000_000;
        if (remaining > 0) {
            try {
                Thread.sleep(remaining);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
