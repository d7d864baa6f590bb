package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.config.Settings;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// A pipeline that verifies while it streams.
class ContinuousVerificationIT {
    private static final Duration BOUND = Duration.ofSeconds(90);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @Test
    @DisplayName("A running pipeline finds what another writer changes, and shows it until it is right again")
    void itFindsWhatSomebodyChanges() throws SQLException, IOException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 100, 3, 20);
                RunningPipeline running = RunningPipeline.startVerifying(system);
                MongoSource source = system.source();
                HttpService http = http(system, running, source)) {
            system.database().getCollection("users").insertOne(new org.bson.Document("_id", "quiet"));
            running.awaitStreaming();
            writer.start();
            await().atMost(BOUND)
                    .until(() -> system.number("SELECT count(DISTINCT collection) FROM sluice.verification"
                                    + " WHERE origin = 'continuous' AND state = 'done'")
                            == 2);
            await().atMost(BOUND).until(() -> metric(http, "sluice_verified_timestamp_seconds{") > 1.7e9);
            assertThat(metric(http, "sluice_drift_rows{collection=\"users\",kind=\"different\""))
                    .isZero();

            system.execute("UPDATE users SET city = 'Nowhere' WHERE id = 'quiet'");

            await().atMost(BOUND)
                    .until(() -> metric(http, "sluice_drift_rows{collection=\"users\",kind=\"different\"") == 1);
            assertThat(get(http, "/api/drift")).contains("\"row_key\":\"quiet\"", "\"columns\":[\"city\"]");
            assertThat(get(http, "/api/status")).contains("users: DRIFT, 1 row of 1 document");

            HttpResponse<String> asked = post(http, "/api/verify", "{\"collections\": [\"users\"], \"repair\": true}");
            assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
            assertThat(asked.body()).contains("\"collections\":[\"users\"]", "\"not_copied\":[]");
            await().atMost(BOUND).until(() -> get(http, "/api/drift").equals("[]"));
            assertThat(system.text("SELECT city FROM users WHERE id = 'quiet'")).isNull();
            await().atMost(BOUND)
                    .until(() -> get(http, "/api/verifications").contains("\"origin\":\"asked\",\"state\":\"done\""));
            assertThat(post(http, "/api/verify", "{\"collections\": [\"nothing\"]}")
                            .statusCode())
                    .isEqualTo(400);
            assertThat(post(http, "/api/verify", "{\"mode\": \"quick\"}").statusCode())
                    .isEqualTo(400);

            // Nothing was drift but what the other writer had changed.
            writer.close();
            assertThat(system.number("SELECT count(*) FROM sluice.drift")).isZero();
        }
    }

    @Test
    @DisplayName("What the stream writes is looked at again: a trigger that spoils it is found within seconds")
    void whatTheStreamWritesIsLookedAtAgain() throws SQLException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter documents = new LiveWriter(system.database(), 50, 10, 3, 1);
                RunningPipeline running = RunningPipeline.startVerifying(system)) {
            running.awaitStreaming();
            await().atMost(BOUND)
                    .until(() -> system.number("SELECT count(DISTINCT collection) FROM sluice.verification"
                                    + " WHERE origin = 'continuous' AND state = 'done'")
                            == 2);
            long rounds = system.number("SELECT count(*) FROM sluice.verification");
            system.execute("CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
                    + " 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';"
                    + " CREATE TRIGGER spoil BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION spoil()");
            system.database().getCollection("users").updateOne(Filters.eq("_id", "user-7"), Updates.set("visits", 1));

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(system.text(
                                    "SELECT string_agg(row_key || ' ' || columns::text, ', ')" + " FROM sluice.drift"))
                            .as(system.text("SELECT name FROM users WHERE id = 'user-7'"))
                            .isEqualTo("user-7 {name}"));
            assertThat(system.number("SELECT count(*) FROM sluice.verification"))
                    .as("found without another round")
                    .isEqualTo(rounds);

            system.execute("DROP TRIGGER spoil ON users");
            system.database().getCollection("users").updateOne(Filters.eq("_id", "user-7"), Updates.set("visits", 2));
            await().atMost(BOUND).until(() -> system.number("SELECT count(*) FROM sluice.drift") == 0);
        }
    }

    private static HttpService http(LiveSystem system, RunningPipeline running, MongoSource source) {
        Settings settings = Settings.read(Map.of("SLUICE_HTTP_PORT", "0", "SLUICE_HTTP_HOST", "127.0.0.1"), Map.of());
        PipelineSpec spec = PipelineSpec.of("demo", system.entry().mapping(), source, system.connector());
        return HttpService.start(settings, running.pipeline().status(), spec, () -> spec);
    }

    /// The first sample whose line begins so.
    private static double metric(HttpService http, String start) throws IOException, InterruptedException {
        return get(http, "/prometheus")
                .lines()
                .filter(line -> line.startsWith(start))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    private static String get(HttpService http, String path) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(uri(http, path)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static HttpResponse<String> post(HttpService http, String path, String body)
            throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(uri(http, path))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static URI uri(HttpService http, String path) {
        return URI.create("http://127.0.0.1:" + http.port() + path);
    }
}
