package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.cutover.RouteStore;
import dev.sluice.cutover.Share;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import dev.sluice.service.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bson.Document;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rows that are there when a mapping changes become as the new one says.
class ChangedMappingIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final int THINGS = 500;

    private static final String FIRST = """
            mapping: changing
            database: d
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  name: text
              others:
                table: others
                key: {column: id, type: bigint}
                columns:
                  name: text
            """;

    private final Place place = Servers.place();
    private final Path folder;

    ChangedMappingIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeEach
    void firstMapping() throws IOException {
        Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(folder.resolve("mapping.yaml"), FIRST);
        Files.writeString(
                folder.resolve("migrations/V0001__tables.sql"),
                "CREATE TABLE things (id bigint PRIMARY KEY, name text);"
                        + " CREATE TABLE others (id bigint PRIMARY KEY, name text);");
        for (String collection : List.of("things", "others")) {
            place.mongo()
                    .getCollection(collection)
                    .insertMany(IntStream.range(0, THINGS)
                            .mapToObj(i -> new Document("_id", (long) i)
                                    .append("name", "n" + i)
                                    .append("nick", "k" + i)
                                    .append("size", i))
                            .toList());
        }
    }

    private Map<String, String> settings() {
        return Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());
    }

    /// The second mapping has a column more in one of the collections.
    private void change() throws IOException {
        Files.writeString(
                folder.resolve("mapping.yaml"),
                FIRST.replaceFirst("      name: text\n", "      name: text\n      nick: text\n"));
        Files.writeString(folder.resolve("migrations/V0002__nick.sql"), "ALTER TABLE things ADD COLUMN nick text;");
    }

    private Result ok(String... command) {
        Result result = Cli.run(settings(), command);
        assertThat(result.exitCode()).as(result.said()).isZero();
        return result;
    }

    private String chunksOf(String collection) {
        return place.text(
                "SELECT string_agg(chunk || ' ' || started_at, ', ' ORDER BY chunk) FROM sluice.backfill_chunk"
                        + " WHERE collection = '" + collection + "'");
    }

    @Test
    @DisplayName("a column that is new has its values in rows that were there, and no other collection is read again")
    void newColumn() throws IOException {
        ok("backfill");
        String untouched = chunksOf("others");
        change();

        Result plan = Cli.run(settings(), "plan");
        Result verify = Cli.run(settings(), "verify");
        Result resync = Cli.run(settings(), "resync", "--collection", "things");

        assertThat(plan.out())
                .contains("mapping_changed", "The mapping of things is another one than version 1")
                .contains("things.nick: new")
                .doesNotContain("The mapping of others");
        for (Result refused : List.of(verify, resync)) {
            assertThat(refused.exitCode()).as(refused.said()).isEqualTo(2);
            assertThat(refused.err())
                    .contains("another mapping than the rows of the pipeline changing were written with")
                    .contains("things.nick: new", "sluice evolve");
        }
        assertThat(ok("backfill").said()).contains("The mapping of things is another one since version 1");
        assertThat(place.count("things WHERE nick = 'k' || id")).isEqualTo(THINGS);
        assertThat(chunksOf("others")).isEqualTo(untouched);
        assertThat(place.text("SELECT string_agg(version::text, ' ' ORDER BY version) FROM sluice.mapping_version"))
                .isEqualTo("1 2");
        ok("verify");
        assertThat(Cli.run(settings(), "plan").out()).doesNotContain("mapping_changed");
    }

    @Test
    @DisplayName("a run reads the documents again beside its stream, and its log says so")
    void run() throws IOException {
        ok("backfill");
        change();

        try (Cli run = Cli.start(settings(), "run")) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.text("SELECT max(version)::text FROM sluice.mapping_version"))
                            .isEqualTo("2"));
            place.mongo().getCollection("things").insertOne(new Document("_id", -1L).append("nick", "k-1"));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.count("things WHERE nick = 'k' || id"))
                            .isEqualTo(THINGS + 1));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(
                                    place.text("SELECT state FROM sluice.backfill WHERE collection = 'things'"))
                            .isEqualTo("done"));
            assertThat(run.running()).isTrue();
        }
        ok("verify");
    }

    @Test
    @DisplayName("killed when the change is noted and nothing is read again, it is read again by the next process")
    void killed() throws IOException, InterruptedException {
        ok("backfill");
        change();
        ProcessBuilder builder = new ProcessBuilder(
                        Program.command(List.of("-Dsluice.failpoint=MAPPING_FOLLOWED"), List.of("run")))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("killed.log").toFile());
        builder.environment().putAll(settings());
        Process process = builder.start();
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("killed.log")))
                .isNotZero();
        assertThat(place.text("SELECT max(version)::text FROM sluice.mapping_version"))
                .isEqualTo("2");
        assertThat(place.count("things WHERE nick IS NOT NULL")).isZero();

        ok("backfill");

        assertThat(place.count("things WHERE nick = 'k' || id")).isEqualTo(THINGS);
        ok("verify");
    }

    @Test
    @DisplayName("where readers are on PostgreSQL nothing is changed until they are moved back")
    void readers() throws IOException, SQLException {
        ok("backfill");
        change();
        try (Connection connection = Servers.connect(place.postgresUri())) {
            new RouteStore("changing").set(connection, "things", new Share(100, 0));
        }

        Result plan = Cli.run(settings(), "plan");
        Result refused = Cli.run(settings(), "backfill");

        assertThat(plan.exitCode()).isEqualTo(1);
        assertThat(plan.out()).contains("sluice rollback things");
        assertThat(refused.exitCode()).as(refused.said()).isEqualTo(2);
        assertThat(refused.err()).contains("readers of it are on PostgreSQL", "sluice rollback things");
        assertThat(place.text("SELECT max(version)::text FROM sluice.mapping_version"))
                .isEqualTo("1");
        assertThat(place.text("SELECT state FROM sluice.backfill WHERE collection = 'things'"))
                .isEqualTo("done");

        ok("rollback", "things");
        ok("backfill");
        assertThat(place.count("things WHERE nick = 'k' || id")).isEqualTo(THINGS);
    }

    @Test
    @DisplayName("documents that no rule leaves out any more come, and rows of those that one leaves out now go")
    void skipRules() throws IOException {
        ok("backfill");
        Files.writeString(
                folder.resolve("mapping.yaml"),
                FIRST.replaceFirst(
                        "    columns:",
                        "    skip:\n      - {from: size, when: equals, values: [7], reason: seven}\n    columns:"));

        try (Cli run = Cli.start(settings(), "run")) {
            await().atMost(BOUND)
                    .untilAsserted(
                            () -> assertThat(place.count("things WHERE id = 7")).isZero());
            assertThat(place.count("things")).isEqualTo(THINGS - 1);
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    @DisplayName("where the mapping of before can't be read, the log says so, and the one of now is noted")
    void unreadable() {
        ok("backfill");
        place.execute("UPDATE sluice.mapping_version SET mapping = 'of: another release'");

        assertThat(ok("backfill").said()).contains("Version 1 of the mapping of the pipeline changing can't be read");
        assertThat(place.text("SELECT mapping FROM sluice.mapping_version")).isEqualTo(FIRST);
    }

    @Test
    @DisplayName("a mapping that says the same in other words changes nothing")
    void otherWords() throws IOException {
        ok("backfill");
        String chunks = chunksOf("things");
        Files.writeString(folder.resolve("mapping.yaml"), "# in other words\n" + FIRST);

        ok("verify");
        ok("backfill", "--collection", "others");

        assertThat(chunksOf("things")).isEqualTo(chunks);
        assertThat(place.text("SELECT max(version)::text FROM sluice.mapping_version"))
                .isEqualTo("1");
    }
}
