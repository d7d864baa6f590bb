package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A user holds a pipeline and lets it go on.
class PauseCommandIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final HttpClient web = HttpClient.newHttpClient();

    @ParameterizedTest
    @CsvSource({"--for, 0s, at least 1 second", "--reason, LONG, at most 1000 characters"})
    @DisplayName("a length or a reason that REST refuses is refused here, and nothing is paused")
    void refuses(String option, String value, String words) {
        Place place = Servers.placeOfQuickGate();

        Result refused =
                Cli.runHere(place.settings(), "pause", option, value.equals("LONG") ? "x".repeat(1_001) : value);

        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).contains(words, "sluice pause --help");
        assertThat(place.count("sluice.pause")).isZero();
    }

    @Test
    @DisplayName("paused, nothing is applied and the position stays, also after a restart; resumed, nothing is missing")
    void holds() throws Exception {
        Place place = Servers.placeOfQuickGate();
        place.execute("DELETE FROM sluice.gate_limit");
        int port = GateCommandIT.freePort();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_HTTP_PORT", Integer.toString(port));
        write(place, "before");
        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));

            Result paused = Cli.run(settings, "pause", "--reason", "upgrade of PostgreSQL");
            assertThat(paused.exitCode()).as(paused.err()).isZero();
            assertThat(paused.out()).contains("Paused. `sluice resume` ends that.");
            awaitState(port, "paused");
            assertThat(Cli.runHere(settings, "pause", "--for", "10m").out())
                    .contains("It was paused already, since ", "(upgrade of PostgreSQL). It stays paused.");
            assertThat(Cli.runHere(settings, "pause").out()).doesNotContain("resumes by itself");
            assertThat(Cli.runHere(settings, "gate", "users").out())
                    .containsPattern("paused +no .*The pipeline is paused\\. `sluice resume` ends that\\.");
            Result cutover = Cli.runHere(settings, "cutover", "users", "--wait", "1s");
            assertThat(cutover.exitCode()).isEqualTo(1);
            assertThat(cutover.out()).contains("The pipeline is paused. `sluice resume` ends that.");
            String position = position(place);
            write(place, "while");

            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(place.text("SELECT string_agg(condition, ' ' ORDER BY condition) FROM"
                                            + " sluice.gate('demo', 'users') WHERE NOT met"))
                                    .as("a process is there, and the oplog is watched")
                                    .doesNotContain("running")
                                    .doesNotContain("source")
                                    .doesNotContain("headroom")
                                    .contains("fresh", "paused"));
            assertThat(position(place)).isEqualTo(position);
            assertThat(place.count("users")).isOne();
            assertThat(Cli.runHere(settings, "status").out())
                    .contains("(upgrade of PostgreSQL). `sluice resume` ends that");
            run.terminate();
            assertThat(run.await().exitCode()).isZero();
        }
        try (Cli again = Cli.start(settings, "run")) {
            awaitState(port, "paused");
            assertThat(place.count("users")).isOne();

            assertThat(post(port, "/api/resume", "").statusCode()).isEqualTo(200);
            await().atMost(SOON).until(() -> place.count("users") == 2);
            awaitState(port, "streaming");
            assertThat(Cli.runHere(settings, "resume").out()).contains("The pipeline was not paused.");

            HttpResponse<String> short1 = post(port, "/api/pause", "{\"seconds\": 3, \"reason\": \"a moment\"}");
            assertThat(short1.statusCode()).as(short1.body()).isEqualTo(200);
            assertThat(short1.body()).contains("\"paused\":true");
            awaitState(port, "paused");
            write(place, "more");
            await().atMost(SOON).until(() -> place.count("users") == 3);
            assertThat(post(port, "/api/pause", "{\"seconds\": 0}").statusCode())
                    .isEqualTo(400);
            assertThat(place.text("SELECT string_agg(action, ',' ORDER BY id) FROM sluice.audit"))
                    .isEqualTo("pause,pause,pause,cutover_refused,resume,pause,resume");
            assertThat(place.text("SELECT actor FROM sluice.audit ORDER BY id DESC LIMIT 1"))
                    .as("by itself")
                    .isEqualTo("sluice");
            assertThat(again.running()).isTrue();
        }
    }

    @Test
    @DisplayName("paused, resync and replay write nothing and say so, backfill and repair say that they write; what is"
            + " on the list is read after the pause")
    void commandsInAPause() {
        Place place = Servers.placeOfQuickGate();
        write(place, "before");
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            Cli.runHere(place.settings(), "pause", "--reason", "an upgrade");
            await().atMost(SOON).untilAsserted(() -> assertThat(run.err()).contains("is paused by"));
            place.execute("DELETE FROM users");

            Result repair = Cli.runHere(place.settings(), "verify", "--repair", "--collection", "users");
            assertThat(repair.err()).as(repair.out()).contains("(an upgrade). This command repairs all the same.");
            assertThat(place.count("users")).isOne();
            Result backfill = Cli.runHere(place.settings(), "backfill", "--collection", "users");
            assertThat(backfill.err()).contains("(an upgrade). This command writes all the same.");

            place.execute("DELETE FROM users");
            for (String command : List.of("resync --collection users", "replay --from 10m --collection users")) {
                Result held = Cli.runHere(place.settings(), command.split(" "));
                assertThat(held.exitCode())
                        .as(command + held.out() + held.err())
                        .isEqualTo(1);
                assertThat(held.err())
                        .contains("The pipeline is paused by ", " (an upgrade). What is on the list stays there");
                assertThat(place.count("users")).as(command).isZero();
            }
            assertThat(place.count("sluice.resync")).isNotZero();
            Cli.runHere(place.settings(), "resume");
            await().atMost(SOON).until(() -> place.count("sluice.resync") == 0 && place.count("users") == 1);
        }
    }

    @Test
    @DisplayName("a pause is no failure: nothing is said of a stream that ended unexpectedly")
    void pausesAreNoFailures() {
        Place place = Servers.placeOfQuickGate();
        try (Cli run = Cli.start(place.settings(), "run")) {
            for (int i = 1; i <= 6; i++) {
                String id = "u" + i;
                write(place, id);
                await().atMost(SOON)
                        .until(() -> place.number("SELECT count(*) FROM users WHERE id = '" + id + "'") == 1);
                Cli.runHere(place.settings(), "pause");
                int times = i;
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(run.err().split("is paused by", -1)).hasSize(times + 1));
                Cli.runHere(place.settings(), "resume");
            }
            assertThat(run.err()).doesNotContain("ended unexpectedly").doesNotContain("Trying again");
        }
    }

    private static void write(Place place, String id) {
        place.mongo().getCollection("users").insertOne(new Document("_id", id));
    }

    private static String position(Place place) {
        return place.text("SELECT resume_token FROM sluice.position");
    }

    private void awaitState(int port, String state) {
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> assertThat(get(port, "/api/status")).contains("\"state\":\"" + state + "\""));
    }

    private String get(int port, String path) throws IOException, InterruptedException {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private HttpResponse<String> post(int port, String path, String body) throws IOException, InterruptedException {
        return web.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
