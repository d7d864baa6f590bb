package dev.sluice.service.oracle;

import com.mongodb.client.MongoDatabase;
import dev.sluice.service.chaos.LiveSystem;
import dev.sluice.service.oracle.BsonBytes.Field;
import dev.sluice.service.oracle.BsonBytes.Value;
import dev.sluice.service.oracle.Oracle.Column;
import dev.sluice.service.oracle.Oracle.Expected;
import dev.sluice.service.oracle.Oracle.Lines;
import dev.sluice.service.oracle.Oracle.Table;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Both sides as the oracle sees them: MongoDB's documents as their bytes, and what PostgreSQL holds as its text.
final class OddSystem {
    private static final int SHOWN_MAX = 12;

    private final LiveSystem system;

    OddSystem(LiveSystem system) {
        this.system = system;
    }

    // MongoDB

    /// The documents of a collection, byte for byte.
    List<String> documents(Table table) {
        List<String> documents = new ArrayList<>();
        system.database()
                .getCollection(table.name(), RawBsonDocument.class)
                .find()
                .forEach(document -> documents.add(bytes(document)));
        return documents;
    }

    private static String bytes(RawBsonDocument document) {
        ByteBuf buffer = document.getByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return BsonBytes.held(bytes);
    }

    /// @return how many there are now
    int insert(Table table, List<String> documents) {
        return run(
                BsonBytes.field("insert", BsonBytes.text(table.name())),
                BsonBytes.field(
                        "documents",
                        BsonBytes.array(documents.stream()
                                .map(document -> new Value(BsonBytes.DOCUMENT, document))
                                .toList())),
                BsonBytes.field("ordered", BsonBytes.truth(false)));
    }

    int replace(Table table, Value id, String document) {
        return update(table, id, new Value(BsonBytes.DOCUMENT, document));
    }

    int set(Table table, Value id, String name, Value value) {
        return update(
                table, id, BsonBytes.object(BsonBytes.field("$set", BsonBytes.object(BsonBytes.field(name, value)))));
    }

    private int update(Table table, Value id, Value change) {
        return run(
                BsonBytes.field("update", BsonBytes.text(table.name())),
                BsonBytes.field(
                        "updates",
                        BsonBytes.array(List.of(BsonBytes.object(
                                BsonBytes.field("q", BsonBytes.object(BsonBytes.field("_id", id))),
                                BsonBytes.field("u", change))))));
    }

    int delete(Table table, Value id) {
        return run(
                BsonBytes.field("delete", BsonBytes.text(table.name())),
                BsonBytes.field(
                        "deletes",
                        BsonBytes.array(List.of(BsonBytes.object(
                                BsonBytes.field("q", BsonBytes.object(BsonBytes.field("_id", id))),
                                BsonBytes.field("limit", BsonBytes.whole(1)))))));
    }

    /// @return how many documents it was about
    private int run(Field... command) {
        MongoDatabase database = system.database();
        RawBsonDocument raw = new RawBsonDocument(BsonBytes.raw(BsonBytes.document(List.of(command))));
        return database.runCommand(raw).getInteger("n");
    }

    // PostgreSQL

