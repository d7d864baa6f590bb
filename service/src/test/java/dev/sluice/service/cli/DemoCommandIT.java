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
        try (Cli demo = Cli.start(Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--for", "1s")) {
            Result ended = demo.await();

            assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
            assertThat(shop.listCollectionNames()).isEmpty();
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
        return Cli.start(Cli.with(Servers.asSandboxes(), "SLUICE_HTTP_PORT", "0"), "demo", "--for", "10m");
    }

    /// The settings that the demo has printed for other commands.
    private static Map<String, String> settings(Cli demo) {
        Matcher printed = await().atMost(SOON).until(() -> SETTINGS.matcher(demo.out()), Matcher::find);
        return Cli.settings("SLUICE_MAPPING", "demo", "MONGO_URI", printed.group(1), "POSTGRES_URI", printed.group(2));
    }
}
