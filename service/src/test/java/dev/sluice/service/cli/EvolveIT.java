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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bson.Document;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `sluice evolve` goes over to another mapping while the pipeline runs and the application writes.
class EvolveIT {
    private static final Duration BOUND = Duration.ofSeconds(90);
    private static final int THINGS = 3_000;
    private static final long WRITES_A_SECOND = 200;

    private static final String FIRST = """
            mapping: evolving
            database: d
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  name: text
                  size: integer
              others:
                table: others
                key: {column: id, type: bigint}
                columns:
                  name: text
            """;

    private final Place place = Servers.place();
    private final Path folder;

    EvolveIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeEach
    void firstMapping() throws IOException {
        Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(folder.resolve("mapping.yaml"), FIRST);
        Files.writeString(
                folder.resolve("migrations/V0001__tables.sql"),
                "CREATE TABLE things (id bigint PRIMARY KEY, name text, size integer);"
                        + " CREATE TABLE others (id bigint PRIMARY KEY, name text);");
        for (String collection : List.of("things", "others")) {
            place.mongo()
                    .getCollection(collection)
                    .insertMany(
                            IntStream.range(0, THINGS).mapToObj(EvolveIT::thing).toList());
        }
    }

    private static Document thing(long i) {
        return new Document("_id", i)
                .append("name", "n" + i)
                .append("nick", "k" + i)
                .append("size", (int) i);
    }

