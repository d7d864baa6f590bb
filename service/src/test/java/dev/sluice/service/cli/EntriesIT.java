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
import java.util.Random;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Entries of an object as rows of a child table")
class EntriesIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private static final String MAPPING = """
            mapping: games
            database: d
            collections:
              games:
                key: {column: id, type: bigint}
                columns: {title: text}
                children:
                  scores:
                    from: {entries: scores}
                    parent: game_id
                    key: {column: player, type: text}
                    columns: {points: integer, mood: {postgres: mood}}
                  prices:
                    from: {entries: prices}
                    parent: game_id
                    columns: {price: {type: numeric, from: {element: true}}}
            """;

    private static final String TABLES = """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE games (id bigint PRIMARY KEY, title text);
            CREATE TABLE scores (game_id bigint REFERENCES games ON DELETE CASCADE, player text, points integer, mood mood,
              PRIMARY KEY (game_id, player));
            CREATE TABLE prices (game_id bigint, key text, price numeric, PRIMARY KEY (game_id, key));
            """;

    /// Three entries of one name, names of all sorts, values that are no objects or do not fit.
    private static final String ODD =
            "{_id: {$numberLong: '2'}, scores: {ann: {points: 1}, ann: {points: 2}, '': {points: 3},"
                    + " 'a.b': {points: 4}, 'Ann': {points: 5}, 'ann ': {points: 6}, '日本': {points: 7}, bob: 8,"
                    + " cleo: {points: 'many', mood: 'odd'}}, prices: {EUR: 1, USD: null}}";

    private final Place place = Servers.place();
    private final Path folder;

    EntriesIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeEach
    void twoGames() throws IOException {
        Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(folder.resolve("migrations/V0001__tables.sql"), TABLES);
        place.mongo()
                .getCollection("games", RawBsonDocument.class)
                .insertMany(List.of(
                        RawBsonDocument.parse(
                                "{_id: {$numberLong: '1'}, title: 'go', scores: {ann: {points: 1, mood: 'glad'},"
                                        + " bob: {points: 2}, cleo: {points: 3}}, prices: {EUR: 5}}"),
                        RawBsonDocument.parse(ODD)));
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

    private String scores(long game) {
        return place.text("SELECT string_agg(format('%s=%s', player, points), ',' ORDER BY player COLLATE \"C\")"
                + " FROM scores WHERE game_id = " + game);
    }

    /// Which transaction wrote each row last.
    private String writers(String players) {
        return place.text("SELECT string_agg(player || ' ' || xmin, ',' ORDER BY player) FROM scores WHERE game_id = 1"
                + " AND player = ANY ('" + players + "')");
    }

    private void update(String update) {
        place.mongo().getCollection("games").updateOne(new Document("_id", 1L), Document.parse(update));
    }

    @Test
    @DisplayName("the copy writes a row for each, keeps what can't be one, and verifies equal")
    void copied() {
        ok("backfill");

        assertThat(scores(1)).isEqualTo("ann=1,bob=2,cleo=3");
        assertThat(scores(2)).isEqualTo("=3,Ann=5,a.b=4,ann=1,ann =6,cleo=,日本=7");
        assertThat(place.text("SELECT string_agg(format('%s %s=%s', game_id, key, price), ',' ORDER BY game_id, key)"
                        + " FROM prices"))
                .isEqualTo("1 EUR=5,2 EUR=1,2 USD=");
        assertThat(place.text("SELECT string_agg(column_name || ' ' || path, ',' ORDER BY path COLLATE \"C\")"
                        + " FROM sluice.quarantine"))
                .isEqualTo("scores.player scores.ann#2,scores.player scores.bob,scores.mood scores.cleo.mood,"
                        + "scores.points scores.cleo.points");
        ok("verify");
        assertThat(ok("backfill", "--resync").exitCode()).isZero();
        ok("verify");
    }

    @Test
    @DisplayName("a name that no index of PostgreSQL takes makes its document a dead letter, and no other one")
    void tooLongForAnIndex() {
        StringBuilder name = new StringBuilder();
        new Random(1).ints(4_000, 'a', 'z').forEach(letter -> name.append((char) letter));
        place.mongo()
                .getCollection("games")
                .insertOne(new Document("_id", 3L)
                        .append("scores", new Document(name.toString(), new Document("points", 1))));

        Result backfill = Cli.run(settings(), "backfill");

        assertThat(backfill.exitCode()).as(backfill.said()).isLessThanOrEqualTo(1);
        assertThat(place.text("SELECT string_agg(document_key, ',') FROM sluice.dead_letter"))
                .contains("3");
        assertThat(place.count("games")).isEqualTo(2);
        assertThat(scores(1)).isEqualTo("ann=1,bob=2,cleo=3");
        assertThat(backfill.said()).doesNotContain(name);
    }

    @Test
    @DisplayName("the stream writes the row of the one that changed, deletes the row of one that went, and no other")
    void streamed() {
        ok("backfill");
        String others = writers("{bob,cleo}");

        try (Cli run = Cli.start(settings(), "run")) {
            update("{$set: {'scores.ann.points': 10}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(scores(1)).isEqualTo("ann=10,bob=2,cleo=3"));
            assertThat(writers("{bob,cleo}")).isEqualTo(others);

            String ann = writers("{ann}");
            String cleo = writers("{cleo}");
            update("{$unset: {'scores.bob': 1}, $set: {'scores.dora': {points: 4, mood: 'sad'}}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(scores(1)).isEqualTo("ann=10,cleo=3,dora=4"));
            assertThat(writers("{ann}")).isEqualTo(ann);
            assertThat(writers("{cleo}")).isEqualTo(cleo);

            // Another order of the same entries is no change of any row.
            String all = writers("{ann,cleo,dora}");
            update(
                    "{$set: {title: 'chess', scores: {dora: {points: 4, mood: 'sad'}, cleo: {points: 3}, ann: {mood: 'glad',"
                            + " points: 10}}}}");
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.text("SELECT title FROM games WHERE id = 1"))
                            .isEqualTo("chess"));
            assertThat(writers("{ann,cleo,dora}")).isEqualTo(all);

            update("{$set: {scores: 'none'}}");
            await().atMost(BOUND)
                    .untilAsserted(() ->
                            assertThat(place.count("scores WHERE game_id = 1")).isZero());
            assertThat(place.count("sluice.quarantine WHERE path = 'scores'")).isEqualTo(1);

            update("{$set: {scores: {ann: {points: 1}}}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(scores(1)).isEqualTo("ann=1"));
            place.mongo().getCollection("games").deleteOne(new Document("_id", 2L));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.count("scores WHERE game_id = 2") + place.count("prices"))
                            .isEqualTo(1));
            assertThat(run.running()).isTrue();
        }
        ok("verify");
    }

    @ParameterizedTest
    @DisplayName("a row that is missing, too many, different or under another name is drift, and is repaired")
    @ValueSource(
            strings = {
                "DELETE FROM scores WHERE game_id = 1 AND player = 'bob'",
                "INSERT INTO scores VALUES (1, 'zoe', 1)",
                "UPDATE scores SET points = 99 WHERE game_id = 1 AND player = 'bob'",
                "UPDATE scores SET player = 'Bob' WHERE game_id = 1 AND player = 'bob'",
                "UPDATE scores SET game_id = 2, player = 'zoe' WHERE game_id = 1 AND player = 'bob'"
            })
    void drift(String tampering) {
        ok("backfill");
        place.execute(tampering);

        Result found = Cli.runHere(settings(), "verify");
        Result repaired = Cli.runHere(settings(), "verify", "--repair");

        assertThat(found.exitCode()).as(found.said()).isEqualTo(1);
        assertThat(found.said()).contains("scores");
        assertThat(repaired.exitCode()).as(repaired.said()).isZero();
        assertThat(scores(1)).isEqualTo("ann=1,bob=2,cleo=3");
        ok("verify");
    }

    @Test
    @DisplayName(
            "a replay reads documents that were touched since a checkpoint again, and their rows are as they should be")
    void replayed() {
        ok("backfill");
        ok("checkpoint", "before");
        try (Cli run = Cli.start(settings(), "run")) {
            update("{$set: {'scores.ann.points': 10}, $unset: {'scores.cleo': 1}}");
            await().atMost(BOUND).untilAsserted(() -> assertThat(scores(1)).isEqualTo("ann=10,bob=2"));
            assertThat(run.running()).isTrue();
        }
        place.execute("UPDATE scores SET points = 0 WHERE game_id = 1; INSERT INTO scores VALUES (1, 'cleo', 3)");

        ok("replay", "--from", "before");

        assertThat(scores(1)).isEqualTo("ann=10,bob=2");
        ok("verify");
    }

    @ParameterizedTest
    @DisplayName("a column that takes different names for one is refused, before anything is copied")
    @ValueSource(strings = {"citext", "char(20)", "varchar(20)", "text COLLATE loose"})
    void keysThatAreOne(String type) {
        place.execute("CREATE EXTENSION IF NOT EXISTS citext;"
                + " CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                + TABLES.replace("player text", "player " + type));
        deleteMigration();

        Result plan = Cli.runHere(settings(), "plan");
        Result backfill = Cli.runHere(settings(), "backfill");

        assertThat(plan.exitCode()).as(plan.said()).isEqualTo(1);
        assertThat(plan.out()).contains("key_equality", "public.scores.player is in the key", "ALTER TABLE");
        assertThat(backfill.exitCode()).as(backfill.said()).isNotZero();
        assertThat(place.count("games")).isZero();
    }

    private void deleteMigration() {
        try {
            Files.delete(folder.resolve("migrations/V0001__tables.sql"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
