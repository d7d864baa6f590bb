package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.bson.ExactBson;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.testkit.OddBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Strings whose bytes are not UTF-8, which MongoDB does not check: on each way the row lands without such a value,
/// which is in quarantine with its bytes, and a document with such an `_id` is a dead letter. No right row is lost.
class NotUtf8IT {
    private static final String MAPPING = """
            mapping: bytes
            database: bytes
            collections:
              things:
                table: things
                key: {column: id, type: text}
                columns:
                  n: integer
                  t: text
                  o: jsonb
            """;

    private static final String TABLES = "CREATE TABLE things (id text PRIMARY KEY, n integer, t text, o jsonb);";

    private final Path folder;

    NotUtf8IT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Tag("long")
    @Test
    @DisplayName(
            "copied, followed, deleted, replayed, verified and retried: values are kept, no row goes, none is another's")
    void onEveryWay() throws SQLException, InterruptedException, IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__bytes.sql"), TABLES);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<RawBsonDocument> things = system.database().getCollection("things", RawBsonDocument.class);
            things.insertOne(withValues("copied"));
            // What a decoder makes of the others.
            things.insertOne(plain("x\uFFFD"));
            things.insertOne(OddBytes.withId("78ff", number()));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                things.insertOne(withValues("streamed"));
                things.insertOne(OddBytes.withId("78fe", number()));
                things.insertOne(OddBytes.withId("78fd", number()));
                running.awaitApplied();
                assertRight(system, 1, "\"x\\udcfd\" \"x\\udcfe\" \"x\\udcff\"");

                // Deletes that a decoder takes for one of the row that is right.
                things.deleteMany(new BsonDocument("_id", new BsonDocument("$gt", new BsonString("x~")))
                        .append("n", new BsonInt32(7)));
                things.insertOne(OddBytes.withId("78fe", number()));
                things.insertOne(OddBytes.withId("78ff", number()));
                things.updateMany(Filters.ne("n", 7), Updates.inc("n", 10));
                running.awaitApplied();
                assertRight(system, 11, "\"x\\udcfe\" \"x\\udcff\"");
            }
            for (String[] command : new String[][] {
                {"replay", "--from", "1h"},
                {"verify", "--mode", "full", "--repair"},
                {"dead-letters", "retry", "--all"},
                {"backfill", "--collection", "things", "--resync", "--prune"}
            }) {
                ServiceProcess.mustDo(system, mapping, command);
                assertRight(system, 11, "\"x\\udcfe\" \"x\\udcff\"");
            }
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("schema-changes names the bytes, the second value of a name, and the type: each value's own reason")
    void asSchemaChanges() throws SQLException, IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__bytes.sql"), TABLES);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<RawBsonDocument> things = system.database().getCollection("things", RawBsonDocument.class);
            things.insertOne(plain("copied"));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                things.insertOne(withValues("bytes"));
                things.insertOne(RawBsonDocument.parse("{_id: 'twin', n: 1, n: 2}"));
                things.insertOne(RawBsonDocument.parse("{_id: 'type', n: true}"));
                running.awaitApplied();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> system.number("SELECT count(*) FROM sluice.schema_change") == 4);
            }
            String said;
            try (Connection connection = system.connector().open()) {
                said = new SchemaChangeStore("bytes")
                        .latest(connection, 10).stream()
                                .map(c -> c.forPeople() + " " + c.done())
                                .collect(Collectors.joining("\n"));
            }
            assertThat(said)
                    .contains(
                            "In things, t holds bytes that are not UTF-8 (string), for things.t; the first such value came"
                                    + " after the copy. in quarantine",
                            "In things, o.x holds bytes that are not UTF-8 (string), for things.o;",
                            "In things, n#2 comes after another value of the same name, which is the one that queries see"
                                    + " (int32), for things;",
                            "In things, n is ");
        }
    }

    private static void assertRight(LiveSystem system, int n, String deadLetters) throws SQLException {
        assertThat(system.text("SELECT string_agg(id || ' ' || n, ', ' ORDER BY id COLLATE \"C\") FROM things"))
                .isEqualTo("copied " + n + ", streamed " + n + ", x\uFFFD " + n);
        for (String id : new String[] {"copied", "streamed"}) {
            assertThat(system.text("SELECT coalesce(t, 'NULL') || ' ' || o FROM things WHERE id = '" + id + "'"))
                    .as(id)
                    .isEqualTo("NULL {\"x\": \"caf\uFFFD\"}");
            assertThat(system.text("SELECT string_agg(path || '=' || value, ' ' ORDER BY path) FROM sluice.quarantine"
                            + " WHERE document_key LIKE '%" + id + "%'"))
                    .as("kept of " + id + ", byte for byte")
                    .isEqualTo("o.x=\"caf\\udce9\" t=\"ok\\udcff\\udcfe\"");
        }
        assertThat(system.text("SELECT string_agg(document_key, ' ' ORDER BY document_key) FROM sluice.dead_letter"))
                .isEqualTo(deadLetters);
        assertThat(system.text("SELECT DISTINCT reason FROM sluice.dead_letter"))
                .contains("not UTF-8");
    }

    private static BsonDocument number() {
        return new BsonDocument("n", new BsonInt32(7));
    }

    private static RawBsonDocument plain(String id) {
        return ExactBson.document(new BsonDocument("_id", new BsonString(id)).append("n", new BsonInt32(1)));
    }

    private static RawBsonDocument withValues(String id) {
        return ExactBson.document(new BsonDocument("_id", new BsonString(id))
                .append("n", new BsonInt32(1))
                .append("t", OddBytes.string("6f6bfffe"))
                .append("o", new BsonDocument("x", OddBytes.string("636166e9"))));
    }
}
