package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.model.Filters;
import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Parked documents and quarantined values, from the command line: looked at, tried again, discarded.
class DeadLettersCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    // --- Looking ----------------------------------------------------------------------------------------------

    @Test
    void whereNothingIsParkedThatIsSaid() {
        Place place = Servers.migratedPlace();

        Result letters = Cli.run(place.settings(), "dead-letters", "list");
        Result values = Cli.runHere(place.settings(), "quarantine", "list");
        Result retry = Cli.runHere(place.settings(), "dead-letters", "retry", "--all");

        assertThat(letters.out()).isEqualTo("No dead letters.\n");
        assertThat(values.out()).isEqualTo("Nothing is in quarantine.\n");
        assertThat(retry.out()).isEqualTo("No dead letters.\n");
        assertThat(List.of(letters.exitCode(), values.exitCode(), retry.exitCode()))
                .containsOnly(0);
    }

    @Test
    void theyAreListedAndShownWithoutTheDocumentUnlessItIsAskedFor() throws IOException {
        Place place = parked();

        Result list = Cli.runHere(place.settings(), "dead-letters", "list");
        Result first = Cli.runHere(place.settings(), "dead-letters", "list", "--limit", "1");
        Result orders = Cli.runHere(place.settings(), "dead-letters", "list", "--collection", "orders");
        JsonNode json = json(Cli.runHere(place.settings(), "dead-letters", "list", "--json"));
        long id = json.path("dead_letters").get(0).path("id").asLong();
        Result show = Cli.runHere(place.settings(), "dead-letters", "show", "" + id);
        Result whole = Cli.runHere(place.settings(), "dead-letters", "show", "" + id, "--document");
        JsonNode showJson = json(Cli.runHere(place.settings(), "dead-letters", "show", "" + id, "--json"));
        JsonNode wholeJson =
                json(Cli.runHere(place.settings(), "dead-letters", "show", "" + id, "--document", "--json"));

        assertThat(list.exitCode()).isZero();
        assertThat(list.out())
                .containsPattern("id +collection +document key +sqlstate +attempts +age +accepted +reason")
                .containsPattern(id + " +users +\"bad\" +23514 +1 +\\d+ s +- +new row .* constraint no_bad")
                .containsPattern("\\d+ +users +\"worse\"")
                .doesNotContain("hush");
        assertThat(first.out()).contains("and 1 more; --limit");
        assertThat(orders.out()).isEqualTo("No dead letters.\n");
        assertThat(json.path("total").asLong()).isEqualTo(2);
        assertThat(json.toString()).doesNotContain("hush");
        assertThat(show.out())
                .containsPattern("document key +\"bad\"")
                .containsPattern("SQLSTATE +23514")
                .containsPattern("attempts +1")
                .contains("shown with --document")
                .doesNotContain("hush");
        assertThat(whole.out()).containsPattern("document +\\{\"_id\": \"bad\".*hush");
        assertThat(showJson.has("document")).isFalse();
        assertThat(wholeJson.path("document").asText()).contains("hush");
        assertThat(wholeJson.path("document_key").asText()).isEqualTo("\"bad\"");
    }

    @Test
    void quarantinedValuesAreCountedAndShownOnlyWhenTheyAreAskedFor() throws IOException {
        Place place = Servers.place();
        place.mongo()
                .getCollection("users")
                .insertMany(List.of(
                        new Document("_id", "a").append("age", "hush"),
                        new Document("_id", "b").append("age", "hush-hush")));
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();

        Result counts = Cli.runHere(place.settings(), "quarantine", "list");
        Result values = Cli.runHere(place.settings(), "quarantine", "list", "--values", "--limit", "1");
        JsonNode json = json(Cli.runHere(place.settings(), "quarantine", "list", "--json"));
        JsonNode entries = json(Cli.runHere(place.settings(), "quarantine", "list", "--values", "--json"));
        String id = entries.get(0).path("id").asText();
        Result show = Cli.runHere(place.settings(), "quarantine", "show", id);
        Result shown = Cli.runHere(place.settings(), "quarantine", "show", id, "--values");
        JsonNode without = json(Cli.runHere(place.settings(), "quarantine", "show", id, "--json"));

        assertThat(counts.exitCode()).isZero();
        assertThat(counts.out())
                .containsPattern("2 +users +users.age +\\d+, \\d+ +is a string, not a number")
                .doesNotContain("hush");
        assertThat(values.out())
                .contains("users \"a\", users.age at age: \"hush\"")
                .doesNotContain("hush-hush");
        assertThat(json.get(0).path("values").asLong()).isEqualTo(2);
        assertThat(json.get(0).path("column").asText()).isEqualTo("users.age");
        assertThat(entries).hasSize(2);
        assertThat(show.out()).containsPattern("path +age").doesNotContain("hush");
        assertThat(shown.out()).containsPattern("value +\"hush\"");
        assertThat(without.path("value").isNull()).isTrue();
        assertThat(without.path("bson_type").asText()).isEqualTo("string");

        assertThat(json.get(0).path("first").get(0).asText()).isEqualTo(id);
        assertThat(Cli.runHere(place.settings(), "quarantine", "accept", id, "--reason", "shown nowhere")
                        .exitCode())
                .isZero();
        assertThat(Cli.runHere(place.settings(), "quarantine", "show", id).out())
                .containsPattern("accepted +yes, the gate does not count it: at 20\\S+Z by .+ \\(shown nowhere\\)");
        String other = entries.get(1).path("id").asText();
        assertThat(Cli.runHere(place.settings(), "quarantine", "show", other).out())
                .containsPattern("accepted +no");
    }

    @Test
    void whoAcceptedADeadLetterIsShownWithIt() {
        Place place = parked();
        String id = place.text("SELECT min(id) FROM sluice.dead_letter");
        assertThat(Cli.runHere(place.settings(), "dead-letters", "accept", id, "--reason", "a test account")
                        .exitCode())
                .isZero();

        assertThat(Cli.runHere(place.settings(), "dead-letters", "show", id).out())
                .containsPattern("accepted +yes, the gate does not count it: at 20\\S+Z by .+ \\(a test account\\)");
    }

    // --- Trying again -----------------------------------------------------------------------------------------

    @Test
    void withoutAProcessTheyGoOnTheListAndTheNextBackfillTakesThem() {
        Place place = parked();
        place.execute("ALTER TABLE users DROP CONSTRAINT no_bad");
        place.mongo().getCollection("users").deleteOne(Filters.eq("_id", "worse"));

        Result retry = Cli.runHere(place.settings(), "dead-letters", "retry", "--all");

        assertThat(retry.exitCode()).as(retry.err()).isZero();
        assertThat(retry.out())
                .contains("users \"bad\": on the list.", "users \"worse\": on the list.")
                .contains("No process holds this pipeline now: the next `sluice run` or `sluice backfill` takes");
        assertThat(place.count("sluice.resync WHERE reason = 'dead_letter'")).isEqualTo(2);
        assertThat(place.count("sluice.audit WHERE action = 'retry'")).isEqualTo(2);

        assertThat(Cli.runHere(place.settings(), "backfill", "--collection", "orders")
                        .exitCode())
                .isZero();
        assertThat(place.count("sluice.dead_letter"))
                .as("of another collection")
                .isEqualTo(2);
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        assertThat(place.count("sluice.dead_letter")).isZero();
        assertThat(place.text("SELECT string_agg(id, ',' ORDER BY id) FROM users"))
                .isEqualTo("bad,good");
    }

    @Test
    void aRunningProcessTakesThemAndTheOutcomeOfEachIsSaid() throws IOException {
        Place place = parked();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> place.number("SELECT epoch FROM sluice.position") == 2
                            && place.count("sluice.watermark WHERE cluster_time IS NOT NULL") == 2);
            // What the check refuses now is one of the two.
            place.execute("ALTER TABLE users DROP CONSTRAINT no_bad,"
                    + " ADD CONSTRAINT no_worse CHECK (id <> 'worse') NOT VALID");

            Result text = Cli.runHere(place.settings(), "dead-letters", "retry", "--all", "--collection", "users");
            Result json = Cli.runHere(place.settings(), "dead-letters", "retry", "--all", "--json");

            assertThat(text.exitCode()).as(text.out() + text.err() + run.err()).isEqualTo(1);
            assertThat(text.out())
                    .contains("users \"bad\": settled.")
                    .containsPattern("users \"worse\": refused again: .*no_worse");
            assertThat(place.count("users WHERE id = 'bad'")).isEqualTo(1);
            JsonNode again = JsonMapper.builder().build().readTree(json.out());
            assertThat(again).hasSize(1);
            assertThat(again.get(0).path("outcome").asText()).isEqualTo("refused");
            assertThat(again.get(0).path("document_key").asText()).isEqualTo("\"worse\"");
            assertThat(place.number("SELECT attempts FROM sluice.dead_letter")).isEqualTo(3);

            place.execute("ALTER TABLE users DROP CONSTRAINT no_worse");
            Result last = Cli.runHere(
                    place.settings(), "dead-letters", "retry", place.text("SELECT id FROM sluice.dead_letter"));
            assertThat(last.exitCode()).as(last.out()).isZero();
            assertThat(place.count("users")).isEqualTo(3);
        }
    }

    @Test
    void aProcessThatDoesNotTakeThemIsNotWaitedForForEver() throws SQLException, InterruptedException {
        Place place = parked();
        PostgresConnector connector = new PostgresConnector(PostgresUri.parse(place.postgresUri()));
        try (PipelineLock busy = PipelineLock.take(connector::open, "demo")) {
            Result retry = Cli.runHere(place.settings(), "dead-letters", "retry", "--all", "--timeout", "1s");

            assertThat(retry.exitCode()).isEqualTo(1);
            assertThat(retry.out()).contains("users \"bad\": not taken within 1 s; it stays on the list.");
        }
        assertThat(place.count("sluice.resync")).isEqualTo(2);
    }

    @Test
    void whatIsNotMappedAnyMoreCanNotBeTriedButDiscarded() {
        Place place = parked();
        place.execute("UPDATE sluice.dead_letter SET collection = 'carts' WHERE document_key = '\"bad\"'");
        String id = place.text("SELECT id FROM sluice.dead_letter WHERE collection = 'carts'");

        Result retry = Cli.runHere(place.settings(), "dead-letters", "retry", id);
        Result list = Cli.runHere(place.settings(), "dead-letters", "list", "--collection", "carts");

        assertThat(retry.exitCode()).isEqualTo(1);
        assertThat(retry.out()).contains("can't be tried, since the mapping has no such collection");
        assertThat(place.count("sluice.resync")).isZero();
        assertThat(list.out()).contains("carts");
        assertThat(Cli.runHere(place.settings(), "dead-letters", "discard", id, "--yes")
                        .exitCode())
                .isZero();
    }

    // --- Discarding -------------------------------------------------------------------------------------------

    @Test
    void aDiscardIsMeantAndIsNotedWithoutValues() {
        Place place = parked();
        String bad = place.text("SELECT id FROM sluice.dead_letter WHERE document_key = '\"bad\"'");

        Result asked = Cli.runHere(place.settings(), "dead-letters", "discard", bad);
        assertThat(asked.exitCode()).isEqualTo(2);
        assertThat(asked.err()).contains("This forgets 1 document for good; say --yes to do it.");
        assertThat(place.count("sluice.dead_letter")).isEqualTo(2);

        Result done =
                Cli.runHere(place.settings(), "dead-letters", "discard", bad, "--yes", "--reason", "a test account");
        assertThat(done.exitCode()).as(done.err()).isZero();
        assertThat(done.out()).isEqualTo("Discarded 1; noted in sluice.audit.\n");
        assertThat(place.text("SELECT string_agg(document_key, ',') FROM sluice.dead_letter"))
                .isEqualTo("\"worse\"");
        assertThat(place.text("SELECT actor FROM sluice.audit")).contains(" on ", "command line");
        assertThat(place.text("SELECT action || ' ' || collection || ' ' || (detail ->> 'document_key') || ' '"
                        + " || (detail ->> 'reason') FROM sluice.audit"))
                .isEqualTo("discard users \"bad\" a test account");
        assertThat(place.text("SELECT detail FROM sluice.audit")).doesNotContain("hush");
    }

    // --- Wrong use --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dead-letters                                      | Name what to do: list, show, retry, discard or accept.",
                "dead-letters lst                                  | Did you mean: dead-letters list?",
                "dead-letters list --limit 0                       | --limit is at least 1.",
                "dead-letters list --collection nope               | The mapping has no collection 'nope'; it has users, orders.",
                "dead-letters show                                 | Missing required parameter: 'ID'",
                "dead-letters show x                               | 'x' is not a long",
                "dead-letters show 99                              | There is no dead letter 99 in this pipeline",
                "dead-letters retry                                | by their numbers, or say --all",
                "dead-letters retry 1 --all                        | by their numbers, or say --all",
                "dead-letters retry 98 99                          | There is no dead letter 98, 99 in this pipeline",
                "dead-letters retry 1 --collection users           | --collection goes with --all.",
                "dead-letters retry --all --timeout soon           | a time is a number with s, m or h",
                "dead-letters discard --yes                        | Missing required parameter: 'ID'",
                "dead-letters discard 99 --yes                     | There is no dead letter 99 in this pipeline",
                "quarantine                                        | Name what to do: list, show or accept.",
                "quarantine show 99                                | There is no value 99 in this pipeline's quarantine",
                "quarantine list --collection nope                 | The mapping has no collection 'nope'",
            })
    void wrongUseIsSaidInOneMessage(String command, String words) {
        Result result = Cli.run(Migrated.PLACE.settings(), command.split(" "));

        assertThat(result.exitCode()).as(result.err() + result.out()).isEqualTo(2);
        assertThat(result.err()).contains(words).doesNotContain("Exception");
        assertThat(result.err().lines()).hasSizeLessThan(5);
        assertThat(result.out()).isEmpty();
    }

    /// Migrated once for all that only look.
    private static final class Migrated {
        private static final Place PLACE = migrated();

        private static Place migrated() {
            Place place = Servers.migratedPlace();
            return place;
        }
    }

    /// A row that landed, and two documents that PostgreSQL refused.
    private static Place parked() {
        Place place = Servers.migratedPlace();
        place.execute("ALTER TABLE users ADD CONSTRAINT no_bad CHECK (id NOT IN ('bad', 'worse'))");
        for (String id : List.of("good", "bad", "worse")) {
            place.mongo().getCollection("users").insertOne(new Document("_id", id).append("name", "hush"));
        }
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        assertThat(place.count("sluice.dead_letter")).isEqualTo(2);
        return place;
    }

    private static JsonNode json(Result result) throws IOException {
        assertThat(result.exitCode()).as(result.err()).isZero();
        return JsonMapper.builder().build().readTree(result.out());
    }
}
