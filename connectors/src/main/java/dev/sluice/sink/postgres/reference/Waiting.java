package dev.sluice.sink.postgres.reference;

import dev.sluice.control.ResyncStore;
import dev.sluice.control.WaitingStore;
import dev.sluice.control.WaitingStore.Entry;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/// Documents whose rows are not all they could be because of another row (`sluice.waiting`), and the
/// list of those to be resynced (`sluice.resync`). Works in the caller's transaction. For one thread.
final class Waiting {
    /// Entries of `sluice.waiting w` as the list has them: where the `_id` is known by that, else by the
    /// key of the row.
    private static final String LISTED = "SELECT DISTINCT w.pipeline, w.collection, w.document_key,"
            + " CASE WHEN w.document_key IS NULL THEN w.row_key END, w.kind FROM sluice.waiting w ";

    private final Connection connection;
    private final String pipeline;
    private final WaitingStore store;

    Waiting(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
        this.store = new WaitingStore(pipeline);
    }

    /// The statement that lists waiting documents for a resync.
    ///
    /// @param which what follows `sluice.waiting w`: joins, and which entries
    static String listing(String which) {
        return ResyncStore.listing(LISTED + which);
    }

    /// As [WaitingStore#isAwaited].
    boolean isAwaited(TableName table) throws SQLException {
        return store.isAwaited(connection, table);
    }

    /// As [WaitingStore#forget].
    void forget(String collection, Collection<?> rowKeys) throws SQLException {
        store.forget(connection, collection, rowKeys);
    }

    /// As [WaitingStore#note].
    void note(String collection, List<Entry> entries) throws SQLException {
        store.note(connection, collection, entries);
    }

    /// Puts documents on the resync list that wait for a row which exists now, or for the deletion of a
    /// row which is deleted now. The sinks do that themselves when they write and delete rows; this
    /// finds what they could not see: rows of another writer, and rows of a transaction that was open at
    /// the same time.
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
                    listing("WHERE w.pipeline = ? AND w.on_table = ? AND w.column_name = ?"
                            + " AND w.kind = 'reference' AND EXISTS (SELECT FROM "
                            + link.to().sql() + " r WHERE "
                            + there + ")"),
                    link.to().toString(),
                    link.label());
        }
        for (Duplicates duplicate : duplicates) {
            listed += enqueue(
                    listing("WHERE w.pipeline = ? AND w.on_table = ? AND w.column_name = ?"
                            + " AND w.kind = 'duplicate' AND NOT EXISTS (SELECT FROM "
                            + duplicate.table().sql()
                            + " t WHERE " + duplicate.known("t") + " = w.on_value AND " + duplicate.isDocuments("t")
                            + ")"),
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
