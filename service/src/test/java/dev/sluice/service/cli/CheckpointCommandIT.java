package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import org.bson.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checkpoints from the command line, and what `sluice replay` refuses.
class CheckpointCommandIT {
    @Test
    void theyAreMadeListedAndDropped() throws IOException {
        Place place = copied();

        Result none = Cli.run(place.settings(), "checkpoint", "list");
        Result made = Cli.runHere(place.settings(), "checkpoint", "before-import");
        Result again = Cli.runHere(place.settings(), "checkpoint", "before-import");
        JsonNode second = json(Cli.runHere(place.settings(), "checkpoint", "second", "--json"));
        JsonNode list = json(Cli.runHere(place.settings(), "checkpoint", "list", "--json"));
        Result text = Cli.runHere(place.settings(), "checkpoint", "list");
        Result dropped = Cli.runHere(place.settings(), "checkpoint", "drop", "second");
        Result gone = Cli.runHere(place.settings(), "checkpoint", "drop", "second");

        assertThat(none.out()).isEqualTo("No checkpoints.\n");
        assertThat(made.exitCode()).isZero();
        assertThat(made.out()).matches("Checkpoint before-import: the position of 20\\d\\d-.*Z\\.\n");
        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).contains("There is a checkpoint 'before-import' already");
        assertThat(second.path("kind").asText()).isEqualTo("named");
        assertThat(second.path("cluster_time").asText()).endsWith("Z");
        assertThat(list.path("checkpoints").findValuesAsText("name")).containsExactly("second", "before-import");
        assertThat(text.out()).containsPattern("before-import +named +20");
        assertThat(dropped.exitCode()).isZero();
        assertThat(gone.exitCode()).isEqualTo(2);
        assertThat(gone.err()).contains("There is no checkpoint 'second'");
        assertThat(place.text("SELECT string_agg(action || ' ' || (detail ->> 'checkpoint'), ', ' ORDER BY id)"
                        + " FROM sluice.audit"))
                .isEqualTo("checkpoint before-import, checkpoint second, drop_checkpoint second");
        // What anybody can read with SQL.
        assertThat(place.text("SELECT string_agg(coalesce(name, '-') || ' ' || kind, ', ' ORDER BY name)"
                        + " FROM sluice.position_history"))
                .isEqualTo("before-import named, - now");
    }

    @ParameterizedTest
    @CsvSource({
        "auto-mine, by itself",
        "1st, starts with a letter",
        "list , No checkpoints",
        "deadbeefdeadbeef, resume token"
    })
    void namesThatCanNotBe(String name, String message) {
        Place place = Servers.migratedPlace();
        Result result = Cli.runHere(place.settings(), "checkpoint", name);
        assertThat(result.exitCode()).isEqualTo(name.equals("list") ? 0 : 2);
        assertThat(result.out() + result.err()).contains(message);
    }

    @Test
    void aPipelineThatNeverStartedHasNothingToNameOrToReplay() {
        Place place = Servers.migratedPlace();

        Result checkpoint = Cli.runHere(place.settings(), "checkpoint", "a");
        Result replay = Cli.runHere(place.settings(), "replay", "--from", "1h");

        assertThat(checkpoint.exitCode()).isEqualTo(2);
        assertThat(checkpoint.err()).contains("The pipeline 'demo' has no position yet");
        assertThat(replay.exitCode()).isEqualTo(2);
        assertThat(replay.err()).contains("The pipeline 'demo' has no position yet");
    }

    @ParameterizedTest
    @CsvSource({
        "nobody, There is no checkpoint 'nobody'",
        "2026-01-01T00:00:00, does not say in which zone",
        "8263000001, is no time"
    })
    void pointsThatCanNotBeUsed(String point, String message) {
        Place place = copied();
        Result replay = Cli.run(place.settings(), "replay", "--from", point, "--dry-run");
        assertThat(replay.exitCode()).isEqualTo(2);
        assertThat(replay.err()).contains(message).doesNotContain("Exception");
        assertThat(place.count("sluice.replay")).isZero();
    }

    @Test
    void whatIsAskedOfAReplayIsLookedAtFirst() {
        Place place = copied();
        Result unknown = Cli.runHere(place.settings(), "replay", "--from", "1h", "--collection", "carts");
        Result backwards = Cli.runHere(place.settings(), "replay", "--from", "10m", "--to", "20m");
        Result nothing = Cli.runHere(place.settings(), "replay");

        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("The mapping has no collection 'carts'; it has users, orders.");
        assertThat(backwards.exitCode()).isEqualTo(2);
        assertThat(backwards.err()).contains("before it begins");
        assertThat(nothing.exitCode()).isEqualTo(2);
        assertThat(nothing.err()).contains("--from");
    }

    @Test
    void withoutWaitingTheDocumentsAreOnTheListAndTheStatusSaysSo() throws IOException {
        Place place = copied();
        Result listed = Cli.runHere(place.settings(), "replay", "--from", "1h", "--no-wait");
        Result status = Cli.runHere(place.settings(), "status");
        JsonNode json = json(Cli.runHere(place.settings(), "status", "--json"));

        assertThat(listed.exitCode()).isZero();
        assertThat(listed.out()).contains("1 document is on the list").contains("the next `sluice run` does");
        assertThat(place.text("SELECT collection || ' ' || reason FROM sluice.resync"))
                .isEqualTo("users replay");
        assertThat(status.out())
                .containsPattern("replay 1 from time 20.*: 1 document is resynced, 1 entry is left on the list");
        assertThat(json.path("notes").get(0).asText()).startsWith("replay 1 from time 20");
    }

    private static Place copied() {
        Place place = Servers.place();
        place.mongo()
                .getCollection("users")
                .insertOne(new Document("_id", "u").append("email", "e").append("age", 1));
        assertThat(Cli.runHere(place.settings(), "backfill").exitCode()).isZero();
        return place;
    }

    private static JsonNode json(Result result) throws IOException {
        assertThat(result.exitCode()).isZero();
        return JsonMapper.builder().build().readTree(result.out());
    }
}
