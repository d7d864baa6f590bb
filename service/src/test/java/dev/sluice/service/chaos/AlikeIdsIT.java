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
import java.util.Map;
import java.util.UUID;
import org.bson.BsonBinary;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Documents whose `_id`s are written alike, as 42 and "42": on each way one type's have the rows, the others are dead
/// letters, and neither touches the rows of the other.
@Tag("long")
class AlikeIdsIT {
    private static final String MAPPING = """
            mapping: alike
            database: alike
            collections:
              strings: {table: strings, key: {column: id, type: text}, columns: {n: integer}}
              objects: {table: objects, key: {column: id, type: text}, columns: {n: integer}}
              uuids: {table: uuids, key: {column: id, type: uuid}, columns: {n: integer}}
              later: {table: later, key: {column: id, type: text}, columns: {n: integer}}
            """;

    private static final String TABLES = """
            CREATE TABLE strings (id text PRIMARY KEY, n integer);
            CREATE TABLE objects (id text PRIMARY KEY, n integer);
            CREATE TABLE uuids (id uuid PRIMARY KEY, n integer);
            CREATE TABLE later (id text PRIMARY KEY, n integer);
            """;

    private static final String HEX = "65f0c0ffee65f0c0ffee65f0";
    private static final UUID UUID_OF_BOTH = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    private final Path folder;

    AlikeIdsIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @DisplayName("copied, followed, deleted, retried, replayed, verified, pruned: no row is another document's")
    void onEveryWay() throws SQLException, InterruptedException, IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__alike.sql"), TABLES);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<Document> strings = system.database().getCollection("strings");
            MongoCollection<Document> objects = system.database().getCollection("objects");
            MongoCollection<Document> uuids = system.database().getCollection("uuids");
            MongoCollection<Document> later = system.database().getCollection("later");
            insert(strings, 1, "42", "true", HEX);
            insert(objects, 1, new ObjectId(HEX), "alice");
            insert(uuids, 1, UUID_OF_BOTH.toString());
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                insert(strings, 2, 42, true, new ObjectId(HEX), "43");
                insert(objects, 2, HEX, "42", 42);
                insert(uuids, 2, new BsonBinary(UUID_OF_BOTH));
                insert(later, 1, "1");
                running.awaitApplied();
                insert(later, 2, 1);
                running.awaitApplied();
                assertRight(system, 0);

                // What has no row has none to delete or to change.
                strings.deleteMany(Filters.in("_id", List.of(42, true)));
                later.deleteMany(Filters.eq("_id", 1));
                insert(strings, 2, 42, true);
                insert(later, 2, 1);
                List.of(strings, objects, uuids, later)
                        .forEach(collection -> collection.updateMany(new Document(), Updates.inc("n", 10)));
                running.awaitApplied();
                assertRight(system, 10);
            }
            for (String[] command : new String[][] {
                {"replay", "--from", "1h"},
                {"verify", "--mode", "full", "--repair"},
                {"dead-letters", "retry", "--all"},
                {"backfill", "--resync", "--prune"}
            }) {
                ServiceProcess.mustDo(system, mapping, command);
                assertRight(system, 10);
            }
            assertThat(system.differences()).isEmpty();

            // The note stays, whatever the collection holds: the earlier rows may still be there.
            strings.deleteMany(Filters.type("_id", "string"));
            later.deleteMany(Filters.eq("_id", "1"));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                insert(later, 3, 7);
                running.awaitApplied();
            }
            assertThat(system.number("SELECT (SELECT count(*) FROM strings) + (SELECT count(*) FROM later)"))
                    .isZero();
            assertThat(
                            system.text(
                                    "SELECT string_agg(collection || '=' || strings, ' ' ORDER BY collection) FROM sluice.usual_ids"))
                    .isEqualTo("later=true objects=false strings=true uuids=true");

            // Another rule for keys takes another copy.
            Files.writeString(
                    mapping,
                    MAPPING.replace(
                            "objects, key: {column: id, type: text}",
                            "objects, key: {column: id, type: text, of: string}"));
            try (ServiceProcess refused = ServiceProcess.command(
                    system, Map.of("SLUICE_MAPPING", mapping.toString()), "verify", "--mode", "full")) {
                assertThat(refused.awaitExit(120)).isNotZero();
                assertThat(refused.output())
                        .contains("objects: the keys of its rows were made as `of: any` says, and the mapping says"
                                + " `of: string` now.");
            }
            assertThat(rows(system, "objects")).isEqualTo("42 12, %s 11, alice 11".formatted(HEX));
            ServiceProcess.mustDo(system, mapping, "backfill", "--resync", "--prune");
            assertThat(rows(system, "objects")).isEqualTo("42 12, %s 12, alice 11".formatted(HEX));
            ServiceProcess.mustDo(system, mapping, "verify", "--mode", "full");
        }
    }

    private static void assertRight(LiveSystem system, int more) throws SQLException {
        assertThat(rows(system, "strings"))
                .isEqualTo("42 %d, 43 %d, %s %d, true %d".formatted(1 + more, 2 + more, HEX, 1 + more, 1 + more));
        assertThat(rows(system, "objects"))
                .isEqualTo("42 %d, %s %d, alice %d".formatted(2 + more, HEX, 1 + more, 1 + more));
        assertThat(rows(system, "uuids")).isEqualTo(UUID_OF_BOTH + " " + (1 + more));
        assertThat(rows(system, "later")).isEqualTo("1 " + (1 + more));
        assertThat(system.text(
                        "SELECT string_agg(collection || ' ' || document_key, ', ' ORDER BY collection, document_key COLLATE \"C\")"
                                + " FROM sluice.dead_letter"))
                .isEqualTo("later {\"$numberLong\":\"1\"}, objects \"42\", objects \"" + HEX + "\", "
                        + "strings true, strings {\"$numberLong\":\"42\"}, strings {\"$oid\":\"" + HEX + "\"}, "
                        + "uuids {\"$binary\":{\"base64\":\"ABEiM0RVZneImaq7zN3u/w==\",\"subType\":\"04\"}}");
        assertThat(system.number(
                        "SELECT count(*) FROM sluice.dead_letter WHERE reason LIKE '%would have the same key%'"))
                .isEqualTo(7);
    }

    private static String rows(LiveSystem system, String table) throws SQLException {
        return String.valueOf(
                system.text("SELECT string_agg(id || ' ' || n, ', ' ORDER BY id::text COLLATE \"C\") FROM " + table));
    }

    private static void insert(MongoCollection<Document> into, int n, Object... ids) {
        for (Object id : ids) {
            into.insertOne(new Document("_id", id).append("n", n));
        }
    }
}
