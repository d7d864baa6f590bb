package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Compare and exit: what is said, and with which exit code.
class VerifyCommandIT {
    @Test
    void equalSidesAreSaidToBeEqual() {
        Place place = copied(30, 10);

        Result result = Cli.run(place.settings(), "verify");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("Equal: 2 collections, 40 documents.").doesNotContain("unknown");
    }

    @Test
    void driftIsNamedWithItsColumnsAndWithoutValuesAndRepairedWhenNobodyRunsThePipeline() {
        Place place = copied(30, 10);
        place.execute("UPDATE users SET name = 'SECRET' WHERE id = 'u7'; DELETE FROM orders WHERE id = 3;"
                + " INSERT INTO users (id, email) VALUES ('stranger', 'x')");

        Result found = Cli.runHere(place.settings(), "verify");
        Result json = Cli.runHere(place.settings(), "verify", "--json", "--collection", "users");
        Result repaired = Cli.run(place.settings(), "verify", "--repair");

        assertThat(found.exitCode()).as(found.err()).isEqualTo(1);
        assertThat(found.out())
                .contains("users: \"u7\" different in public.users: name; first seen ")
                .contains("users: row stranger extra in public.users; first seen ")
                .contains("orders: {\"$numberLong\":\"3\"} missing in public.orders; first seen ")
                .contains("missing in public.order_lines; first seen ")
                .contains("users: 1 to be deleted = 1 extra")
                .contains("orders: 1 no row yet = 1 missing")
                .contains(
                        "Drift. `sluice verify --repair` resyncs these documents and deletes the rows that are extra.")
                .doesNotContain("SECRET");
        assertThat(json.exitCode()).isEqualTo(1);
        assertThat(json.out())
                .contains("\"equal\":false", "\"extra\":1", "\"different\":1", "\"columns\":[\"name\"]")
                .doesNotContain("orders", "SECRET");
        assertThat(repaired.exitCode()).as(repaired.out() + repaired.err()).isZero();
        assertThat(repaired.out())
                .as("found: missing, extra, different; repaired and left")
                .containsPattern("users +30 +30 +0 +1 +1 +2 +0 +0 ")
                .containsPattern("orders +10 +10 +2 +0 +0 +1 +0 +0 ")
                .contains("Equal after the repair: 2 collections");
        assertThat(repaired.err())
                .as("the process that had the pipeline has ended, so nobody is waited for")
                .contains(
                        "users: no process runs the pipeline, so this command resyncs the documents itself",
                        "orders: no process runs the pipeline, so this command resyncs the documents itself")
                .doesNotContain("aiting");
        assertThat(place.text("SELECT name FROM users WHERE id = 'u7'")).isEqualTo("N7");
        assertThat(place.count("users")).isEqualTo(30);
        assertThat(place.count("order_lines")).isEqualTo(10);
        assertThat(place.text("SELECT string_agg(action || ' ' || (detail->>'repaired'), ',' ORDER BY id) FROM"
                        + " sluice.audit WHERE action = 'repair'"))
                .isEqualTo("repair 2,repair 1");
        assertThat(Cli.runHere(place.settings(), "verify").exitCode()).isZero();
    }

    @Test
    @DisplayName("one that may be coming back is waited for once, and what for is said")
    void waitsOnce() {
        Place place = copied(30, 10);
        place.execute("UPDATE users SET name = 'x' WHERE id = 'u7'; DELETE FROM orders WHERE id = 3;"
                + " UPDATE sluice.position SET owner = 'process 7 on elsewhere', updated_at = clock_timestamp()");

        // In this JVM: it looks at the position sooner after the move than a new process could.
        Result repaired = Cli.runHere(place.settings(), "verify", "--repair");

        assertThat(repaired.exitCode()).as(repaired.out() + repaired.err()).isZero();
        assertThat(repaired.err().lines())
                .filteredOn(line -> line.contains("aiting"))
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains("no process holds the pipeline now. Waiting 12 s for one that may be coming back");
    }