    List<List<@Nullable String>> rows(String sql) throws SQLException {
        List<List<@Nullable String>> rows = new ArrayList<>();
        try (Connection connection = system.connector().open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                List<@Nullable String> cells = new ArrayList<>();
                for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                    cells.add(row.getString(i));
                }
                rows.add(cells);
            }
        }
        return rows;
    }

    /// A key as the oracle writes it, from its text in a row or a control table.
    static String key(Table table, @Nullable String text) {
        String key = String.valueOf(text);
        return table.key() == Oracle.Key.TYPED || key.startsWith("{") ? Json.compact(key) : key;
    }

    private Set<String> tableRows(Table table) throws SQLException {
        Set<String> found = new TreeSet<>();
        StringBuilder columns = new StringBuilder("id::text");
        for (Column column : table.columns()) {
            columns.append(
                    switch (column.kind()) {
                        case MOMENT -> ", (extract(epoch FROM " + column.name() + ") * 1000)::bigint::text";
                        case INTEGER, TEXT, JSONB, REST -> ", " + column.name() + "::text";
                    });
        }
        for (List<@Nullable String> row : rows("SELECT " + columns + " FROM " + table.name())) {
            List<String> cells = new ArrayList<>(List.of(Oracle.cell("id", false, key(table, row.getFirst()))));
            for (int i = 0; i < table.columns().size(); i++) {
                Column column = table.columns().get(i);
                cells.add(Oracle.cell(column.name(), column.isJson(), row.get(i + 1)));
            }
            found.add(Oracle.row(table.name(), cells));
        }
        Lines lines = table.lines();
        if (lines != null) {
            String sql = "SELECT parent, place, " + lines.text() + " FROM " + lines.table();
            for (List<@Nullable String> row : rows(sql)) {
                found.add(Oracle.row(
                        lines.table(),
                        List.of(
                                Oracle.cell("parent", false, key(table, row.getFirst())),
                                Oracle.cell("place", false, row.get(1)),
                                Oracle.cell(lines.text(), false, row.get(2)))));
            }
        }
        return found;
    }

    private Set<String> deadLetters(Table table, Expected expected) throws SQLException {
        Set<String> found = new TreeSet<>();
        for (List<@Nullable String> row : rows("SELECT document_key, document, operation, sqlstate, behind_key, reason"
                + " FROM sluice.dead_letter WHERE collection = '" + table.name() + "'")) {
            String documentKey = Json.compact(String.valueOf(row.getFirst()));
            String why = row.get(4) != null ? "behind" : row.get(3) == null ? "no key" : row.get(3) + " " + row.get(5);
            if (row.get(4) != null
                    && !expected.behind().getOrDefault(documentKey, Set.of()).contains(key(table, row.get(4)))) {
                why = "behind " + row.get(4) + ", which is wrong,";
            }
            if (!"upsert".equals(row.get(2))) {
                why = why + " (" + row.get(2) + ")";
            }
            found.add(Oracle.letter(documentKey, why, Json.compact(String.valueOf(row.get(1)))));
        }
        return found;
    }

    private Set<String> quarantine(Table table) throws SQLException {
        Set<String> found = new TreeSet<>();
        for (List<@Nullable String> row : rows("SELECT document_key, column_name, path, value FROM sluice.quarantine"
                + " WHERE collection = '" + table.name() + "'")) {
            found.add(Oracle.quarantined(
                    Json.compact(String.valueOf(row.get(0))),
                    String.valueOf(row.get(1)),
                    String.valueOf(row.get(2)),
                    Json.compact(String.valueOf(row.get(3)))));
        }
        return found;
    }

    /// Where PostgreSQL is not as the oracle says of the documents that are there now: a line each, the first ones
    /// with the document.
    List<String> differences(OddTables all) throws SQLException {
        List<String> differences = new ArrayList<>();
        for (Table table : all.tables()) {
            Expected expected = Oracle.expect(table, documents(table));
            String what = "seed " + all.seed() + ", " + table.name();
            differ(what + " row", stamped(expected.rows(), tableRows(table)), expected, differences);
            differ(
                    what + " dead letter",
                    new Both(expected.letters(), deadLetters(table, expected)),
                    expected,
                    differences);
            differ(what + " quarantine", new Both(expected.quarantine(), quarantine(table)), expected, differences);
        }
        return differences;
    }

    private record Both(Set<String> expected, Set<String> found) {}

    /// Where a trigger writes whatever comes, either is right.
    private static Both stamped(Set<String> expected, Set<String> found) {
        String stamp = " touched_at=" + Json.quoted("981173106000");
        Set<String> allowed = new TreeSet<>();
        for (String row : expected) {
            String written = row.replaceFirst(" touched_at=[^ ]*$", stamp);
            allowed.add(found.contains(written) ? written : row);
        }
        return new Both(allowed, found);
    }

    private static void differ(String what, Both both, Expected expected, List<String> differences) {
        for (String missing : minus(both.expected(), both.found())) {
            differences.add(what + " is not there: " + missing + document(missing, expected, differences.size()));
        }
        for (String extra : minus(both.found(), both.expected())) {
            differences.add(what + " should not be there: " + extra + document(extra, expected, differences.size()));
        }
    }

    private static Set<String> minus(Set<String> from, Set<String> less) {
        Set<String> left = new TreeSet<>(from);
        left.removeAll(less);
        return left;
    }

    private static String document(String line, Expected expected, int shown) {
        if (shown > SHOWN_MAX) {
            return "";
        }
        return expected.documents().entrySet().stream()
                .filter(e -> line.startsWith(e.getKey() + " ") || line.contains("=" + Json.quoted(e.getKey()) + " "))
                .map(e -> "\n      of " + e.getValue())
                .findFirst()
                .orElse("");
    }
}
