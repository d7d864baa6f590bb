package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Copy and exit: again, in part, dry, interrupted, while another process runs.
class BackfillCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private final Path folder;

    BackfillCommandIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void itCopiesEverythingAndASecondTimeWritesNoRow() {
        Place place = shop(25, 10);

        Result first = Cli.run(place.settings(), "backfill");
        String written = place.text("SELECT string_agg(xmin::text, ',' ORDER BY id) FROM users");
        Result second = Cli.run(place.settings(), "backfill");

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.out())
                .contains("users: done; 25 documents, 25 rows written, 0 skipped, 0 dead letters")
                .contains("orders: done; 10 documents, 20 rows written");
        assertThat(place.count("users")).isEqualTo(25);
        assertThat(place.count("orders")).isEqualTo(10);
        assertThat(place.count("order_lines")).isEqualTo(10);
        assertThat(second.exitCode()).isZero();
        assertThat(second.out()).contains("users: done; 25 documents, 0 rows written");
        assertThat(place.text("SELECT string_agg(xmin::text, ',' ORDER BY id) FROM users"))
                .isEqualTo(written);
    }

    @Test
    void onlyWhatIsNamedIsCopied() {
        Place place = shop(3, 2);

        assertThat(Cli.runHere(place.settings(), "backfill", "--collection", "users")
                        .exitCode())
                .isZero();
        assertThat(place.count("users")).isEqualTo(3);
        assertThat(place.count("orders")).isZero();

        assertThat(Cli.runHere(place.settings(), "backfill", "--tables", "order_lines")
                        .exitCode())
                .isZero();
        assertThat(place.count("orders")).isEqualTo(2);
    }

    @Test
    void aChunkHoldsAsManyDocumentsAsAsked() {
        Place place = shop(25, 0);

        Result result = Cli.run(place.settings(), "backfill", "--batch-size", "10", "--parallel", "1", "--verbose");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .contains("10 documents, 10 rows; read ", "1 at once, 40 %", "1 at once, 80 %", "1 at once, 100 %")
                .contains("Copied 2 collections in ", ": 25 documents read (", ", 25 rows written, 0 skipped");
        assertThat(place.count("sluice.backfill_chunk WHERE collection = 'users' AND documents > 0"))
                .isEqualTo(3);
    }

    @Test
    void aDryRunCountsWhatWouldHappenAndWritesNothing() throws IOException {
        Place place = Servers.place();
        place.mongo()
                .getCollection("people")
                .insertMany(List.of(
                        new Document("_id", "a").append("name", "A").append("age", "old"),
                        new Document("_id", "b").append("name", "B").append("age", 7),
                        new Document("_id", "c").append("born", "never").append("name", "C"),
                        new Document("_id", "d").append("age", 8)));
        Path file = Files.writeString(folder.resolve("m.yaml"), """
                mapping: people
                database: d
                collections:
                  people:
                    key: {column: id, type: text}
                    skip:
                      - {from: name, when: falsy, reason: has no name}
                    columns:
                      name: text
                      age: integer
                      born: {type: timestamptz, misfit: reject}
                """);

        Result result = Cli.run(Cli.with(place.settings(), "SLUICE_MAPPING", file.toString()), "backfill", "--dry-run");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("people: 4 documents would be 2 rows")
                .containsPattern("1 x quarantine people.age: ")
                .containsPattern("1 x dead letter people.born: ")
                .contains("1 x skip: has no name")
                .doesNotContain("old", "never");
        assertThat(place.count("pg_tables WHERE schemaname IN ('public', 'sluice')"))
                .isZero();
    }

    @Test
    void aRunAfterwardsStreamsWhatHappenedInBetween() {
        Place place = shop(3, 1);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        place.mongo().getCollection("users").insertOne(user(99));
        place.mongo().getCollection("users").deleteOne(Filters.eq("_id", id(0)));
        place.mongo().getCollection("users").updateOne(Filters.eq("_id", id(1)), Updates.set("name", "changed"));

        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND).untilAsserted(() -> {
                assertThat(place.count("users WHERE id = '" + id(99) + "'")).isEqualTo(1);
                assertThat(place.count("users WHERE id = '" + id(0) + "'")).isZero();
                assertThat(place.count("users WHERE name = 'changed'")).isEqualTo(1);
            });
            // Streamed, and not copied again.
            assertThat(place.number("SELECT documents FROM sluice.backfill WHERE collection = 'users'"))
                    .isEqualTo(3);
        }
    }

    @Test
    void aCollectionThatCanNotBeCopiedDoesNotKeepTheOthersFromIt() {
        Place place = shop(3, 2);
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        place.execute("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN RAISE EXCEPTION 'could not read block 7' USING ERRCODE = '58030'; END $$;"
                + " CREATE TRIGGER broken BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION broken()");

        Result result = Cli.run(place.settings(), "backfill");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).contains("users: ", "could not read block 7").doesNotContain("\tat ");
        assertThat(result.out()).contains("orders: done; 2 documents");
        assertThat(place.count("orders")).isEqualTo(2);
        assertThat(place.count("sluice.backfill WHERE collection = 'users' AND state = 'done'"))
                .isZero();

        place.execute("DROP TRIGGER broken ON users");
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        assertThat(place.count("users")).isEqualTo(3);
    }

    @Test
    @DisplayName("a table that stops the copy of its collection is said once, and the other collections are copied")
    void aStopIsSaidOnce() {
        Place place = shop(1_500, 2);

        try (Cli backfill = Cli.start(place.settings(), "backfill", "--batch-size", "1", "--verbose")) {
            await().atMost(BOUND).until(() -> backfill.out().lines().count() > 5);
            place.execute("CREATE RULE nothing AS ON INSERT TO users DO INSTEAD NOTHING");
            Result result = backfill.await();

            assertThat(result.exitCode()).as(result.err()).isEqualTo(3);
            assertThat(result.err().lines().filter(line -> line.contains("The target's tables are not as")))
                    .filteredOn(line -> !line.contains("SluiceException"))
                    .singleElement()
                    .asString()
                    .startsWith("users: The target's tables are not as the mapping needs them."
                            + " public.users has the rewrite rule nothing (ON INSERT DO INSTEAD)")
                    .contains("ALTER TABLE \"public\".\"users\" DISABLE RULE \"nothing\"")
                    .doesNotContain("migrate");
            assertThat(result.out()).contains("Not copied: users.");
            assertThat(place.count("orders")).isEqualTo(2);
        }
        place.execute("DROP RULE nothing ON users");
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        assertThat(place.count("users")).isEqualTo(1_500);
        assertThat(place.count("orders")).isEqualTo(2);
    }

    @Test
    void ctrlCLeavesAStateThatTheNextOneGoesOnFrom() {
        Place place = shop(1_500, 0);

        try (Cli backfill = Cli.start(place.settings(), "backfill", "--batch-size", "1", "--verbose")) {
            await().atMost(BOUND).until(() -> backfill.out().lines().count() > 5);
            backfill.interrupt();
            Result stopped = backfill.await();

            assertThat(stopped.exitCode()).as(stopped.err()).isEqualTo(1);
            assertThat(stopped.err())
                    .contains("copied chunks stay", "Run the same command again")
                    .doesNotContain("Exception");
        }
        long copied = place.count("users");
        assertThat(copied).isBetween(5L, 1_499L);
        assertThat(place.count("sluice.backfill_chunk WHERE documents > 0")).isEqualTo(copied);
        String first = place.text("SELECT xmin FROM users ORDER BY id LIMIT 1");

        Result again = Cli.run(place.settings(), "backfill", "--batch-size", "500");

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.out())
                .contains("users: done; 1,500 documents, " + String.format("%,d", 1_500 - copied) + " rows written");
        assertThat(place.count("users")).isEqualTo(1_500);
        assertThat(place.text("SELECT xmin FROM users ORDER BY id LIMIT 1")).isEqualTo(first);
    }

    @Test
    void pruningDeletesTheRowsOfDocumentsThatAreGoneAndADryRunCountsThem() {
        Place place = shop(6, 3);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        place.mongo().getCollection("users").deleteOne(Filters.eq("_id", id(0)));
        place.mongo().getCollection("users").deleteOne(Filters.eq("_id", id(1)));
        place.execute("INSERT INTO users (id, email) VALUES ('nobody', 'n@shop.example')");

        Result dry = Cli.run(place.settings(), "backfill", "--prune", "--dry-run");
        assertThat(dry.exitCode()).as(dry.err()).isZero();
        assertThat(dry.out()).contains("users: 3 rows would be pruned", "orders: nothing would be pruned");
        assertThat(place.count("users")).isEqualTo(7);

        Result kept = Cli.run(place.settings(), "backfill");
        assertThat(kept.exitCode()).as(kept.err()).isZero();
        assertThat(place.count("users")).as("without --prune nothing goes").isEqualTo(7);

        Result pruned = Cli.run(place.settings(), "backfill", "--prune");
        assertThat(pruned.exitCode()).as(pruned.err()).isZero();
        assertThat(pruned.out()).contains("users: 3 rows pruned", "orders: no row was pruned");
        assertThat(place.count("users")).isEqualTo(4);
        assertThat(place.count("users WHERE id IN ('nobody', '" + id(0) + "', '" + id(1) + "')"))
                .isZero();
    }

    @Test
    @DisplayName("a row that a trigger keeps from being pruned is said to stay because of it")
    void aTriggerKeepsWhatIsPruned() {
        Place place = shop(2, 0);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        place.execute("INSERT INTO users (id, email) VALUES ('nobody', 'n@shop.example');"
                + " CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                + " CREATE TRIGGER kept BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION stay()");

        Result pruned = Cli.run(place.settings(), "backfill", "--prune");

        assertThat(pruned.out())
                .contains(
                        "users: no row was pruned",
                        "users: 1 row has no document: ",
                        "the trigger kept (stay) lets stay")
                .doesNotContain("which `sluice backfill --prune` deletes");
    }

    @Test
    void rowsThatHaveDriftedAreMendedByCopyingAgain() {
        Place place = shop(6, 3);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        place.execute("UPDATE users SET name = 'drifted' WHERE id = '" + id(2) + "'; DELETE FROM users WHERE id = '"
                + id(3) + "'; DELETE FROM order_lines");
        long lines = place.count("order_lines");

        Result again = Cli.run(place.settings(), "backfill");

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.out()).contains("users: done; 6 documents, 2 rows written");
        assertThat(place.count("users WHERE name = 'drifted'")).isZero();
        assertThat(place.count("order_lines")).isGreaterThan(lines);
    }

    @Test
    void collectionsThatTheMappingDoesNotNameAreSaid() {
        Place place = shop(1, 0);
        place.mongo().getCollection("carts").insertOne(new Document("_id", 1));

        Result result = Cli.run(place.settings(), "backfill");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).contains("neither maps nor ignores them: carts (");
    }

    @Test
    void besideAnotherProcessItStopsNamesItAndWritesNothing() {
        Place place = shop(3, 0);

        try (Cli run = Cli.start(place.settings(), "run")) {
            awaitCopied(place);

            Result second = Cli.run(place.settings(), "backfill", "--resync");

            assertThat(second.exitCode()).isEqualTo(3);
            assertThat(second.err())
                    .contains("Another process writes this pipeline.", "process " + run.pid() + " on ", "--wait 5m")
                    .doesNotContain("Exception");
            assertThat(second.err().lines()).hasSizeLessThan(4);
            assertThat(place.number("SELECT epoch FROM sluice.position")).isEqualTo(1);
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    void withPatienceItWaitsForTheOtherProcessAndGoesOnWhenThatEnds() {
        Place place = shop(3, 0);

        try (Cli run = Cli.start(place.settings(), "run")) {
            awaitCopied(place);
            try (Cli waiting = Cli.start(place.settings(), "backfill", "--resync", "--wait", "2m")) {
                await().atMost(BOUND).until(() -> waiting.err().contains("It is waited for."));
                assertThat(waiting.err()).contains("The pipeline is written by process " + run.pid() + " on ");
                assertThat(place.number("SELECT epoch FROM sluice.position")).isEqualTo(1);
                run.terminate();
                assertThat(run.await().exitCode()).isZero();

                Result waited = waiting.await();
                assertThat(waited.exitCode()).as(waited.err()).isZero();
                assertThat(waited.out()).contains("users: done; 3 documents");
                assertThat(place.number("SELECT epoch FROM sluice.position")).isEqualTo(2);
            }
        }
    }

    @Test
    void whenItsPatienceIsOverItStopsNamesTheOtherAndWritesNothing() {
        Place place = shop(3, 0);

        try (Cli run = Cli.start(place.settings(), "run")) {
            awaitCopied(place);

            Result second = Cli.run(place.settings(), "backfill", "--resync", "--wait", "2s");

            assertThat(second.exitCode()).isEqualTo(3);
            assertThat(second.err())
                    .contains("It is waited for.", "Another process writes this pipeline.")
                    .contains("process " + run.pid() + " on ")
                    .doesNotContain("Exception");
            assertThat(place.number("SELECT epoch FROM sluice.position")).isEqualTo(1);
            assertThat(run.running()).isTrue();
        }
    }

    private static void awaitCopied(Place place) {
        await().atMost(BOUND).ignoreExceptions().until(() -> place.count("sluice.backfill WHERE state = 'done'") == 2);
    }

    @Test
    void aResyncTakesANewPositionAndCopiesEverythingAgain() {
        Place place = shop(3, 1);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        String position = place.text("SELECT resume_token FROM sluice.position");
        place.execute("UPDATE users SET name = 'drifted'; DELETE FROM order_lines");
        place.mongo().getCollection("users").insertOne(user(99));

        Result result = Cli.run(place.settings(), "backfill", "--resync");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(place.text("SELECT resume_token FROM sluice.position")).isNotEqualTo(position);
        assertThat(place.count("users")).isEqualTo(4);
        assertThat(place.count("users WHERE name = 'drifted'")).isZero();
        assertThat(place.count("order_lines")).isEqualTo(1);
    }

    private static Place shop(int users, int orders) {
        Place place = Servers.place();
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < users; i++) {
            documents.add(user(i));
        }
        if (!documents.isEmpty()) {
            place.mongo().getCollection("users").insertMany(documents);
        }
        for (long i = 0; i < orders; i++) {
            place.mongo()
                    .getCollection("orders")
                    .insertOne(new Document("_id", i)
                            .append("placedAt", Instant.ofEpochSecond(1_700_000_000))
                            .append("status", "new")
                            .append("lines", List.of(new Document("sku", "S").append("quantity", 1))));
        }
        return place;
    }

    private static Document user(int number) {
        return new Document("_id", id(number)).append("email", "u@shop.example").append("name", "n" + number);
    }

    private static String id(int number) {
        return String.format("u%05d", number);
    }
}