    @Test
    void whatNobodyHasAppliedYetIsNoDrift() {
        Place place = copied(30, 10);
        place.mongo().getCollection("users").updateOne(Filters.eq("_id", "u1"), Updates.set("age", 99));
        place.mongo().getCollection("users").deleteOne(Filters.eq("_id", "u2"));
        place.mongo().getCollection("orders").insertOne(order(500));
        place.execute("UPDATE users SET age = 98 WHERE id = 'u3'");

        Result result = Cli.runHere(place.settings(), "verify", "--json");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        assertThat(place.text("SELECT string_agg(row_key, ',') FROM sluice.drift"))
                .isEqualTo("u3");
        assertThat(place.text("SELECT string_agg(collection || undecided, ' ' ORDER BY id) FROM sluice.verification"))
                .isEqualTo("users2 orders1");

        Result people = Cli.runHere(place.settings(), "verify");
        assertThat(people.out())
                .contains("users: 1 to be deleted = 0 extra + 1 not applied yet")
                .contains("orders: 1 no row yet = 0 missing + 1 not applied yet");
        Result counts = Cli.runHere(place.settings(), "verify", "--mode", "counts");
        assertThat(counts.exitCode()).isEqualTo(1);
        assertThat(counts.out())
                .as("documents, rows there, missing, extra, different, undecided")
                .containsPattern("users +29 +30 +0 +0 +0 +1 ")
                .containsPattern("orders +11 +10 +0 +0 +0 +1 ")
                .contains("orders: 1 no row yet = 0 missing + 1 not applied yet");
    }

