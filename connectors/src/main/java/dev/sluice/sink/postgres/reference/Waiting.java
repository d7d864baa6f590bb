package dev.sluice.sink.postgres.reference;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Documents whose rows are not all they could be because of another row (`sluice.waiting`), and the list
/// of those to be resynced (`sluice.resync`). Works in the caller's transaction. For one thread.
final class Waiting {
    /// Copies entries of `sluice.waiting w` to `sluice.resync`: where the `_id` is known by that, else by
    /// the key of the row.
    static final String ENQUEUE = "INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason)"
            + " SELECT DISTINCT w.pipeline, w.collection, w.document_key,"
            + " CASE WHEN w.document_key IS NULL THEN w.row_key END, w.kind";

    private final Connection connection;
    private final String pipeline;

    Waiting(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// Why a document waits.
    enum Kind {
        REFERENCE("reference"),
        DUPLICATE("duplicate");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    /// @param rowKey the key of the document's row
    /// @param documentKey its `_id` as canonical Extended JSON; null when all that is known is the row
    /// @param column `table.column` that refers to the other row
    /// @param on the other row's table
    /// @param value what the other row is known by
    record Entry(Object rowKey, @Nullable String documentKey, String column, Kind kind, TableName on, String value) {}

    /// Whether any document waits for a row of the table.
    boolean isAwaited(TableName table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT EXISTS (SELECT FROM sluice.waiting WHERE pipeline = ? AND on_table = ?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, table.toString());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Forgets what these documents waited for.
    ///
    /// @param rowKeys the keys of their rows
    void forget(String collection, Collection<?> rowKeys) throws SQLException {
        if (rowKeys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "DELETE FROM sluice.waiting WHERE pipeline = ? AND collection = ? AND row_key = ANY (?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(3, texts(rowKeys.stream().map(String::valueOf).toList()));
            statement.executeUpdate();
        }
    }

    void note(String collection, List<Entry> entries) throws SQLException {
        if (entries.isEmpty()) {
            return;
        }
        String sql = "INSERT INTO sluice.waiting (pipeline, collection, row_key, document_key, column_name, kind,"
                + " on_table, on_value) SELECT ?, ?, u.* FROM unnest(?, ?, ?, ?, ?, ?) u ON CONFLICT DO NOTHING";
        List<List<@Nullable String>> columns = new ArrayList<>();
        columns.add(entries.stream()
                .map(e -> (@Nullable String) e.rowKey().toString())
                .toList());
        List<@Nullable String> documentKeys = new ArrayList<>();
        entries.forEach(e -> documentKeys.add(e.documentKey()));
        columns.add(documentKeys);
        columns.add(entries.stream().map(e -> (@Nullable String) e.column()).toList());
        columns.add(entries.stream().map(e -> (@Nullable String) e.kind().text).toList());
        columns.add(
                entries.stream().map(e -> (@Nullable String) e.on().toString()).toList());
        columns.add(entries.stream().map(e -> (@Nullable String) e.value()).toList());
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            for (int i = 0; i < columns.size(); i++) {
                statement.setArray(3 + i, texts(columns.get(i)));
            }
            statement.executeUpdate();
        }
    }

    private java.sql.Array texts(List<? extends @Nullable String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    /// Puts documents on the resync list that wait for a row which exists now, or for the deletion of a row
    /// which is deleted now. The sinks do that themselves when they write and delete rows; this finds what
    /// they could not see: rows of another writer, and rows of a transaction that was open at the same time.
    ///
    /// @return how many documents were listed
    int sweep(Links links, Collection<Duplicates> duplicates) throws SQLException {
        int listed = 0;
        for (Link link : links.all()) {
            // By what identifies the row, cast to its type, so that its index is used.
            String there = link.and().isEmpty()
                    ? "r." + TableName.quote(link.match()) + " = w.on_value::"
                            + link.matchType().sql()
                    : link.present(c -> "r." + TableName.quote(c)) + " = w.on_value";
            listed += enqueue(
                    ENQUEUE + " FROM sluice.waiting w WHERE w.pipeline = ? AND w.on_table = ? AND w.column_name = ?"
                            + " AND w.kind = 'reference' AND EXISTS (SELECT FROM "
                            + link.to().sql() + " r WHERE "
                            + there + ") ON CONFLICT DO NOTHING",
                    link.to().toString(),
                    link.label());
        }
        for (Duplicates duplicate : duplicates) {
            listed += enqueue(
                    ENQUEUE + " FROM sluice.waiting w WHERE w.pipeline = ? AND w.on_table = ? AND w.column_name = ?"
                            + " AND w.kind = 'duplicate' AND NOT EXISTS (SELECT FROM "
                            + duplicate.table().sql()
                            + " t WHERE " + duplicate.known("t") + " = w.on_value AND " + duplicate.isDocuments("t")
                            + ") ON CONFLICT DO NOTHING",
                    duplicate.table().toString(),
                    duplicate.label());
        }
        return listed;
    }

    /// @param sql with the pipeline as its first parameter
    int enqueue(String sql, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            for (int i = 0; i < parameters.length; i++) {
                statement.setString(2 + i, parameters[i]);
            }
            return statement.executeUpdate();
        }
    }

    String pipeline() {
        return pipeline;
    }
}
