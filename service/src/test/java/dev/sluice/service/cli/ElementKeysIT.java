package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bson.BsonDocument;
import org.bson.Document;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Elements of an array that are keyed by a field of their own")
class ElementKeysIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private static final String MAPPING = """
            mapping: orders
            database: d
            collections:
              orders:
                key: {column: id, type: bigint}
                columns: {state: text}
                children:
                  lines:
                    from: lines
                    parent: order_id
                    key: {column: line_id, from: _id, type: KEY_TYPE}
                    columns: {sku: text, mood: {postgres: mood}}
            """;

    private static final String TABLES = """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE orders (id bigint PRIMARY KEY, state text);
            CREATE TABLE lines (order_id bigint, line_id KEY_TYPE, sku text, mood mood, PRIMARY KEY (order_id, line_id));
            """;

    private final Place place = Servers.place();
    private final Path folder;

    ElementKeysIT(@TempDir Path folder) {
        this.folder = folder;
    }

    private void keyedBy(String type) throws IOException {
        Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(folder.resolve("mapping.yaml"), MAPPING.replace("KEY_TYPE", type));
        Files.writeString(folder.resolve("migrations/V0001__tables.sql"), TABLES.replace("KEY_TYPE", type));
    }

    @BeforeEach
    void anOrder() throws IOException {
        keyedBy("bigint");
        place.mongo()
                .getCollection("orders")
                .insertOne(Document.parse("{_id: {$numberLong: '1'}, lines: [{_id: 30, sku: 'c'}, {_id: 10, sku: 'a'},"
                        + " {_id: 20, sku: 'b', mood: 'odd'}, {sku: 'none'}, {_id: 10, sku: 'again'}, 'no object']}"));
    }

    private Map<String, String> settings() {
        return Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());
    }

    private Result ok(String... command) {
        // A copy or a replay takes the pipeline, which the next command is not to wait for.
        boolean looks = command[0].equals("verify") || command[0].equals("checkpoint");
        Result result = looks ? Cli.runHere(settings(), command) : Cli.run(settings(), command);
        assertThat(result.exitCode()).as(result.said()).isZero();
        return result;
    }

    private String lines() {
        return place.text("SELECT string_agg(line_id || sku, ',' ORDER BY line_id::text) FROM lines");
    }

    private String writers() {
        return place.text("SELECT string_agg(line_id || ' ' || xmin, ',' ORDER BY line_id) FROM lines"
                + " WHERE line_id IN (10, 20, 30)");
    }

    private void update(String update) {
        place.mongo().getCollection("orders").updateOne(new Document("_id", 1L), Document.parse(update));
    }

    @Test
    @DisplayName("have rows where they have a key of their own, and are in quarantine else; they verify equal")
    void copied() {
        ok("backfill");

        assertThat(lines()).isEqualTo("10a,20b,30c");
        assertThat(place.text(
                        "SELECT string_agg(column_name || ' ' || path, ',' ORDER BY path) FROM sluice.quarantine"))
                .isEqualTo(
                        "lines.mood lines[2].mood,lines.line_id lines[3],lines.line_id lines[4],lines.line_id lines[5]");
        ok("verify");
    }

    @Test
    @DisplayName("keep their rows where another one comes before them, and lose them with the element")
    void streamed() {
        ok("backfill");
        String before = writers();

        try (Cli run = Cli.start(settings(), "run")) {
            update("{$push: {lines: {$each: [{_id: 5, sku: 'e'}], $position: 0}}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(lines()).isEqualTo("10a,20b,30c,5e"));
            assertThat(writers()).isEqualTo(before);

            update("{$set: {lines: [{_id: 20, sku: 'b', mood: 'odd'}, {_id: 30, sku: 'changed'}]}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(lines()).isEqualTo("20b,30changed"));
            assertThat(before).contains(place.text("SELECT '20 ' || xmin FROM lines WHERE line_id = 20"));
            assertThat(run.running()).isTrue();
        }
        ok("verify");
    }

    @ParameterizedTest
    @DisplayName("are compared by their keys: what was tampered with is drift, and is repaired")
    @CsvSource(delimiter = '|', textBlock = """
            bigint | UPDATE lines SET sku = 'z' WHERE line_id = 10
            bigint | UPDATE lines SET line_id = 11 WHERE line_id = 10
            bigint | DELETE FROM lines WHERE line_id = 20
            bigint | INSERT INTO lines VALUES (1, 40, 'd', NULL)
            text | UPDATE lines SET sku = 'z' WHERE line_id = '10'
            text | UPDATE lines SET line_id = '010' WHERE line_id = '10'
            varchar(9) | DELETE FROM lines WHERE line_id = '20'
            """)
    void drift(String type, String tampering) throws IOException {
        keyedBy(type);
        ok("backfill");
        ok("verify");
        place.execute(tampering);

        Result found = Cli.runHere(settings(), "verify");
        Result repaired = Cli.runHere(settings(), "verify", "--repair");

        assertThat(found.exitCode()).as(found.said()).isEqualTo(1);
        assertThat(repaired.exitCode()).as(repaired.said()).isZero();
        assertThat(lines()).isEqualTo("10a,20b,30c");
    }

    @Test
    @DisplayName("may have UUIDs for keys, and a value that PostgreSQL refuses is told of the right row")
    void uuids() throws IOException {
        keyedBy("uuid");
        place.mongo()
                .getCollection("orders", BsonDocument.class)
                .replaceOne(
                        new Document("_id", 1L),
                        BsonDocument.parse(
                                "{lines: [{_id: {$uuid: '00112233-4455-6677-8899-aabbccddeeff'}, sku: 'a', mood: 'glad'},"
                                        + " {_id: '10112233-4455-6677-8899-aabbccddeeff', sku: 'b', mood: 'odd'}]}"));

        ok("backfill");

        assertThat(place.text(
                        "SELECT string_agg(left(line_id::text, 1) || sku || coalesce(mood::text, '-'), ',' ORDER BY sku)"
                                + " FROM lines"))
                .isEqualTo("0aglad,1b-");
        assertThat(place.text("SELECT column_name || ' ' || path FROM sluice.quarantine"))
                .isEqualTo("lines.mood lines[1].mood");
        ok("verify");
    }

    @Test
    @DisplayName("whose column takes different keys for one are refused before anything is copied")
    void keysThatAreOne() {
        place.execute(TABLES.replace("KEY_TYPE", "real"));
        deleteMigration();

        Result plan = Cli.runHere(settings(), "plan");

        assertThat(plan.exitCode()).as(plan.said()).isEqualTo(1);
        assertThat(plan.out()).contains("public.lines.line_id is in the key");
        assertThat(Cli.runHere(settings(), "backfill").exitCode()).isNotZero();
        assertThat(place.count("lines")).isZero();
        assertThat(List.of(0L, 1L)).contains(place.count("orders"));
    }

    private void deleteMigration() {
        try {
            Files.delete(folder.resolve("migrations/V0001__tables.sql"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
