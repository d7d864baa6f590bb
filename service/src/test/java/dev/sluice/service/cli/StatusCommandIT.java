package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.Test;

/// How a pipeline stands, for people and for programs, whether its service runs or not.
class StatusCommandIT {
    @Test
    void aPipelineThatNeverStartedSaysHowToStartIt() throws IOException {
        Place place = Servers.place();
        assertThat(Cli.run(place.settings(), "migrate").exitCode()).isZero();

        Result text = Cli.run(place.settings(), "status");
        JsonNode json = json(Cli.run(place.settings(), "status", "--json"));

        assertThat(text.exitCode()).isZero();
        assertThat(text.out()).isEqualTo("pipeline demo: never started. `sluice run` starts it.\n");
        assertThat(json.path("pipeline").asText()).isEqualTo("demo");
        assertThat(json.path("owner").isNull()).isTrue();
        assertThat(json.path("collections")).isEmpty();
    }

    @Test
    void afterACopyEachCollectionIsShownWithWhatWasSetAside() throws IOException {
        Place place = copied();

        Result text = Cli.run(place.settings(), "status");
        JsonNode json = json(Cli.run(place.settings(), "status", "--json"));

        assertThat(text.exitCode()).isZero();
        assertThat(text.out())
                .contains("pipeline demo, epoch 1, written by process ")
                .containsPattern("users +done +2 +2 +unknown +0 +1")
                .containsPattern("orders +done +1 +0 +unknown +1 +0");
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
