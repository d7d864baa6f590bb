package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What comes after the copy, as users see it: in the output of `backfill`, `migrate`, `plan` and `status`, in the
/// gate,
/// over REST and as a metric.
@SuppressWarnings("NullAway.Init")
class AfterCopyIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final HttpClient web = HttpClient.newHttpClient();
    private Place place;
    private Map<String, String> settings;

    @BeforeEach
    void fill() throws IOException {
        place = Servers.place();
        Files.createDirectories(folder.resolve("migrations/after"));
        copy("mapping.yaml");
        copy("migrations/V0001__demo_shop.sql");
        settings = Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());
        place.mongo()
                .getCollection("users")
                .insertMany(IntStream.range(0, 20)
                        .mapToObj(i -> new Document("_id", "u" + i).append("email", "e" + i % 10))
                        .toList());
        place.mongo()
                .getCollection("orders")
                .insertOne(new Document("_id", 1L)
                        .append("userId", "u1")
                        .append("placedAt", Instant.parse("2026-01-01T00:00:00Z"))
                        .append("lines", List.of()));
    }

    @Test
    @DisplayName(
            "backfill applies the scripts at its end and says so; before it, migrate lists them as pending and applies none")
    void backfill() throws IOException {
        after("V0001__indexes.sql", "CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);");
        after(
                "V0002__keys.sql",
                "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;");

        Result early = Cli.run(settings, "migrate", "--after");
        assertThat(early.exitCode()).isEqualTo(3);
        assertThat(early.out()).contains("After the copy: nothing yet, since these are not copied: users, orders.");
        assertThat(Cli.runHere(settings, "migrate", "--info").out())
                .containsPattern(
                        "after/V0001__indexes.sql +1 +CREATE INDEX CONCURRENTLY orders_placed.* Pending \\(after the copy\\)");

        Result planned = Cli.runHere(settings, "plan", "--sample", "0");
        assertThat(planned.exitCode()).as(planned.out()).isZero();
        assertThat(planned.out())
                .containsPattern(
                        "after_migrations +0 of 2 statements in migrations/after are applied; the others come after the copy");

        Result copied = Cli.runHere(settings, "backfill");
        assertThat(copied.exitCode()).as(copied.err()).isZero();
        assertThat(copied.out())
                .contains(
                        "After the copy: V0001__indexes.sql, statement 1: CREATE INDEX CONCURRENTLY orders_placed_at_idx")
                .containsPattern("After the copy: V0002__keys.sql, statement 1: applied; \\d+\\.\\d s")
                .contains("After the copy: 2 statements applied, 3 tables analyzed. Nothing is left.");
        assertThat(Cli.runHere(settings, "migrate", "--info").out())
                .containsPattern("after/V0002__keys.sql +1 .* Success")
                .doesNotContain("Pending");
        assertThat(Cli.runHere(settings, "migrate", "--after").out())
                .contains(
                        "Nothing to do: every migration is applied.",
                        "0 statements applied, 0 tables analyzed. Nothing is left.");
        assertThat(Cli.runHere(settings, "plan", "--sample", "0").out())
                .containsPattern("ok +after_migrations +2 of 2 statements in migrations/after are applied");
    }

    @Test
    @DisplayName(
            "a refused statement leaves the stream alone and the gate shut; status, REST and the metric say it; `migrate"
                    + " --after` tries it again, and then the gate opens")
    void refused() throws Exception {
        after("V0001__unique.sql", "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);");
        int port = GateCommandIT.freePort();
        try (Cli run = Cli.start(Cli.with(settings, "SLUICE_HTTP_PORT", Integer.toString(port)), "run")) {
            await().atMost(SOON)
                    .until(() ->
                            run.err().contains("was refused") || run.err().contains("could not create unique index"));
            assertThat(run.err())
                    .contains("What comes after the copy could not all be done. V0001__unique.sql, statement 1")
                    .contains("could not create unique index \"users_email_key\"")
                    .contains("The stream goes on, and the gate stays shut")
                    .doesNotContain("e1)");
            place.mongo().getCollection("users").insertOne(new Document("_id", "new").append("email", "new"));
            await().atMost(SOON).until(() -> place.count("users WHERE id = 'new'") == 1);

            Result gate = Cli.runHere(settings, "gate", "users");
            assertThat(gate.exitCode()).isEqualTo(1);
            assertThat(gate.out())
                    .containsPattern(
                            "after_migrations +no +1 +0 +statements +1 statement of an after-migration is not applied");
            Result status = Cli.runHere(settings, "status");
            assertThat(status.out())
                    .contains("after the copy: 0 of 1 statement is applied")
                    .contains("V0001__unique.sql, statement 1: refused: could not create unique index");
            JsonNode rest = new JsonMapper().readTree(get(port, "/api/status")).path("after");
            assertThat(rest.path("statements").asInt()).isEqualTo(1);
            assertThat(rest.path("open").get(0).path("state").asText()).isEqualTo("failed");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(get(port, "/prometheus"))
                            .containsPattern(
                                    "sluice_after_migrations\\{pipeline=\"demo\",state=\"failed\",?\\} 1\\.0"));

            for (int i = 10; i < 20; i++) {
                place.mongo()
                        .getCollection("users")
                        .updateOne(new Document("_id", "u" + i), new Document("$set", new Document("email", "f" + i)));
            }
            await().atMost(SOON).until(() -> place.count("users WHERE email LIKE 'f%'") == 10);
            Result again = Cli.runHere(settings, "migrate", "--after");
            assertThat(again.exitCode()).as(again.err()).isZero();
            assertThat(again.out()).contains("After the copy: 1 statement applied");
            await().atMost(SOON).until(() -> GateCommandIT.isOpen(place, "users"));
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName(
            "with AUTO_MIGRATE=false neither run nor backfill applies a script, tables are analyzed, and `migrate --after` does the rest")
    void notByItself() throws IOException {
        after("V0001__indexes.sql", "CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);");
        assertThat(Cli.runHere(settings, "migrate").exitCode()).isZero();
        Map<String, String> production = Cli.with(settings, "AUTO_MIGRATE", "false");

        Result copied = Cli.runHere(production, "backfill");
        assertThat(copied.exitCode()).as(copied.err()).isZero();
        assertThat(copied.out()).contains("AUTO_MIGRATE is false: `sluice migrate --after` applies them.");
        assertThat(place.count("sluice.after_table t WHERE sluice.is_analyzed(t)"))
                .isEqualTo(3);
        assertThat(place.text("SELECT to_regclass('orders_placed_at_idx')")).isEmpty();

        Result after = Cli.runHere(settings, "migrate", "--after");
        assertThat(after.out()).contains("1 statement applied, 3 tables analyzed. Nothing is left.");
        assertThat(place.text("SELECT to_regclass('orders_placed_at_idx')")).isEqualTo("orders_placed_at_idx");
    }

    @Test
    @DisplayName(
            "plan names what was changed since it was applied, what would hold up the stream, and the right that is missing")
    void planned() throws IOException {
        after("V0001__indexes.sql", "CREATE INDEX orders_placed_at_idx ON orders (placed_at);");
        assertThat(Cli.runHere(settings, "backfill").exitCode()).isZero();

        after("V0001__indexes.sql", "CREATE INDEX orders_placed_at_idx ON orders (placed_at, id);");
        after("V0002__more.sql", """
                CREATE INDEX users_name_idx ON users (name);
                ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;
                """);
        Result planned = Cli.runHere(settings, "plan", "--sample", "0");
        assertThat(planned.exitCode()).isEqualTo(1);
        assertThat(planned.out())
                .containsPattern("problem +after_migrations +V0001__indexes.sql, statement 1 is not as it was applied")
                .containsPattern("warning +after_migrations +V0002__more.sql, statement 1 .*holds up the stream")
                .containsPattern("warning +after_migrations +V0002__more.sql, statement 2 .*holds up the stream");
    }

    @Test
    @DisplayName("a file whose name says no order is wrong use, before a server is asked")
    void wrongName() throws IOException {
        after("indexes.sql", "SELECT 1");

        Result run = Cli.run(settings, "run");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("migrations/after/indexes.sql is not named V0001__what_it_does.sql");
    }

    private void after(String name, String sql) throws IOException {
        Files.writeString(folder.resolve("migrations/after").resolve(name), sql);
    }

    private void copy(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                AfterCopyIT.class.getClassLoader().getResourceAsStream("catalog/demo/" + name))) {
            Files.write(folder.resolve(name), in.readAllBytes());
        }
    }

    private String get(int port, String path) throws IOException, InterruptedException {
        return web.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
