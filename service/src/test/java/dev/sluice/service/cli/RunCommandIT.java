package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The service as a process: it ends when asked to, and starts while others run.
class RunCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    @Test
    void sigtermAppliesWhatWasReadEndsWithZeroAndLosesNothing() {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertOne(user(0));
        int last;
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND).ignoreExceptions().until(() -> place.count("users") == 1);
            // Written while it runs and is ended: some of it before the signal is seen, some after.
            last = 400;
            List<Document> more = new ArrayList<>();
            for (int i = 1; i <= last; i++) {
                more.add(user(i));
            }
            place.mongo().getCollection("users").insertMany(more);
            await().atMost(BOUND).until(() -> place.count("users") > 1);
            run.terminate();
            Result result = run.await();

            assertThat(result.exitCode()).as(result.err()).isZero();
            assertThat(result.err()).contains("what was read is applied").doesNotContain("Exception");
        }
        try (Cli again = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND)
                    .until(() ->
                            place.count("users") == last + 1 && place.number("SELECT epoch FROM sluice.position") == 2);
            again.terminate();
            assertThat(again.await().exitCode()).isZero();
        }
        assertThat(place.number("SELECT epoch FROM sluice.position")).isEqualTo(2);
    }

    @Test
    void theLogHasDateAndZoneAndWithJsonAnObjectALine() throws IOException {
        Place place = Servers.place();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_LOG_FORMAT", "json");
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> place.count("sluice.backfill WHERE state = 'done'") == 2);
            run.terminate();
            Result result = run.await();

            List<String> lines =
                    result.err().lines().filter(line -> line.startsWith("{")).toList();
            assertThat(lines).hasSizeGreaterThan(2);
            for (String line : lines) {
                JsonNode logged = JsonMapper.builder().build().readTree(line);
                assertThat(logged.fieldNames())
                        .toIterable()
                        .containsExactlyInAnyOrder("timestamp", "level", "loggerName", "formattedMessage");
                assertThat(logged.get("timestamp").longValue()).isGreaterThan(1_700_000_000_000L);
            }
            assertThat(result.err()).contains("Starting the pipeline demo").doesNotContain(" INFO ");
        }
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> place.number("SELECT epoch FROM sluice.position") == 2);
            run.terminate();
            assertThat(run.await().err())
                    .containsPattern(
                            "(?m)^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}(Z|[+-][0-9:]{5}) INFO  Starting the pipeline demo");
        }
    }

    @Test
    @DisplayName(
            "the log says what it runs on, which process it waits for, dead letters, fields and collections that are"
                    + " new, and metrics and schema-changes say it too")
    void whatAnOperatorHasToKnow() throws Exception {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertOne(user(0));
        place.mongo().createCollection("leftovers");
        int port = GateCommandIT.freePort();
        Map<String, String> settings =
                Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port), "SLUICE_VERIFY_BUDGET", "5");
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> place.count("sluice.schema_watch WHERE listed_at IS NOT NULL") == 1
                            && place.count("sluice.backfill WHERE state = 'done'") == 2);
            assertThat(run.err())
                    .containsPattern("on Java 2[0-9.]+.* with [0-9]+ processors and a heap of at most [0-9,]+ MB;"
                            + " MongoDB [0-9.]+, PostgreSQL [0-9.]+")
                    .contains("settings: MONGO_DB_NAME=", "SLUICE_VERIFY_BUDGET=5")
                    .doesNotContain("leftovers is a new collection");

            place.mongo().getCollection("reviews").insertOne(new Document("stars", 5));
            place.mongo().getCollection("users").insertOne(user(1));
            place.mongo().getCollection("orders").insertOne(new Document("_id", 1L).append("coupon", "secret-value"));
            try (Cli second = Cli.start(Cli.with(settings, "SLUICE_HTTP_PORT", "0"), "run")) {
                await().atMost(BOUND)
                        .untilAsserted(() -> assertThat(second.err())
                                .containsPattern(
                                        "(?s)The pipeline demo is written by process [0-9]+ .*: this process checks"
                                                + " both sides, stands by.*Standing by: "));
            }
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(run.err())
                            .contains("orders: 1 document became a dead letter (1 open now).")
                            .contains("reviews is a new collection, and the mapping neither maps nor ignores it")
                            .contains("`sluice infer --collection reviews`")
                            .doesNotContain("secret-value"));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(metrics(port))
                            .contains("sluice_unmapped_collections{pipeline=\"demo\"} 2.0")
                            .containsPattern("sluice_transaction_seconds_count\\{pipeline=\"demo\",?} [1-9]")
                            .contains("sluice_retries_total{pipeline=\"demo\"} 0.0")
                            .contains("sluice_quarantine_values{collection=\"users\",pipeline=\"demo\"} 0.0")
                            .contains("sluice_resync_entries{collection=\"users\",pipeline=\"demo\"} 0.0"));
            Result changes = Cli.runHere(place.settings(), "schema-changes");
            assertThat(changes.out()).contains("new_collection", "reviews is a new collection", "(nothing maps it)");
            assertThat(changes.exitCode()).as("nothing waits for a decision").isZero();
            assertThat(Cli.runHere(place.settings(), "verify").out())
                    .contains(
                            "orders: 1 dead letter has no row. `sluice dead-letters list --collection orders` says why.");
        }
    }

    private static String metrics(int port) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void ctrlCWhileNothingHappensEndsItWithZero() {
        Place place = Servers.place();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> place.count("sluice.backfill WHERE state = 'done'") == 2);
            run.interrupt();
            Result result = run.await();

            assertThat(result.exitCode()).as(result.err()).isZero();
        }
    }

    @Test
    void endedWhileItStillWaitsForMongoItEndsAtOnceWithZero() throws IOException {
        // A server that takes the connection and says nothing.
        try (ServerSocket silent = new ServerSocket(0)) {
            Place place = Servers.place();
            String uri = "mongodb://127.0.0.1:" + silent.getLocalPort() + "/?serverSelectionTimeoutMS=60000";
            try (Cli run = Cli.start(Cli.with(place.settings(), "MONGO_URI", uri), "run")) {
                await().atMost(BOUND).until(() -> run.err().contains("Applied " + Servers.MIGRATIONS + " migrations"));
                run.terminate();
                Result result = run.await();

                assertThat(result.exitCode()).as(result.err()).isZero();
                assertThat(result.err()).contains("Ended before it began");
            }
        }
    }

    @Test
    void ofThreeThatStartAtOnceOnNothingOneRunsAndTheOthersSayWhy() {
        Place place = Servers.place();
        String database = "three_" + Long.toString(System.nanoTime(), 36);
        String uri = Servers.postgres().uri(database);
        Map<String, String> settings = Cli.with(place.settings(), "POSTGRES_URI", uri, "SLUICE_STANDBY", "false");
        place.mongo().getCollection("users").insertOne(user(0));
        List<Cli> three = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                three.add(Cli.start(settings, "run"));
            }
            await().atMost(BOUND)
                    .until(() -> three.stream().filter(Cli::running).count() == 1);
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() ->
                            Servers.query(uri, "SELECT count(*) FROM users").equals("1"));
            for (Cli one : three) {
                if (!one.running()) {
                    Result result = one.await();
                    assertThat(result.exitCode()).as(result.err()).isEqualTo(3);
                    assertThat(result.err())
                            .contains("Another process writes this pipeline.")
                            .doesNotContain("Exception");
                } else {
                    one.terminate();
                    assertThat(one.await().exitCode()).isZero();
                }
            }
        } finally {
            three.forEach(Cli::close);
        }
        Servers.execute(Servers.postgres().uri(), "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
    }

    private static Document user(int number) {
        return new Document("_id", "u" + number)
                .append("email", "u@shop.example")
                .append("name", "n" + number);
    }
}
