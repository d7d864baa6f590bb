package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusWatchIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String ENTER = "\u001b[?1049h";
    private static final String LEAVE = "\u001b[?1049l";
    private static final String CLEAR = "\u001b[2J";

    private int resized;

    @Test
    @DisplayName("on a terminal it takes the screen, moves, follows the window's size, and gives the screen back")
    void onATerminal() {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertOne(new Document("age", 7));
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(SOON)
                    .ignoreExceptions()
                    .until(() -> place.count("sluice.activity WHERE state = 'streaming'") == 1);
            try (InTerminal watch = InTerminal.start(place.settings(), 100, 20, "status", "--watch")) {
                await().atMost(SOON).until(() -> plain(watch).contains("q quit"));
                assertThat(watch.written()).contains(ENTER, "\u001b[?25l").doesNotContain(LEAVE);
                await().atMost(SOON).until(() -> plain(watch).contains("changes/s"));
                assertThat(plain(watch))
                        .contains("streaming", "last min", "Quar")
                        .doesNotContain("Documents");

                place.mongo().getCollection("users").insertMany(List.of(new Document("age", "old"), new Document()));
                await().atMost(SOON).pollInterval(Duration.ofSeconds(2)).untilAsserted(() -> {
                    watch.resize(next(170), 20);
                    assertThat(frame(watch))
                            .contains("Documents", "last min")
                            .containsPattern("users +following .* 0 +0 +1 +shut: .* MongoDB")
                            .contains("latency p50");
                });
                watch.resize(60, 12);
                await().atMost(SOON)
                        .untilAsserted(() -> assertThat(frame(watch))
                                .contains("Collection")
                                .doesNotContain("Documents", "Reads from"));

                watch.type("q");
                assertThat(watch.await()).isEqualTo("exit 0, modes as before");
                assertThat(watch.written()).contains(LEAVE, "\u001b[?25h");
                assertThat(watch.written().lastIndexOf(ENTER))
                        .isLessThan(watch.written().lastIndexOf(LEAVE));
            }
            run.terminate();
            run.await();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"type \\x03, exit 130", "signal SIGTERM, exit 143"})
    @DisplayName("however it is ended, the screen and the modes of the terminal are as they were")
    void restored(String how, String exit) {
        Place place = Servers.migratedPlace();
        try (InTerminal watch = InTerminal.start(place.settings(), 100, 20, "status", "--watch")) {
            await().atMost(SOON).until(() -> plain(watch).contains("never started"));

            if (how.startsWith("type")) {
                watch.type("\\x03");
            } else {
                watch.signal("SIGTERM");
            }

            // Python says -2 for a process that SIGINT has ended; a JVM ends by itself, with 130.
            assertThat(watch.await()).isEqualTo(exit + ", modes as before");
            assertThat(watch.written()).contains("\u001b[?25h", LEAVE);
        }
    }

    @Test
    @DisplayName("while PostgreSQL refuses, that is said above what was read last, and it goes on by itself")
    void postgresAway() {
        Place place = Servers.migratedPlace();
        String role = "watcher_" + Long.toString(System.nanoTime(), 36);
        place.execute("CREATE ROLE " + role + " LOGIN; GRANT USAGE ON SCHEMA sluice TO " + role
                + "; GRANT SELECT ON ALL TABLES IN SCHEMA sluice TO " + role);
        String uri = place.postgresUri().replaceFirst("//[^@/]*@", "//" + role + "@");
        try (InTerminal watch =
                InTerminal.start(Cli.with(place.settings(), "POSTGRES_URI", uri), 120, 20, "status", "--watch")) {
            await().atMost(SOON).until(() -> plain(watch).contains("never started"));
            place.execute("ALTER ROLE " + role + " CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid)"
                    + " FROM pg_stat_activity WHERE usename = '" + role + "'");

            await().atMost(SOON).until(() -> plain(watch).contains("What follows is of then"));
            assertThat(plain(watch)).containsPattern("PostgreSQL (does not answer|can't be asked) since 20");

            place.execute("ALTER ROLE " + role + " CONNECTION LIMIT -1");
            await().atMost(SOON).pollInterval(Duration.ofSeconds(2)).untilAsserted(() -> {
                watch.resize(next(110), 20);
                assertThat(frame(watch)).contains("never started").doesNotContain("What follows is of then");
            });
            watch.type("q");
            assertThat(watch.await()).startsWith("exit 0");
        }
    }

    @Test
    @DisplayName("where standard output is no terminal it prints a line for each change, without colours")
    void piped() {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertOne(new Document("age", 7));
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        try (Cli watch = Cli.start(place.settings(), "status", "--watch")) {
            await().atMost(SOON).until(() -> watch.out().contains("users: following"));
            place.execute(
                    "INSERT INTO sluice.quarantine (pipeline, collection, document_key, column_name, path, bson_type,"
                            + " value, reason) SELECT pipeline, collection, '1', 'users.age', 'age', 'string', '1', 'no number'"
                            + " FROM sluice.backfill WHERE collection = 'users'");
            await().atMost(SOON).until(() -> watch.out().contains("quarantine 1"));
            watch.interrupt();
            Result ended = watch.await();

            assertThat(ended.err()).isEmpty();
            assertThat(ended.out()).doesNotContain("\u001b").containsPattern("demo: (not )?running, lag");
            assertThat(ended.out().lines()).allMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT[0-9:]{8}Z  \\w+: .*"));
            assertThat(ended.out()
                            .lines()
                            .filter(line -> line.contains("users: "))
                            .count())
                    .as("one line for each change: %s", ended.out())
                    .isEqualTo(2);
        }
    }

    /// Another width than the last one, so that all is drawn again.
    private int next(int columns) {
        return columns + ++resized % 2;
    }

    /// What was written since the screen was cleared last, without the sequences between.
    private static String frame(InTerminal watch) {
        String written = watch.written();
        int cleared = Math.max(written.lastIndexOf(CLEAR), written.lastIndexOf("\u001b[J"));
        return plain(written.substring(Math.max(0, cleared)));
    }

    private static String plain(InTerminal watch) {
        return plain(watch.written());
    }

    /// With blanks and line ends where the cursor is moved.
    private static String plain(String written) {
        return Pattern.compile("\u001b\\[(\\d*)C")
                .matcher(written)
                .replaceAll(right -> " ".repeat(right.group(1).isEmpty() ? 1 : Integer.parseInt(right.group(1))))
                .replaceAll("\u001b\\[[0-9;]*H", "\n")
                .replaceAll("\u001b[\\[(][0-9;?]*[A-Za-z]", "");
    }
}
