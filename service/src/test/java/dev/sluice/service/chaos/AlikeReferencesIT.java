package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
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

/// References to documents whose `_id`s are written alike: on each way a value reaches the row of the
/// document that it means, and where that one is a dead letter it reaches none. What is expected is
/// written down, and made by no mapper.
class AlikeReferencesIT {
    private static final String MAPPING = """
            mapping: alike
            database: alike
            collections:
              strings: {table: strings, key: {column: id, type: text}, columns: {n: integer}}
              objects: {table: objects, key: {column: id, type: text}, columns: {n: integer}}
              uuids: {table: uuids, key: {column: id, type: uuid}, columns: {n: integer}}
              fresh: {table: fresh, key: {column: id, type: text}, columns: {n: integer}}
              orders:
                table: orders
                key: {column: id, type: bigint}
                columns:
                  n: integer
                  to_strings: {type: text, from: s, reference: {table: strings, take: id}}
                  to_objects: {type: text, from: o, reference: {table: objects, take: id}}
                  to_uuids: {type: uuid, from: u, reference: {table: uuids, take: id}}
                  to_fresh: {type: text, from: f, reference: {table: fresh, take: id}}
                  by_text: {type: text, from: t, convert: [to_text], reference: {table: strings, take: id}}
                  unwrapped: {type: text, from: w, convert: [unwrap_reference], reference: {table: strings, take: id}}
                  all_objects: {type: "text[]", from: all, reference: {table: objects, take: id}}
                children:
                  lines: {from: lines, parent: order_id, columns: {to_string: {type: text, from: s,
                    reference: {table: strings, take: id, orphan: skip}}}}
              bound:
                table: bound
                key: {column: id, type: bigint}
                columns: {n: integer, to_strings: {type: text, from: s, reference: {table: strings, take: id, orphan: skip}}}
            """;

    private static final String TABLES = """
            CREATE TABLE strings (id text PRIMARY KEY, n integer);
            CREATE TABLE objects (id text PRIMARY KEY, n integer);
            CREATE TABLE uuids (id uuid PRIMARY KEY, n integer);
            CREATE TABLE fresh (id text PRIMARY KEY, n integer);
            CREATE TABLE orders (id bigint PRIMARY KEY, n integer, to_strings text REFERENCES strings,
              to_objects text REFERENCES objects, to_uuids uuid, to_fresh text, by_text text, unwrapped text, all_objects text[]);
            CREATE TABLE lines (order_id bigint, ordinal integer, to_string text, PRIMARY KEY (order_id, ordinal));
            CREATE TABLE bound (id bigint PRIMARY KEY, n integer, to_strings text REFERENCES strings);
            """;

    private static final String HEX = "65f0c0ffee65f0c0ffee65f0";
    private static final UUID UUID_OF_BOTH = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    /// By the order's `_id`, the columns that are not NULL.
    private static final Map<Integer, String> ORDERS = Map.ofEntries(
            Map.entry(1, "to_strings=1"),
            Map.entry(2, ""),
            Map.entry(3, "to_strings=" + HEX),
            Map.entry(4, ""),
            Map.entry(5, "to_objects=1"),
            Map.entry(6, ""),
            Map.entry(7, "to_objects=" + HEX),
            Map.entry(8, "to_objects=" + HEX),
            Map.entry(9, "to_uuids=" + UUID_OF_BOTH),
            Map.entry(10, ""),
            Map.entry(11, "by_text=1"),
            Map.entry(12, "unwrapped=" + HEX),
            Map.entry(13, ""),
            Map.entry(14, "all_objects={1," + HEX + "}"),
            Map.entry(15, ""),
            Map.entry(16, "to_fresh=1"),
            Map.entry(17, ""));

    private static final String KEPT = "2 s, 4 s, 6 o, 10 u, 13 w, 14 all[1], 15 lines[1], 17 f";

    private final Path folder;

    AlikeReferencesIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @Tag("long")
    @DisplayName(
            "copied, followed, changed, retried, replayed, verified, repaired, pruned: no reference reaches the row of"
                    + " another document")
    void onEveryWay() throws SQLException, InterruptedException, IOException {
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), MAPPING);
        Files.writeString(Files.createDirectory(folder.resolve("migrations")).resolve("V0001__alike.sql"), TABLES);
        try (LiveSystem system = LiveSystem.start(mapping.toString(), SandboxMongo.Options.DEFAULTS)) {
            for (Object id : new Object[] {"1", HEX, 1, new ObjectId(HEX)}) {
                insert(system, "strings", new Document("_id", id));
                insert(system, "objects", new Document("_id", id));
            }
            // Most of these are no strings.
            for (int i = 100; i < 110; i++) {
                insert(system, "objects", new Document("_id", i));
            }
            insert(system, "strings", new Document("_id", "2"));
            insert(system, "uuids", new Document("_id", UUID_OF_BOTH.toString()));
            List<Document> orders = orders();
            orders.subList(0, 9).forEach(order -> insert(system, "orders", order));
            insert(system, "bound", new Document("_id", 1).append("s", "1"));
            insert(system, "bound", new Document("_id", 2).append("s", 1));
            try (ServiceProcess dry = ServiceProcess.command(
                    system, Map.of("SLUICE_MAPPING", mapping.toString()), "backfill", "--dry-run")) {
                assertThat(dry.awaitExit(120)).isLessThan(2);
                assertThat(dry.output()).contains("only strings are keys of strings");
            }
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                insert(system, "uuids", new Document("_id", new BsonBinary(UUID_OF_BOTH)));
                orders.subList(9, orders.size()).forEach(order -> insert(system, "orders", order));
                insert(system, "bound", new Document("_id", 3).append("s", "1"));
                insert(system, "bound", new Document("_id", 4).append("s", new ObjectId(HEX)));
                running.awaitApplied();
                // Decides whose keys they are, which nothing did when these two were mapped.
                insert(system, "fresh", new Document("_id", "1"));
                running.awaitApplied();
                insert(system, "fresh", new Document("_id", 1));
                running.awaitApplied();
                awaitRight(system, 0);

                // A document that has no row releases no reference, and takes none.
                delete(system, "strings", 1);
                delete(system, "fresh", 1);
                running.awaitApplied();
                awaitRight(system, 0);
                insert(system, "strings", new Document("_id", 1));
                insert(system, "fresh", new Document("_id", 1));
                delete(system, "strings", "1");
                running.awaitApplied();
                assertThat(system.text(
                                "SELECT string_agg(id::text, ' ') FROM orders WHERE to_strings = '1' OR by_text = '1'"))
                        .isNull();
                insert(system, "strings", new Document("_id", "1"));
                for (String collection : List.of("orders", "bound")) {
                    system.database().getCollection(collection).updateMany(new Document(), Updates.inc("n", 10));
                }
                running.awaitApplied();
                awaitRight(system, 10);
            }
            for (String[] command : new String[][] {
                {"replay", "--from", "1h"},
                {"verify", "--mode", "full"},
                {"dead-letters", "retry", "--all"},
                {"backfill", "--resync", "--prune"}
            }) {
                ServiceProcess.mustDo(system, mapping, command);
                assertRight(system, 10);
            }
            system.execute("UPDATE orders SET to_strings = '1' WHERE id = 2");
            system.execute("UPDATE orders SET to_strings = NULL WHERE id = 1");
            ServiceProcess.mustDo(system, mapping, "verify", "--mode", "full", "--repair");
            assertRight(system, 10);
            ServiceProcess.mustDo(system, mapping, "verify", "--mode", "full");
        }
    }

    private static List<Document> orders() {
        return List.of(
                order(1, "s", "1"),
                order(2, "s", 1),
                order(3, "s", HEX),
                order(4, "s", new ObjectId(HEX)),
                order(5, "o", 1),
                order(6, "o", "1"),
                order(7, "o", new ObjectId(HEX)),
                // The text of an ObjectId means the ObjectId: most applications write it so.
                order(8, "o", HEX),
                order(9, "u", UUID_OF_BOTH.toString()),
                order(10, "u", new BsonBinary(UUID_OF_BOTH)),
                order(11, "t", 1),
                order(12, "w", new Document("$id", HEX)),
                order(13, "w", new Document("$id", new ObjectId(HEX))),
                order(14, "all", List.of(1, "1", new ObjectId(HEX))),
                order(15, "lines", List.of(new Document("s", "1"), new Document("s", 1), new Document("s", HEX))),
                order(16, "f", "1"),
                order(17, "f", 1));
    }

    private static Document order(int id, String field, Object value) {
        return new Document("_id", id).append(field, value);
    }

    /// Who waited for a row is resynced after it came.
    private static void awaitRight(LiveSystem system, int n) {
        await().atMost(Duration.ofSeconds(50)).untilAsserted(() -> assertRight(system, n));
    }

    private static void assertRight(LiveSystem system, int n) throws SQLException {
        for (Map.Entry<Integer, String> order : ORDERS.entrySet()) {
            assertThat(system.text(
                            "SELECT coalesce((SELECT string_agg(key || '=' || value, ' ') FROM jsonb_each_text(jsonb_strip_nulls("
                                    + "to_jsonb(o) - 'id' - 'n' - 'all_objects') || CASE WHEN all_objects IS NULL THEN '{}'"
                                    + " ELSE jsonb_build_object('all_objects', all_objects::text) END)), '') FROM orders o WHERE id = "
                                    + order.getKey()))
                    .as("order %s", order.getKey())
                    .isEqualTo(order.getValue());
        }
        assertThat(system.number("SELECT count(*) FROM orders WHERE n IS NOT DISTINCT FROM " + (n == 0 ? "NULL" : n)))
                .isEqualTo(ORDERS.size());
        assertThat(system.text("SELECT string_agg(ordinal || '=' || to_string, ' ' ORDER BY ordinal) FROM lines"))
                .isEqualTo("0=1 2=" + HEX);
        assertThat(system.text("SELECT string_agg(id || '=' || to_strings, ' ' ORDER BY id) FROM bound"))
                .isEqualTo("1=1 3=1");
        assertThat(system.text(
                        "SELECT string_agg(document_key::jsonb ->> '$numberLong' || ' ' || path, ', ' ORDER BY (document_key::jsonb ->> '$numberLong')::int)"
                                + " FROM sluice.quarantine WHERE collection = 'orders'"))
                .isEqualTo(KEPT);
        assertThat(system.text(
                        "SELECT string_agg(document_key::jsonb ->> '$numberLong', ' ' ORDER BY document_key) FROM sluice.dead_letter"
                                + " WHERE collection = 'bound' AND reason LIKE '%only strings are keys of strings%'"))
                .isEqualTo("2 4");
        assertThat(system.number("SELECT count(*) FROM sluice.waiting")).isZero();
    }

    private static void insert(LiveSystem system, String collection, Document document) {
        collection(system, collection).insertOne(document);
    }

    private static void delete(LiveSystem system, String collection, Object id) {
        assertThat(collection(system, collection)
                        .deleteOne(new Document("_id", id))
                        .getDeletedCount())
                .isOne();
    }

    private static MongoCollection<Document> collection(LiveSystem system, String collection) {
        return system.database().getCollection(collection);
    }
}
