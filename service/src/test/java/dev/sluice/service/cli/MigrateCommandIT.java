package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The gated step of production: tables are made, listed, and made once however many try.
class MigrateCommandIT {
    @Test
    void itListsThenAppliesThenHasNothingToDo() {
        Place place = Servers.place();

        Result before = Cli.run(place.settings(), "migrate", "--info");
        assertThat(before.exitCode()).isZero();
        assertThat(before.out())
                .contains("control schema", "demo shop", "Pending")
                .doesNotContain("Success");
        assertThat(place.count("pg_tables WHERE schemaname IN ('public', 'sluice')"))
                .isZero();

        Result first = Cli.run(place.settings(), "migrate");
        assertThat(first.exitCode()).isZero();
        assertThat(first.out()).contains("demo shop", "Applied " + Servers.MIGRATIONS + ".");
        assertThat(place.count("users")).isZero();
        assertThat(place.count("sluice.position")).isZero();

        Result second = Cli.run(place.settings(), "migrate");
        assertThat(second.exitCode()).isZero();
        assertThat(second.out()).isEqualTo("Nothing to do: every migration is applied.\n");
        assertThat(Cli.run(place.settings(), "migrate", "--info").out())
                .contains("Success")
                .doesNotContain("Pending\n")
                .contains("Pending (after the copy)");
    }

    @Test
    @DisplayName("a folder of migrations that has none is said to be one, in our words")
    void aFolderWithoutMigrations(@TempDir Path folder) throws IOException {
        Files.createDirectory(folder.resolve("migrations"));
        Files.writeString(
                folder.resolve("mapping.yaml"),
                "mapping: bare\ndatabase: d\ncollections:\n  users: {key: {column: id, type: text}}\n");
        Place place = Servers.place();
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());

        Result migrated = Cli.run(settings, "migrate");
        assertThat(migrated.exitCode()).as(migrated.err()).isZero();
        assertThat(migrated.err())
                .contains("The folder of migrations of the mapping bare has none: they are files named V0001__")
                .doesNotContain("No migrations found", "locations");
        Result planned = Cli.run(settings, "plan", "--sample", "0");
        assertThat(planned.out())
                .containsPattern("warning +postgres_migrations +The folder of migrations of the mapping bare has none");
        assertThat(planned.err()).doesNotContain("No migrations found");
    }

    @Test
    void itNeedsNoMongo() {
        Map<String, String> settings = Cli.with(Servers.place().settings(), "MONGO_URI", "");

        assertThat(Cli.run(settings, "migrate").exitCode()).isZero();
    }

    @Test
    void severalAtOnceCreateTheDatabaseAndItsTablesOnce() {
        String database = "together_" + Long.toString(System.nanoTime(), 36);
        Map<String, String> settings = Cli.with(
                Servers.place().settings(), "POSTGRES_URI", Servers.postgres().uri(database));
        List<Cli> together = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                together.add(Cli.start(settings, "migrate"));
            }
            for (Cli one : together) {
                Result result = one.await();
                assertThat(result.exitCode()).as(result.err()).isZero();
            }
        } finally {
            together.forEach(Cli::close);
        }
        assertThat(Servers.query(
                        Servers.postgres().uri(database),
                        "SELECT count(*) FROM public.sluice_history_demo WHERE version = '0001'"))
                .isEqualTo("1");
        Servers.execute(Servers.postgres().uri(), "DROP DATABASE " + database + " WITH (FORCE)");
    }
}