    private Map<String, String> settings() {
        return Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());
    }

    private void mapping(String text) throws IOException {
        Files.writeString(folder.resolve("mapping.yaml"), text);
    }

    private static String withNick() {
        return FIRST.replaceFirst("      name: text\n", "      name: text\n      nick: text\n");
    }

    private static String withLargeSize() {
        return FIRST.replace("size: integer", "size: text");
    }

    private static String withEvents() {
        return FIRST + """
              events:
                table: events
                key: {column: id, type: bigint}
                columns:
                  name: text
                children:
                  event_tags:
                    from: tags
                    parent: event_id
                    ordinal: ordinal
                    columns:
                      tag: {type: text, from: {element: true}}
            """;
    }

    /// Where another process runs the pipeline, or nothing takes it afterwards.
    private Result evolve(String... options) {
        return Cli.runHere(settings(), command(options));
    }

    /// Where it takes the pipeline, and another command does so afterwards.
    private Result evolveInAProcess(String... options) {
        return Cli.run(settings(), command(options));
    }

    private static String[] command(String... options) {
        return Stream.concat(Stream.of("evolve"), Stream.of(options)).toArray(String[]::new);
    }

    private static Result fine(Result result) {
        assertThat(result.exitCode()).as(result.said()).isZero();
        return result;
    }

    private String chunksOf(String collection) {
        return place.text(
                "SELECT string_agg(chunk || ' ' || started_at, ', ' ORDER BY chunk) FROM sluice.backfill_chunk"
                        + " WHERE collection = '" + collection + "'");
    }

    private String versions() {
        return place.text("SELECT string_agg(version || CASE WHEN since IS NULL THEN ' wanted' ELSE '' END, ', '"
                + " ORDER BY version) FROM sluice.mapping_version");
    }

    private Cli running() {
        Cli run = Cli.start(settings(), "run");
        try {
            awaitCopied();
            return run;
        } catch (RuntimeException | AssertionError e) {
            run.close();
            throw e;
        }
    }

    private void awaitCopied() {
        await().atMost(BOUND)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(place.count("sluice.backfill WHERE state = 'done'"))
                        .isGreaterThanOrEqualTo(2));
    }

    /// Inserts, changes and deletes things at a fixed rate until it is closed.
    private final class Writing implements AutoCloseable {
        private final AtomicBoolean going = new AtomicBoolean(true);
        private final AtomicLong writes = new AtomicLong();
        private final Thread thread = Thread.ofPlatform().name("writing").start(this::write);

        private void write() {
            var things = place.mongo().getCollection("things");
            long began = System.nanoTime();
            for (long i = 0; going.get(); i++) {
                long id = THINGS + i / 3;
                switch ((int) (i % 3)) {
                    case 0 -> things.insertOne(thing(id));
                    case 1 ->
                        things.updateOne(
                                new Document("_id", id - THINGS),
                                new Document("$set", new Document("nick", "changed" + i).append("size", (int) -i)));
                    case 2 -> things.deleteOne(new Document("_id", id - 40));
                    default -> throw new IllegalStateException();
                }
                writes.incrementAndGet();
                long wait = began + (i + 1) * 1_000_000_000L / WRITES_A_SECOND - System.nanoTime();
                if (wait > 0) {
                    try {
                        Thread.sleep(Duration.ofNanos(wait));
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            going.set(false);
            thread.join();
            assertThat(writes.get()).isGreaterThan(WRITES_A_SECOND);
        }
    }

    private void requireEqual() {
        fine(Cli.runHere(settings(), "verify"));
    }

    @Test
    @DisplayName(
            "a column that is new is added, filled and compared while 200 writes a second go on; the process that runs"
                    + " the pipeline goes on, and no other collection is read again")
    void newColumn() throws IOException, InterruptedException {
        try (Cli run = running()) {
            String untouched = chunksOf("others");
            Result evolved;
            try (Writing writing = new Writing()) {
                mapping(withNick());
                Result outlook = fine(evolve("--dry-run"));
                assertThat(outlook.out())
                        .contains("things: its documents are read again", "things.nick: new")
                        .contains("V0002__evolve_things.sql", "ALTER TABLE things ADD COLUMN nick text")
                        .doesNotContain("others");
                assertThat(Files.exists(folder.resolve("migrations/V0002__evolve_things.sql")))
                        .isFalse();
                assertThat(versions()).isEqualTo("1");

                evolved = fine(evolve());
            }

            assertThat(evolved.out())
                    .contains("Applied the migration 0002", "things: written anew and compared", "both sides are equal")
                    .contains("Version 2 of the mapping is in force.");
            assertThat(evolved.err()).contains("taken over by the process that runs the pipeline");
            assertThat(run.running()).isTrue();
            assertThat(versions()).isEqualTo("1, 2");
            assertThat(chunksOf("others")).isEqualTo(untouched);
            assertThat(place.count("things WHERE nick IS NULL")).isZero();
            assertThat(place.text("SELECT cluster_time_seconds > 0 FROM sluice.mapping_version WHERE version = 2"))
                    .isEqualTo("t");
            assertThat(place.count("sluice.pause")).isZero();
            requireEqual();
            assertThat(fine(evolve()).out()).contains("are written with this mapping: version 2");
        }
    }

    @Test
    @DisplayName("a column that gets another type is rewritten where that is quick, and else another takes its place")
    void anotherType() throws IOException, InterruptedException {
        try (Cli run = running()) {
            try (Writing writing = new Writing()) {
                mapping(withLargeSize());
                assertThat(fine(evolve()).out())
                        .contains("ALTER TABLE things ALTER COLUMN size TYPE text USING size::text");
                mapping(FIRST.replace("size: integer", "size: bigint"));
                assertThat(fine(evolve("--lock-max", "0s")).out())
                        .contains("ALTER TABLE things RENAME COLUMN size TO size_before_v3")
                        .contains("ALTER TABLE things DROP COLUMN size_before_v3;");
            }
            assertThat(place.text("SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                            + " WHERE attrelid = 'things'::regclass AND attname = 'size'"))
                    .isEqualTo("bigint");
            assertThat(place.count("things WHERE size IS NULL")).isZero();
            assertThat(run.running()).isTrue();
            requireEqual();
        }
    }

    @Test
    @DisplayName(
            "a collection that comes into the mapping gets its tables and is copied, and one that leaves it keeps its"
                    + " rows")
    void collections() throws IOException, InterruptedException {
        place.mongo()
                .getCollection("events")
                .insertMany(IntStream.range(0, 100)
                        .mapToObj(i -> thing(i).append("tags", List.of("a" + i, "b" + i)))
                        .toList());
        try (Cli run = running()) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(evolve("--dry-run").out())
                            .contains("Not in the file: events. `sluice infer --collection events` proposes"));
            try (Writing writing = new Writing()) {
                mapping(withEvents());
                assertThat(evolve("--dry-run").out()).doesNotContain("Not in the file");
                Result evolved = fine(evolve());
                assertThat(evolved.out()).contains("events: it is new, and is copied", "CREATE TABLE event_tags");
                place.mongo().getCollection("events").insertOne(thing(500).append("tags", List.of("late")));
                await().atMost(BOUND)
                        .untilAsserted(
                                () -> assertThat(place.count("event_tags")).isEqualTo(201));

                mapping(withEvents().replaceFirst("(?s)  others:.*?  events:", "  events:"));
                assertThat(fine(evolve()).out()).contains("others: it leaves the mapping: its rows stay");
            }
            assertThat(place.count("others")).isEqualTo(THINGS);
            assertThat(place.count("sluice.watermark WHERE collection = 'others'"))
                    .isZero();
            assertThat(run.running()).isTrue();
            requireEqual();
        }
    }

    @Test
    @DisplayName("readers on PostgreSQL see no row that is half filled: nothing is changed until they are moved back")
    void readers() throws IOException, SQLException, InterruptedException {
        try (Cli run = running()) {
            try (Connection connection = Servers.connect(place.postgresUri())) {
                new RouteStore("evolving").set(connection, "things", new Share(100, 0));
            }
            mapping(withNick());

            Result refused = evolve();
            Result outlook = evolve("--dry-run");

            assertThat(refused.exitCode()).as(refused.said()).isEqualTo(2);
            assertThat(refused.err()).contains("Nothing was changed: readers of things are on PostgreSQL");
            assertThat(outlook.exitCode()).isEqualTo(1);
            assertThat(outlook.out()).contains("In the way: readers of things");
            assertThat(versions()).isEqualTo("1");
            assertThat(Files.exists(folder.resolve("migrations/V0002__evolve_things.sql")))
                    .isFalse();

            AtomicLong halfFilled = new AtomicLong();
            AtomicBoolean reading = new AtomicBoolean(true);
            Thread reader = Thread.ofPlatform().start(() -> {
                try (Connection connection = Servers.connect(place.postgresUri())) {
                    while (reading.get()) {
                        halfFilled.addAndGet(halfFilledOnPostgres(connection));
                    }
                } catch (SQLException e) {
                    halfFilled.set(Long.MIN_VALUE);
                }
            });
            Result evolved = fine(evolve("--rollback-reads", "1s"));
            await().atMost(BOUND).until(() -> gate("things").exitCode() == 0);
            fine(Cli.runHere(settings(), "cutover", "things"));
            reading.set(false);
            reader.join();

            assertThat(evolved.err()).contains("All reads of things are on MongoDB");
            assertThat(halfFilled).hasValue(0);
            assertThat(place.count("things WHERE nick IS NULL")).isZero();
            assertThat(run.running()).isTrue();
        }
    }

    /// What a reader that goes by the route sees, in one snapshot.
    private static long halfFilledOnPostgres(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT EXISTS (SELECT FROM sluice.read_route r WHERE r.collection ="
                        + " 'things' AND r.percent > 0), EXISTS (SELECT FROM pg_attribute WHERE attrelid ="
                        + " 'things'::regclass AND attname = 'nick')")) {
            row.next();
            if (!row.getBoolean(1) || !row.getBoolean(2)) {
                return 0;
            }
        }
        try (var statement = connection.createStatement();
                var row =
                        statement.executeQuery("SELECT count(*) FROM things WHERE nick IS NULL AND EXISTS (SELECT FROM"
                                + " sluice.read_route r WHERE r.collection = 'things' AND r.percent > 0)")) {
            row.next();
            return row.getLong(1);
        }
    }

    private Result gate(String collection) {
        return Cli.runHere(settings(), "gate", collection);
    }

    @Test
    @DisplayName("where no process runs the pipeline it copies itself, and a stream that starts later has all changes")
    void alone() throws IOException {
        fine(Cli.run(settings(), "backfill"));
        place.mongo().getCollection("things").insertOne(thing(-1));
        mapping(withNick());

        Result evolved = fine(evolveInAProcess("--json"));

        assertThat(evolved.out()).contains("\"version\":2", "\"runs_elsewhere\":false", "\"equal\":true");
        place.mongo().getCollection("things").insertOne(thing(-2));
        try (Cli run = Cli.start(settings(), "run")) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.count("things WHERE nick = 'k' || id"))
                            .isEqualTo(THINGS + 2));
        }
        requireEqual();
    }

    @ParameterizedTest(name = "killed at {0}")
    @ValueSource(
            strings = {"EVOLVE_HELD", "EVOLVE_SCRIPT_WRITTEN", "EVOLVE_TABLES_CHANGED", "EVOLVE_WANTED", "EVOLVE_FILLED"
            })
    @DisplayName("killed between any two steps, the same command goes on, and both sides become equal")
    void killed(String failpoint) throws IOException, InterruptedException {
        try (Cli run = running()) {
            String untouched = chunksOf("others");
            try (Writing writing = new Writing()) {
                mapping(withNick());
                kill(failpoint, "evolve");
                fine(evolve());
            }
            assertThat(run.running()).isTrue();
            assertThat(versions()).isEqualTo("1, 2");
            assertThat(chunksOf("others")).isEqualTo(untouched);
            assertThat(place.count("things WHERE nick IS NULL")).isZero();
            assertThat(place.count("sluice.pause")).isZero();
            requireEqual();
        }
    }

    @Test
    @DisplayName(
            "the process that takes the mapping over is killed when it has noted that, and the next one goes on with it")
    void killedWhileTakingOver() throws IOException, InterruptedException {
        running().close();
        Process run = start("MAPPING_FOLLOWED:1", "run");
        try {
            place.mongo().getCollection("others").insertOne(thing(-1));
            await().atMost(BOUND)
                    .untilAsserted(() ->
                            assertThat(place.count("others WHERE id = -1")).isOne());
            mapping(withNick());
            try (Cli evolve = Cli.start(settings(), "evolve")) {
                assertThat(run.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
                assertThat(run.exitValue()).isEqualTo(137);
                assertThat(versions()).isEqualTo("1, 2");
                try (Cli next = Cli.start(settings(), "run")) {
                    assertThat(evolve.await().exitCode()).isZero();
                    assertThat(next.running()).isTrue();
                }
            }
        } finally {
            run.destroyForcibly().waitFor();
        }
        assertThat(place.count("things WHERE nick = 'k' || id")).isEqualTo(THINGS);
        requireEqual();
    }

    @Test
    @DisplayName("a process that starts with the file of before works with the mapping in force, and its log says so")
    void fileOfBefore() throws IOException {
        fine(Cli.run(settings(), "backfill"));
        mapping(withNick());
        fine(evolveInAProcess());
        mapping(FIRST);
        place.mongo().getCollection("things").insertOne(thing(-1));

        try (Cli run = Cli.start(settings(), "run")) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.count("things WHERE nick = 'k' || id"))
                            .isEqualTo(THINGS + 1));
            assertThat(run.out() + run.err())
                    .contains("Working with version 2 of the mapping of the pipeline evolving");
        }
        assertThat(versions()).isEqualTo("1, 2");

        assertThat(fine(evolveInAProcess()).out()).contains("things.nick: no longer written; its values stay");
        assertThat(versions()).isEqualTo("1, 2, 3");
    }

    @Test
    @DisplayName("what can't be done is refused before anything is changed")
    void refused() throws IOException {
        Result nothing = evolve();
        assertThat(nothing.exitCode()).as(nothing.said()).isEqualTo(2);
        assertThat(nothing.err()).contains("No rows of the pipeline evolving are noted yet");

        fine(Cli.run(settings(), "backfill"));
        mapping(FIRST.replaceFirst("id, type: bigint", "id, type: text"));
        Result key = evolve();
        assertThat(key.exitCode()).as(key.said()).isEqualTo(2);
        assertThat(key.err()).contains("the key of things changes");

        mapping(withNick());
        fine(Cli.runHere(settings(), "pause", "--reason", "tea"));
        Result paused = evolve();
        assertThat(paused.exitCode()).as(paused.said()).isEqualTo(2);
        assertThat(paused.err()).contains("tea", "sluice resume");
        fine(Cli.runHere(settings(), "resume"));

        Files.writeString(folder.resolve("migrations/V0002__own.sql"), "ALTER TABLE nowhere ADD COLUMN nick text;");
        Result broken = evolve();
        assertThat(broken.exitCode()).as(broken.said()).isEqualTo(3);
        assertThat(broken.err()).contains("V0002__own.sql");
        assertThat(versions()).isEqualTo("1");
        assertThat(place.count("sluice.pause")).isZero();

        Files.writeString(folder.resolve("migrations/V0002__own.sql"), "ALTER TABLE things ADD COLUMN nick text;");
        assertThat(fine(evolve()).out())
                .contains("migration 0002 own: applied first")
                .doesNotContain("evolve_things");
    }

    private void kill(String failpoint, String command) throws IOException, InterruptedException {
        Process process = start(failpoint, command);
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve(command + ".log")))
                .isEqualTo(137);
    }

    private Process start(String failpoint, String command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Program.command(List.of("-Dsluice.failpoint=" + failpoint), List.of(command)))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(command + ".log").toFile());
        builder.environment().putAll(settings());
        return builder.start();
    }
}
