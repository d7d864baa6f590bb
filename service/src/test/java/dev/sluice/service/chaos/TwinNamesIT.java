package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Names that are there twice in a document, which MongoDB stores as they come: on each way the row has the value that
/// queries see, the first, and the other is in quarantine.
class TwinNamesIT {
    private static final String MAPPING = """
            mapping: twins
            database: twins
            collections:
              things:
                table: things
                key: {column: id, type: text}
                columns:
                  n: integer
                  o: jsonb
                children:
                  lines:
                    from: lines
                    parent: thing
                    ordinal: place
                    columns:
                      sku: text
            """;

    private static final String TABLES = """
            CREATE TABLE things (id text PRIMARY KEY, n integer, o jsonb);
            CREATE TABLE lines (thing text, place integer, sku text, PRIMARY KEY (thing, place));
            """;

    private final Path folder;

    TwinNamesIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @DisplayName(
            "copied, followed, replayed, verified and retried: the first value has the row, the other is kept, no row goes")
    void onEveryWay() throws SQLException, InterruptedException, IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__twins.sql"), TABLES);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<RawBsonDocument> things = system.database().getCollection("things", RawBsonDocument.class);
            things.insertOne(thing("copied"));
            things.insertOne(withTwinId(1));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                things.insertOne(thing("streamed"));
                things.insertOne(withTwinId(2));
                running.awaitApplied();
                assertRight(system, "1");

                // MongoDB changes the one that its queries see.
                things.updateMany(Filters.type("_id", "string"), Updates.inc("n", 10));
                running.awaitApplied();
                assertRight(system, "11");
            }
            ServiceProcess.mustDo(system, mapping, "replay", "--from", "1h");
            assertRight(system, "11");
            ServiceProcess.mustDo(system, mapping, "verify", "--mode", "full", "--repair");
            assertRight(system, "11");
            ServiceProcess.mustDo(system, mapping, "dead-letters", "retry", "--all");
            assertRight(system, "11");
            assertThat(system.differences()).isEmpty();
        }
    }

    private static void assertRight(LiveSystem system, String n) throws SQLException {
        for (String id : List.of("copied", "streamed")) {
            assertThat(system.text("SELECT n || ' ' || o FROM things WHERE id = '" + id + "'"))
                    .as(id)
                    .isEqualTo(n + " {\"x\": 1}");
            assertThat(system.text("SELECT string_agg(sku, ' ' ORDER BY place) FROM lines WHERE thing = '" + id + "'"))
                    .isEqualTo("first");
            assertThat(system.text(
                            "SELECT string_agg(path, ' ' ORDER BY path) FROM sluice.quarantine WHERE document_key"
                                    + " LIKE '%" + id + "%'"))
                    .isEqualTo("lines[0].sku#2 n#2 o.x#2");
        }
        assertThat(system.number("SELECT count(*) FROM things")).isEqualTo(2);
        assertThat(system.text("SELECT string_agg(document_key, ' ' ORDER BY document_key) FROM sluice.dead_letter"))
                .isEqualTo("{\"a\": {\"$numberInt\": \"1\"}, \"a\": {\"$numberInt\": \"7\"}}"
                        + " {\"a\": {\"$numberInt\": \"2\"}, \"a\": {\"$numberInt\": \"7\"}}");
    }

    private static RawBsonDocument thing(String id) {
        return RawBsonDocument.parse(
                "{_id: '" + id + "', n: 1, n: 2, o: {x: 1, x: 2}, lines: [{sku: 'first', sku: 'second'}]}");
    }

    private static RawBsonDocument withTwinId(int number) {
        return RawBsonDocument.parse("{_id: {a: " + number + ", a: 7}, n: 5}");
    }
}