    @Test
    @DisplayName("a document that becomes unfit has no row, is one dead letter everywhere, and both sides are equal")
    void unfit() {
        Place place = copied(1, 2);
        place.mongo().getCollection("orders").updateOne(Filters.eq("_id", 1), Updates.set("placedAt", "soon"));
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();

        Result result = Cli.runHere(place.settings(), "verify");

        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.out()).contains("Equal: 2 collections, 3 documents = 2 rows + 1 dead letter.");
        assertThat(place.count("order_lines")).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "a row that a foreign key keeps is extra by every mode, is named with the key, and goes when nothing keeps it")
    void keptByAForeignKey() {
        Place place = copied(30, 10);
        place.execute("CREATE TABLE badges (holder text CONSTRAINT badges_holder REFERENCES users (id));"
                + " INSERT INTO badges VALUES ('u2')");
        try (Cli run = Cli.start(place.settings(), "run")) {
            place.mongo().getCollection("users").deleteOne(Filters.eq("_id", "u2"));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> place.text("SELECT operation || row_stays FROM sluice.dead_letter")
                            .equals("deletetrue"));
            // Behind it, so that it is not the change at the very position.
            place.mongo().getCollection("users").insertOne(new Document("_id", "u30"));
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> place.count("users WHERE id = 'u30'") == 1);
        }

        Result full = Cli.runHere(place.settings(), "verify");
        Result counts = Cli.runHere(place.settings(), "verify", "--mode", "counts");
        Result repaired = Cli.run(place.settings(), "verify", "--repair");
        Result status = Cli.runHere(place.settings(), "status");

        assertThat(full.out())
                .contains(
                        "users: row u2 extra in public.users, which the foreign key badges_holder of public.badges keeps"
                                + " from being deleted; first seen ");
        for (Result result : List.of(full, counts)) {
            assertThat(result.exitCode()).as(result.out()).isEqualTo(1);
            assertThat(result.out())
                    .containsPattern("users +30 +31 +0 +1 +0 +0 ")
                    .contains("users: 1 to be deleted = 1 extra" + System.lineSeparator())
                    .contains("users: 1 row is to be deleted and stays, since PostgreSQL does not let it go: ")
                    .contains("badges_holder")
                    .doesNotContain("not applied yet");
        }
        assertThat(repaired.exitCode()).as(repaired.out() + repaired.err()).isEqualTo(1);
        assertThat(repaired.out()).contains("Drift is left", "badges_holder");
        assertThat(status.out()).contains("badges_holder").doesNotContain("not applied yet");
        assertThat(place.count("users")).isEqualTo(31);

        place.execute("DELETE FROM badges");
        Result gone = Cli.runHere(place.settings(), "verify", "--repair");
        assertThat(gone.exitCode()).as(gone.out() + gone.err()).isZero();
        assertThat(place.count("users")).isEqualTo(30);
    }

    @Test
    @DisplayName("a sample that is equal is no answer where documents have no row")
    void sampleOfSome() {
        Place place = copied(30, 0);
        place.execute("DELETE FROM users WHERE id <> 'u7'");

        Result sample =
                Cli.runHere(place.settings(), "verify", "--mode", "sample", "--sample", "1", "--collection", "users");

        assertThat(sample.exitCode()).as(sample.out()).isEqualTo(1);
        assertThat(sample.out()).contains("users: 29 no row yet = 29 missing").doesNotContain("Equal");
    }

    @Test
    void countsAndASampleAreQuickLooks() {
        Place place = copied(30, 10);
        assertThat(Cli.runHere(place.settings(), "verify", "--mode", "counts").exitCode())
                .isZero();
        assertThat(Cli.runHere(place.settings(), "verify", "--mode", "sample", "--sample", "5")
                        .exitCode())
                .isZero();
        place.execute("DELETE FROM users WHERE id IN ('u1', 'u2'); INSERT INTO orders (id, status, placed_at)"
                + " VALUES (77, '', now())");

        Result counts = Cli.runHere(place.settings(), "verify", "--mode", "counts");
        Result sample = Cli.runHere(place.settings(), "verify", "--mode", "sample");

        assertThat(counts.exitCode()).isEqualTo(1);
        assertThat(counts.out()).containsPattern("users +30 +28 +2 +0 +0").containsPattern("orders +10 +11 +0 +1 +0");
        assertThat(sample.exitCode()).isEqualTo(1);
        assertThat(sample.out()).contains("\"u1\" missing", "orders: row 77 extra");
    }

    @Test
    void whatIsNotCopiedIsNotCompared() {
        Place place = copied(3, 0);
        place.execute("DELETE FROM sluice.backfill WHERE collection = 'orders'");

        Result result = Cli.runHere(place.settings(), "verify");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out())
                .contains("orders", "not copied yet, so there is nothing to compare")
                .contains("Some collections are not copied yet: `sluice run` or `sluice backfill` copies them.");
    }

    @Test
    @DisplayName("a collection that can't be copied as its table is: what plan says of it, and not to copy it")
    void whatCantBeCopiedIsNamedAsPlanNamesIt() {
        Place place = copied(3, 0);
        place.execute("DELETE FROM sluice.backfill WHERE collection = 'orders'; ALTER TABLE orders DROP COLUMN status;"
                + " DROP TABLE order_lines");

        Result result = Cli.runHere(place.settings(), "verify");
        Result json = Cli.runHere(place.settings(), "verify", "--json");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        assertThat(result.out())
                .containsPattern("users +3 +3 +0")
                .contains("not copied, and can't be: see below", "\npublic.orders.status ", "\npublic.order_lines")
                .contains("Some collections can't be copied before the tables or the mapping are changed")
                .doesNotContain("not copied yet");
        assertThat(json.out()).contains("\"obstacle\":\"public.orders");
    }

    @Test
    @DisplayName(
            "documents are undecided since the stream has stopped at a change that waits for a decision: it is named")
    void theStopIsNamed() {
        Place place = copied(3, 0);
        place.mongo().getCollection("users").drop();
        place.execute("INSERT INTO sluice.schema_change (pipeline, collection, kind, policy) VALUES ("
                + "(SELECT pipeline FROM sluice.position), 'users', 'dropped', 'stop')");

        Result result = Cli.runHere(place.settings(), "verify", "--collection", "users");

        assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
        assertThat(result.out())
                .contains(
                        "No drift, but some documents are undecided: a change of a collection waits for a decision, and the"
                                + " stream stops there. users was dropped. This is change 1 of `sluice schema-changes`.",
                        "`sluice schema-changes accept --all`")
                .doesNotContain("change faster");
    }

    @Test
    void wrongUseIsRefused() {
        Place place = Servers.place();
        assertThat(Cli.runHere(place.settings(), "verify", "--mode", "quick").exitCode())
                .isEqualTo(2);
        assertThat(Cli.runHere(place.settings(), "verify", "--budget", "0").exitCode())
                .isEqualTo(2);
        Result unknown = Cli.runHere(place.settings(), "verify", "--collection", "user");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("The mapping has no collection 'user'; it has users, orders.");
    }

    @Test
    @DisplayName(
            "a setting that keeps a command from writing is named by each command, with the statement that takes it back")
    void setToReadOnly() {
        Place place = copied(2, 1);
        String database = place.text("SELECT current_database()");
        place.execute("ALTER DATABASE " + database + " SET default_transaction_read_only = on");

        for (String command :
                List.of("verify", "verify --repair", "resync --collection users --no-wait", "checkpoint x")) {
            Result result = Cli.runHere(place.settings(), command.split(" "));
            assertThat(result.exitCode()).as(command + result.err()).isEqualTo(3);
            assertThat(result.err())
                    .as(command)
                    .contains(
                            "default_transaction_read_only is on for the database " + database,
                            "SET default_transaction_read_only = off; ALTER DATABASE \"" + database
                                    + "\" RESET default_transaction_read_only.")
                    .doesNotContain("standby", "keeps trying");
        }
    }

    @Test
    @DisplayName("where a trigger undoes the repair by returning OLD, what is left names the trigger")
    void undoneByATrigger() {
        Place place = copied(3, 0);
        place.execute("UPDATE users SET name = 'old' WHERE id = 'u1';"
                + " CREATE FUNCTION freeze() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';"
                + " CREATE TRIGGER frozen BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION freeze()");

        Result repaired = Cli.runHere(place.settings(), "verify", "--repair");

        assertThat(repaired.exitCode()).as(repaired.err()).isEqualTo(1);
        assertThat(repaired.out())
                .contains(
                        "Drift is left that the resync did not correct",
                        "Triggers that may change, undo or keep rows: the trigger"
                                + " frozen (freeze) of public.users.");
        try (Cli run = Cli.start(place.settings(), "run")) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> (run.out() + run.err())
                            .contains(
                                    "The trigger frozen (freeze) of public.users changes or undoes what is written, another"
                                            + " client has written there, or Sluice has a bug."));
        }
    }

    @Test
    @DisplayName("a foreign key of a child table keeps no row, since the child rows are deleted first")
    void childRowsKeepNothing() {
        Place place = copied(1, 1);
        place.execute("ALTER TABLE order_lines ADD CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id);"
                + " INSERT INTO orders (id, status, placed_at) VALUES (77, '', now());"
                + " INSERT INTO order_lines (order_id, ordinal, sku, quantity) VALUES (77, 0, 'S', 1)");

        assertThat(Cli.runHere(place.settings(), "verify").out())
                .contains("orders: row 77 extra in public.orders; first seen ");
        Result repaired = Cli.runHere(place.settings(), "verify", "--repair");
        assertThat(repaired.exitCode()).as(repaired.out()).isZero();
    }

    @Test
    @DisplayName("a row that two foreign keys keep is named with both")
    void keptByTwoForeignKeys() {
        Place place = copied(3, 0);
        place.execute("INSERT INTO users (id, email) VALUES ('extra', 'e@shop.example');"
                + " CREATE TABLE a (u text CONSTRAINT of_a REFERENCES users (id)); INSERT INTO a VALUES ('extra');"
                + " CREATE TABLE b (u text CONSTRAINT of_b REFERENCES users (id)); INSERT INTO b VALUES ('extra')");

        assertThat(Cli.runHere(place.settings(), "verify").out())
                .contains(
                        "users: row extra extra in public.users, which the foreign keys of_a of public.a, of_b of public.b"
                                + " keep from being deleted; first seen ");
    }

    private static Place copied(int users, int orders) {
        Place place = Servers.migratedPlace();
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < users; i++) {
            documents.add(new Document("_id", "u" + i).append("name", "N" + i).append("age", i));
        }
        place.mongo().getCollection("users").insertMany(documents);
        for (int i = 0; i < orders; i++) {
            place.mongo().getCollection("orders").insertOne(order(i));
        }
        // In a process that has ended then: a repair waits for one that may be coming back.
        Result copy = Cli.run(place.settings(), "backfill");
        assertThat(copy.exitCode()).as(copy.err()).isZero();
        return place;
    }

    private static Document order(int id) {
        return new Document("_id", id)
                .append("userId", "u1")
                .append("placedAt", Instant.parse("2026-01-01T00:00:00Z"))
                .append("lines", List.of(new Document("sku", "S" + id)));
    }
}
