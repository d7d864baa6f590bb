package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// How a pipeline stands, for people and for programs, whether its service runs or not.
class StatusCommandIT {
    @Test
    void aPipelineThatNeverStartedSaysHowToStartIt() throws IOException {
        Place place = Servers.migratedPlace();

        Result text = Cli.run(place.settings(), "status");
        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        assertThat(text.exitCode()).isZero();
        assertThat(text.out()).isEqualTo("pipeline demo: never started. `sluice run` starts it.\n");
        assertThat(json.path("pipeline").asText()).isEqualTo("demo");
        assertThat(json.path("owner").isNull()).isTrue();
        assertThat(json.path("collections")).isEmpty();
    }

    @Test
    void afterACopyEachCollectionIsShownWithWhatWasSetAside() throws IOException {
        Place place = copied();

        Result text = Cli.runHere(place.settings(), "status");
        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        assertThat(text.exitCode()).isZero();
        assertThat(text.out())
                .contains("pipeline demo, epoch 1, written by process ")
                .containsPattern("users +done +unknown +0 +1")
                .containsPattern("orders +done +unknown +1 +0")
                .containsPattern("users +2 +2 +0 +0 +0 +0 +0 +0 +0 +0 ")
                .containsPattern("orders +1 +0 +0 +0 +0 +1 +0 +0 +0 +0 ");
        assertThat(json.path("epoch").asLong()).isEqualTo(1);
        assertThat(json.path("owner").asText()).startsWith("process ");
        JsonNode users = json.path("collections").get(1);
        assertThat(users.path("collection").asText()).isEqualTo("users");
        assertThat(users.path("backfill").asText()).isEqualTo("done");
        assertThat(users.path("backfilled_rows").asLong()).isEqualTo(2);
        assertThat(users.path("estimated_documents").asLong()).isEqualTo(2);
        assertThat(users.path("quarantined_values").asLong()).isEqualTo(1);
        assertThat(users.path("lag_seconds").isNull()).isTrue();
    }

    @Test
    void documentsAndRowsAreThoseThatAreThereNowAndNotThoseOfTheCopy() throws IOException {
        Place place = copied();
        place.mongo().getCollection("users").deleteOne(new Document("age", 7));
        place.mongo().getCollection("users").insertMany(List.of(new Document(), new Document(), new Document()));
        // As if it had been counted days ago.
        place.execute("UPDATE sluice.balance SET counted_at = counted_at - interval '3 days'");

        Result text = Cli.runHere(place.settings(), "status");
        JsonNode users = json(Cli.runHere(place.settings(), "status", "--json"))
                .path("collections")
                .get(1);

        assertThat(text.out())
                .containsPattern("users +4 +2 +0 +1 +0 +0 +0 +0 +0 +3 ")
                .contains(
                        "users: 3 documents have no row yet, 1 row is to be deleted: changes that are not applied yet");
        assertThat(users.path("balance").path("documents").asLong()).isEqualTo(4);
        assertThat(users.path("balance").path("without_document").asLong()).isEqualTo(1);
        assertThat(users.path("balance").path("without_row").asLong()).isEqualTo(3);
    }

    @Test
    @DisplayName("dead letters of now beside an older count: it is counted again, and where it can't be, both are said")
    void deadLettersSinceTheCount() throws IOException {
        Place place = copied();
        // As if the count were from before the dead letter.
        place.execute("UPDATE sluice.balance SET dead_letters = 0, without_row = 1 WHERE collection = 'orders'");
        String nowhere = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=60000";
        String twoTimes = "The dead letters above are those of now; documents and rows are as of their time under";

        Result now = Cli.runHere(place.settings(), "status");
        Result away = Cli.runHere(Cli.with(place.settings(), "MONGO_URI", nowhere), "status");

        assertThat(now.out())
                .containsPattern("orders +done +unknown +1 +0")
                .containsPattern("orders +1 +0 +0 +0 +0 +1 +0 +0 +0 +0 ")
                .doesNotContain(twoTimes);
        assertThat(away.out())
                .containsPattern("orders +done +unknown +1 +0")
                .contains(twoTimes)
                .containsPattern("orders +1 +0 +0 +0 +0 +0 +0 +0 +0 +1 ");
    }

