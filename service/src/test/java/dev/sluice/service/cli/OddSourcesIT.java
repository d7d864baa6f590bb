package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.model.CreateCollectionOptions;
import com.mongodb.client.model.TimeSeriesOptions;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What can't be copied is said in the same words by every command, before anything is written.
class OddSourcesIT {
    private static final String MAPPING = """
            mapping: odd
            database: shop
            collections:
              things:
                table: things
                key: {column: id, type: text}
                columns:
                  n: integer
            """;

    private final Path folder;

    OddSourcesIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @DisplayName("a table that is a view: plan and backfill name it alike, and nothing is copied")
    void aView() throws IOException {
        Place place = Servers.place();
        place.execute("CREATE TABLE behind (id text PRIMARY KEY, n integer);"
                + " CREATE VIEW things AS SELECT * FROM behind");
        place.mongo().getCollection("things").insertOne(new Document("_id", "a").append("n", 1));
        String words = "public.things is a view, and rows can't be written to it with ON CONFLICT.";

        assertEnds(Cli.run(settings(place), "plan"), 1, words);
        assertEnds(Cli.run(settings(place), "backfill"), 3, words);
        assertThat(place.count("behind")).isZero();
    }

    @Test
    @DisplayName(
            "a collection that is a time series: neither copied, compared nor listed, counted as none, and proposed by no mapping")
    void aTimeSeries() throws IOException {
        Place place = Servers.place();
        place.execute("CREATE TABLE things (id text PRIMARY KEY, n integer)");
        place.mongo()
                .createCollection(
                        "things", new CreateCollectionOptions().timeSeriesOptions(new TimeSeriesOptions("at")));
        place.mongo().getCollection("things").insertOne(new Document("at", Date.from(Instant.now())).append("n", 1));
        Path proposed = folder.resolve("proposed");

        String what = "things is a time series, and MongoDB has no change stream of those.";
        String remedy = "Take it out of the mapping, and write to PostgreSQL where it is written.";
        assertEnds(Cli.run(settings(place), "plan"), 1, what, remedy);
        assertEnds(
                Cli.run(settings(place), "backfill"), 3, what, remedy, "Copied 0 collections", "Not copied: things.");
        assertNeitherComparedNorListed(place, what, remedy);
        assertEnds(
                Cli.run(settings(place), "infer", "--out", proposed.toString()),
                2,
                "no collection that can be mapped: things is a time series");
        assertThat(proposed).doesNotExist();
    }

    @Test
    @DisplayName("a collection that is a view of MongoDB's: neither copied, compared nor listed, and counted as none")
    void aViewOfMongo() throws IOException {
        Place place = Servers.place();
        place.execute("CREATE TABLE things (id text PRIMARY KEY, n integer)");
        place.mongo().getCollection("behind").insertOne(new Document("_id", "a").append("n", 1));
        place.mongo().createView("things", "behind", List.of());

        String what =
                "things is a view: it is computed from other collections, and MongoDB has no change stream of it.";
        String remedy = "Map the collections that it is computed from, and make it a view in PostgreSQL.";
        assertEnds(Cli.run(settings(place), "plan"), 1, what, remedy);
        assertEnds(Cli.run(settings(place), "backfill"), 3, what, remedy, "Copied 0 collections");
        assertNeitherComparedNorListed(place, what, remedy);
    }

    private void assertNeitherComparedNorListed(Place place, String... words) throws IOException {
        assertEnds(Cli.run(settings(place), "verify"), 2, words);
        assertEnds(Cli.run(settings(place), "resync", "--collection", "things", "--no-wait"), 2, words);
        assertThat(place.count("sluice.resync")).isZero();
    }

    private static void assertEnds(Result result, int exitCode, String... words) {
        assertThat(result.out() + result.err()).contains(words);
        assertThat(result.exitCode()).isEqualTo(exitCode);
    }

    private Map<String, String> settings(Place place) throws IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        return Cli.with(place.settings(), "SLUICE_MAPPING", mapping.toString());
    }
}
