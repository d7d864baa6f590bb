package dev.sluice.control;

import dev.sluice.schema.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The documents whose rows are not all they could be because of another row (`sluice.waiting`). Every
/// method works in the caller's transaction.
public final class WaitingStore {
    private final String pipeline;

    public WaitingStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The statement that notes what a query finds; what is noted already stays as it is.
    ///
    /// @param found a SELECT of pipeline, collection, row_key, document_key, column_name, kind, on_table
    ///     and on_value
    public static String noting(String found) {
        return "INSERT INTO sluice.waiting (pipeline, collection, row_key, document_key, column_name, kind, on_table,"
                + " on_value) " + found + " ON CONFLICT DO NOTHING";
    }

    /// Why a document waits.
    public enum Kind {
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
    public record Entry(
            Object rowKey, @Nullable String documentKey, String column, Kind kind, TableName on, String value) {}

    /// Whether any document waits for a row of the table.
    public boolean isAwaited(Connection connection, TableName table) throws SQLException {
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
    public void forget(Connection connection, String collection, Collection<?> rowKeys) throws SQLException {
        if (rowKeys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "DELETE FROM sluice.waiting WHERE pipeline = ? AND collection = ? AND row_key = ANY (?)")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setArray(
                    3, texts(connection, rowKeys.stream().map(String::valueOf).toList()));
            statement.executeUpdate();
        }
    }

    /// Notes what documents of a collection wait for; what is noted already stays as it is.
    public void note(Connection connection, String collection, List<Entry> entries) throws SQLException {
        if (entries.isEmpty()) {
            return;
        }
        String sql = noting("SELECT ?, ?, u.* FROM unnest(?, ?, ?, ?, ?, ?) u");
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
                statement.setArray(3 + i, texts(connection, columns.get(i)));
            }
            statement.executeUpdate();
        }
    }

    private static Array texts(Connection connection, List<? extends @Nullable String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    /// Forgets what all documents of a collection waited for.
    public void forgetAll(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.waiting WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }
}