    @Test
    void withoutMongoDbTheLastCountIsShownWithItsTime() throws IOException {
        Place place = copied();
        place.execute("UPDATE sluice.balance SET counted_at = '2026-01-01T12:00:00Z'");
        String nowhere = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=60000";

        Result away = Cli.runHere(Cli.with(place.settings(), "MONGO_URI", nowhere), "status");

        assertThat(away.exitCode()).as(away.err()).isZero();
        assertThat(away.out())
                .containsPattern("users +2 +2 .* 2026-01-01T12:00:00Z")
                .contains("Documents and rows could not all be counted now: ");
    }

    @Test
    void theLagIsByMongoDbsClockWhateverPostgresHas() throws Exception {
        Place place = copied();
        // As a process would have written it a moment ago, in a place where MongoDB's clock is an hour ahead.
        place.execute("UPDATE sluice.position SET updated_at = clock_timestamp(), owner = 'process 7 on elsewhere'");
        place.execute(
                "UPDATE sluice.watermark SET cluster_time = clock_timestamp() + interval '1 hour' - interval '7 s',"
                        + " source_time = clock_timestamp() + interval '1 hour', applied_at = clock_timestamp()"
                        + " WHERE collection = 'users'");

        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        assertThat(json.path("running").asBoolean()).isTrue();
        assertThat(json.path("collections").get(1).path("lag_seconds").asDouble())
                .isBetween(7.0, 12.0);
    }

    @Test
    void whatNobodyRunsHasNoLagButATime() throws Exception {
        Place place = copied();
        place.execute("UPDATE sluice.position SET updated_at = clock_timestamp() - interval '2 hours'");
        place.execute(
                "UPDATE sluice.watermark SET cluster_time = '2026-01-01T12:00:00Z',"
                        + " source_time = '2026-01-01T12:00:01Z', applied_at = '2026-01-01T12:00:01Z' WHERE collection = 'users'");

        Result text = Cli.runHere(place.settings(), "status");
        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        assertThat(text.out())
                .containsPattern(
                        "No process holds this pipeline now, and process \\d+ on .*, which had it last, has ended.")
                .contains("The lag is not known: each collection is as of its time under \"applied through\"")
                .containsPattern("users .* unknown .* 2026-01-01T12:00:00.000Z");
        assertThat(json.path("running").asBoolean()).isFalse();
        assertThat(json.path("owner_process").asText()).isEqualTo("ended");
        JsonNode users = json.path("collections").get(1);
        assertThat(users.path("lag_seconds").isNull()).isTrue();
        assertThat(users.path("watermark").asText()).isEqualTo("2026-01-01T12:00:00.000Z");
    }

