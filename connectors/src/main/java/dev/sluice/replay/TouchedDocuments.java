package dev.sluice.replay;

import dev.sluice.control.ResyncStore;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.source.mongo.StreamHistory.Event;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// Documents, each once, however many there are: in a temporary table, so that memory is bounded. For
/// one thread.
final class TouchedDocuments implements AutoCloseable {
    private final Connection connection;

    /// @param connection without time-outs; for this alone as long as it is open
    TouchedDocuments(Connection connection) throws SQLException {
        this.connection = connection;
        // The digest, since an _id may be longer than an index takes.
        execute("DROP TABLE IF EXISTS pg_temp.sluice_touched");
        execute("CREATE TEMPORARY TABLE sluice_touched (number bigint GENERATED ALWAYS AS IDENTITY, collection text,"
                + " document_key text, digest bytea, PRIMARY KEY (collection, digest))");
    }

    /// Adds the documents of these events that are not there yet.
    ///
    /// @return how many those are
    int add(List<Event> events) throws SQLException {
        SequencedMap<String, SequencedMap<String, Boolean>> keys = new LinkedHashMap<>();
        for (Event event : events) {
            if (event instanceof Event.OfDocument document) {
                keys.computeIfAbsent(document.collection(), c -> new LinkedHashMap<>())
                        .put(RowIdentity.documentKey(document.id()), true);
            }
        }
        String sql = "INSERT INTO pg_temp.sluice_touched (collection, document_key, digest)"
                + " SELECT ?, k, sluice.digest(k) FROM unnest(?) k ON CONFLICT DO NOTHING";
        int added = 0;
        for (Map.Entry<String, SequencedMap<String, Boolean>> collection : keys.entrySet()) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, collection.getKey());
                statement.setArray(
                        2,
                        connection.createArrayOf(
                                "text", collection.getValue().sequencedKeySet().toArray()));
                added += statement.executeUpdate();
            }
        }
        return added;
    }

    /// How many there are of each collection.
    Map<String, Long> counts() throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT collection, count(*) FROM pg_temp.sluice_touched GROUP BY collection")) {
            while (row.next()) {
                counts.put(row.getString(1), row.getLong(2));
            }
        }
        return counts;
    }

    /// Puts all of them on the list of those to be resynced, in the caller's transaction.
    ///
    /// @param collections in which order
    void list(String pipeline, List<String> collections) throws SQLException {
        String sql =
                ResyncStore.listing("SELECT ?, collection, document_key, NULL, 'replay' FROM pg_temp.sluice_touched"
                        + " ORDER BY array_position(?, collection), number");
        Array order = connection.createArrayOf("text", collections.toArray());
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(2, order);
            statement.executeUpdate();
        }
    }

    /// Those of one collection, in pages.
    ///
    /// @param after the number of the last one of the page before; 0 for the first page
    /// @return their numbers and their `_id`s as canonical Extended JSON
    SequencedMap<Long, String> page(String collection, long after, int most) throws SQLException {
        String sql = "SELECT number, document_key FROM pg_temp.sluice_touched WHERE collection = ? AND number > ?"
                + " ORDER BY number LIMIT ?";
        SequencedMap<Long, String> page = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, collection);
            statement.setLong(2, after);
            statement.setInt(3, most);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    page.put(row.getLong(1), row.getString(2));
                }
            }
        }
        return page;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        if (!connection.isClosed()) {
            execute("DROP TABLE IF EXISTS pg_temp.sluice_touched");
        }
    }
}
