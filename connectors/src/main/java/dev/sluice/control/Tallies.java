package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;

/// Counts of what has no place in the target, by the mapping: documents that a rule skips, fields that
/// no column reads. Nothing disappears without being counted. Works in the caller's transaction. For one
/// thread.
public final class Tallies {
    private static final String SKIPPED = """
            INSERT INTO sluice.skipped AS s (pipeline, collection, reason, documents)
            SELECT ?, ?, u.* FROM unnest(?, ?) u
            ON CONFLICT (pipeline, collection, reason) DO UPDATE
            SET documents = s.documents + EXCLUDED.documents, last_seen_at = EXCLUDED.last_seen_at
            """;
    private static final String UNMAPPED = """
            INSERT INTO sluice.unmapped_field AS f (pipeline, collection, path, documents)
            SELECT ?, ?, u.* FROM unnest(?, ?) u
            ON CONFLICT (pipeline, collection, path) DO UPDATE
            SET documents = f.documents + EXCLUDED.documents, last_seen_at = EXCLUDED.last_seen_at
            """;

    private final Connection connection;
    private final String pipeline;

    public Tallies(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// Adds what was counted to what is stored.
    public void add(Counts counts) throws SQLException {
        for (Map.Entry<String, Map<String, Integer>> collection :
                counts.skipped().entrySet()) {
            add(SKIPPED, collection.getKey(), collection.getValue());
        }
        for (Map.Entry<String, Map<String, Integer>> collection :
                counts.unmapped().entrySet()) {
            add(UNMAPPED, collection.getKey(), collection.getValue());
        }
    }

    private void add(String sql, String collection, Map<String, Integer> counts) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            // A field name may hold a NUL, which PostgreSQL's text can't.
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "text",
                            counts.keySet().stream()
                                    .map(name -> name.replace("\0", "\\u0000"))
                                    .toArray()));
            statement.setArray(
                    4, connection.createArrayOf("bigint", counts.values().toArray()));
            statement.executeUpdate();
        }
    }
}