    @Test
    @DisplayName("after a kill -9 the end of the process is said at once, and it is not said to run")
    void killed() throws Exception {
        Place place = copied();
        try (Cli run = Cli.start(place.settings(), "run")) {
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> place.count("sluice.position WHERE epoch = 2 AND updated_at > taken_at") == 1);
            assertThat(json(Cli.runHere(place.settings(), "status", "--json"))
                            .path("owner_process")
                            .asText())
                    .isEqualTo("runs");
            run.killHard();

            Result text = Cli.runHere(place.settings(), "status");
            JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

            assertThat(text.out())
                    .contains("No process holds this pipeline now, and process " + run.pid() + " on ")
                    .contains("which had it last, has ended. `sluice run` resumes from there.");
            assertThat(json.path("position_age_seconds").asDouble())
                    .as("soon after the kill")
                    .isLessThan(12);
            assertThat(json.path("owner_process").asText()).isEqualTo("ended");
            assertThat(json.path("running").asBoolean(true)).isFalse();
            assertThat(json.path("collections").get(0).path("lag_seconds").isNull())
                    .isTrue();
        }
    }

    @Test
    @DisplayName(
            "after a copy without a stream each collection is as of the position from which the stream will resume")
    void appliedThroughAfterACopy() throws IOException {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertOne(new Document());
        Instant before = Instant.now().minusSeconds(2);
        assertThat(Cli.run(place.settings(), "backfill", "--collection", "users")
                        .exitCode())
                .isZero();

        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        JsonNode users = json.path("collections").get(0);
        assertThat(users.path("collection").asText()).isEqualTo("users");
        assertThat(Instant.parse(users.path("watermark").asText()))
                .isAfter(before)
                .isBeforeOrEqualTo(Instant.parse(json.path("position").asText()));
        assertThat(users.path("lag_seconds").isNull()).isTrue();
        assertThat(place.text(
                        "SELECT sluice.wait_for(through_seconds, through_increment, interval '0 s', 'users')::text"
                                + " FROM sluice.watermark"))
                .as("what was there before the copy is applied")
                .isEqualTo("true");
        assertThat(place.text("SELECT sluice.wait_for(extract(epoch FROM clock_timestamp())::bigint + 60, 1,"
                        + " interval '0 s', 'users')::text"))
                .as("what comes later is not")
                .isEqualTo("false");
    }

    @Test
    @DisplayName("of a process of another host only that is said which can be known")
    void elsewhere() throws IOException {
        Place place = copied();
        place.execute("UPDATE sluice.position SET owner = 'process 7 on elsewhere',"
                + " updated_at = clock_timestamp() - interval '1 minute'");

        assertThat(Cli.runHere(place.settings(), "status").out())
                .contains("Whether process 7 on elsewhere, which had it last, is still there can't be seen from here")
                .doesNotContain("has ended.", "is still there: it");
        assertThat(json(Cli.runHere(place.settings(), "status", "--json"))
                        .path("owner_process")
                        .asText())
                .isEqualTo("unknown");
    }

    @Test
    @DisplayName("a run that waits for PostgreSQL is not said to be gone, and goes on when it is let in again")
    void waiting() throws IOException {
        Place place = Servers.migratedPlace();
        String role = "runner_" + Long.toString(System.nanoTime(), 36);
        place.execute("CREATE ROLE " + role + " LOGIN; GRANT USAGE ON SCHEMA sluice TO " + role
                + "; GRANT ALL ON ALL TABLES IN SCHEMA sluice, public TO " + role);
        String uri = place.postgresUri().replaceFirst("//[^@/]*@", "//" + role + "@");
        try (Cli run = Cli.start(Cli.with(place.settings(), "POSTGRES_URI", uri, "AUTO_MIGRATE", "false"), "run")) {
            await().atMost(Duration.ofSeconds(90))
                    .ignoreExceptions()
                    .until(() -> place.count("sluice.backfill WHERE state = 'done'") == 2);
            place.execute("ALTER ROLE " + role + " CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid)"
                    + " FROM pg_stat_activity WHERE usename = '" + role + "'");
            await().atMost(Duration.ofSeconds(60)).until(() -> run.err().contains("Trying again in"));
            place.execute("UPDATE sluice.position SET updated_at = clock_timestamp() - interval '1 minute'");

            Result text = Cli.runHere(place.settings(), "status");
            JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

            assertThat(text.out())
                    .containsPattern(
                            "No process holds this pipeline now. But process \\d+ on .* is still there: it may be"
                                    + " waiting for a database")
                    .doesNotContain("has ended");
            assertThat(json.path("running").asBoolean()).isFalse();
            assertThat(json.path("owner_process").asText()).isEqualTo("runs");

            place.execute("ALTER ROLE " + role + " CONNECTION LIMIT -1");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> json(Cli.runHere(place.settings(), "status", "--json"))
                            .path("running")
                            .asBoolean());
            run.terminate();
            run.await();
        }
    }

    @Test
    void itIsShownAgainAndAgainUntilItIsEnded() {
        Place place = copied();

        try (Cli watch = Cli.start(place.settings(), "status", "--watch", "--json")) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> watch.out().lines().count() >= 2);
            watch.interrupt();
            Result result = watch.await();

            assertThat(result.err()).isEmpty();
            assertThat(result.out().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        }
    }

    private static Place copied() {
        Place place = Servers.place();
        place.mongo().getCollection("users").insertMany(List.of(new Document("age", "old"), new Document("age", 7)));
        place.mongo().getCollection("orders").insertOne(new Document("_id", 1L).append("placedAt", "never"));
        assertThat(Cli.run(place.settings(), "backfill").exitCode()).isZero();
        return place;
    }

    private static JsonNode json(Result result) throws IOException {
        assertThat(result.exitCode()).isZero();
        return JsonMapper.builder().build().readTree(result.out());
    }
}
