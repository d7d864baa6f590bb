package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoDatabase;
import dev.sluice.service.cli.Cli.Result;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DemoCommandIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final Pattern PORT = Pattern.compile("http://localhost:(\\d+)/api/status");
    private static final Pattern SETTINGS =
            Pattern.compile("export SLUICE_MAPPING=demo MONGO_URI='(.*)' POSTGRES_URI=(.*)");

    @Test
    @DisplayName("it prints the settings for other commands, by which reads are moved there once the gate opens")
    void readsCanBeMoved() {
        try (Cli demo = demo()) {
            Map<String, String> settings = settings(demo);
            awaitOpen(settings, "gate", "users");
            Result moved = Cli.runHere(settings, "cutover", "users");

            assertThat(moved.exitCode()).as(moved.out() + moved.err()).isZero();
            demo.interrupt();
            Result ended = demo.await();
            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
            assertThat(ended.out()).contains("Both sides are equal");
        }
    }

    @Test
    @DisplayName("a migration is ended there: the demo stops writing when MongoDB refuses it, and its servers stay")
    void writesCanBeMoved() throws Exception {
        try (Cli demo = demo()) {
            Map<String, String> settings = settings(demo);
            awaitOpen(settings, "gate");
            assertThat(Cli.runHere(settings, "cutover", "--all").exitCode()).isZero();
            try {
                assertThat(post(
                                demo,
                                "/api/shadow-reads",
                                "{\"reads\": [{\"collection\": \"orders\", \"key\": 0,"
                                        + " \"result\": \"different\"}]}"))
                        .as("the demo compares the documents of shadow reads")
                        .contains("\"to_compare\":1");
                Result finished = Cli.runHere(settings, "finish", "--all", "--block-writes");

                assertThat(finished.exitCode())
                        .as(finished.out() + finished.err())
                        .isZero();
                await().atMost(SOON).until(() -> demo.out().contains("Both servers stay until"));
                assertThat(demo.out()).contains("MongoDB refuses all writes: the demo writes nothing");
                assertThat(Cli.runHere(settings, "finish", "--certificate").out())
                        .contains("users: its writes moved to PostgreSQL at ");
            } finally {
                Cli.runHere(settings, "finish", "--unblock");
            }
            demo.interrupt();
            Result ended = demo.await();
            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
        }
    }

    @Test
    @DisplayName("on a server that was given it refuses a database that is there already, and drops its own at the end")
    void aGivenServerIsLeftAsItWas() {
        MongoDatabase shop = Servers.client().getDatabase("shop");
        shop.getCollection("users").insertOne(new Document("_id", "of somebody else"));
        try (Cli demo = demo()) {
            Result refused = demo.await();

            assertThat(refused.exitCode()).as(refused.out() + refused.err()).isEqualTo(3);
            assertThat(refused.err()).contains("has a database shop already");
            assertThat(shop.getCollection("users").countDocuments()).isOne();
        } finally {
            shop.drop();
        }
        try (Cli demo = Cli.start(
                Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--no-tour", "--for", "1s")) {
            Result ended = demo.await();

            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
            assertThat(shop.listCollectionNames()).isEmpty();
        }
    }

    @Test
    @DisplayName("the tour: every step of a migration comes about, in order, and says what really happened")
    void tour() {
        List<String> steps = List.of(
                "copy            (20,\\d{3}) users became (\\1 rows|[\\d,]+ rows .the others came by the stream.), 10,\\d{3} orders became ",
                "live writes     .* changes applied",
                "tampered row    somebody changed email in 1 row of users",
                "found           the verification of users found drift: 1 row different, in email ",
                "repaired        `verify --repair` wrote what MongoDB has: 1 document repaired, drift 0; email is right",
                "quarantine      a document with text in age came: its row is there, and 1 value is in quarantine",
                "gate shut       users stays on MongoDB: 1 quarantined value ",
                "accepted        `quarantine accept`: 1 value is known ",
                "verify          [\\d,]+ documents of users compared .*: 0 missing, 0 extra, 0 different",
                "gate open       all \\d+ conditions of users are met",
                "cut-over 10 %   .* of \\d+ reads [1-9]\\d* went to PostgreSQL, [1-9]\\d* to MongoDB; 0 failed",
                "cut-over 100 %  .* of \\d+ reads [1-9]\\d* went to PostgreSQL, 0 to MongoDB; 0 failed",
                "rollback        .* of \\d+ reads 0 went to PostgreSQL, [1-9]\\d* to MongoDB; 0 failed");
        try (Cli demo = Cli.start(Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--for", "1s")) {
            await().atMost(SOON).until(() -> demo.out().contains("rollback  ") || !demo.running());
            Result ended = demo.await();

            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
            assertThat(ended.out())
                    .containsPattern("(?s)"
                            + String.join(
                                    ".*",
                                    steps.stream()
                                            .map(s -> s.replace(".*", "[^\n]*"))
                                            .toList()))
                    .contains("That was a migration and back.", "Both sides are equal")
                    .doesNotContain("NOT COME ABOUT", "\u001b");
            assertThat(ended.said())
                    .contains(
                            "the first such value came after the copy. These values are in quarantine: `sluice quarantine list"
                                    + " --collection users` shows why.");
        }
    }

    private static void awaitOpen(Map<String, String> settings, String... gate) {
        await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
            Result asked = Cli.runHere(settings, gate);
            assertThat(asked.exitCode()).as(asked.out() + asked.err()).isZero();
        });
    }

    private static String post(Cli demo, String path, String body) throws Exception {
        Matcher port = PORT.matcher(demo.out());
        assertThat(port.find()).isTrue();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port.group(1) + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    private static Cli demo() {
        return Cli.start(Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--no-tour", "--for", "10m");
    }

    /// The settings that the demo has printed for other commands.
    private static Map<String, String> settings(Cli demo) {
        Matcher printed = await().atMost(SOON).until(() -> SETTINGS.matcher(demo.out()), Matcher::find);
        return Cli.settings("SLUICE_MAPPING", "demo", "MONGO_URI", printed.group(1), "POSTGRES_URI", printed.group(2));
    }
}
