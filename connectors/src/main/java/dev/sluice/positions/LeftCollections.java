package dev.sluice.positions;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Collections that are removed from a pipeline's mapping and added again (`sluice.left_collection`). While one
/// is not mapped, the position passes its changes, so its copy and its watermark are no longer valid. Every
/// method works in the caller's transaction and commits nothing. Any thread, each with its own connection.
public final class LeftCollections {
    private final String pipeline;

    public LeftCollections(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Records the collections that are no longer mapped.
    ///
    /// @param mapped all collections of the mapping
    /// @return those removed since the last call; the caller has to delete the state of their copy and their
    ///     watermark
    public List<String> leave(Connection connection, Collection<String> mapped) throws SQLException {
        return collections(
                connection,
                "INSERT INTO sluice.left_collection (pipeline, collection) SELECT pipeline, collection FROM"
                        + " sluice.backfill b WHERE pipeline = ? AND collection <> ALL (?)"
                        // Those are left out on purpose, and never copied again.
                        + " AND NOT sluice.writes_moved(b.pipeline, b.collection) ON CONFLICT DO NOTHING"
                        + " RETURNING collection",
                mapped);
    }

    /// Deletes the record of collections that are mapped again.
    ///
    /// @param mapped all collections of the mapping
    /// @return those that were recorded: they have old rows, and no valid copy
    public List<String> comeBack(Connection connection, Collection<String> mapped) throws SQLException {
        return collections(
                connection,
                "DELETE FROM sluice.left_collection WHERE pipeline = ? AND collection = ANY (?) RETURNING collection",
                mapped);
    }

    private List<String> collections(Connection connection, String sql, Collection<String> mapped) throws SQLException {
        List<String> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setArray(2, connection.createArrayOf("text", mapped.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(row.getString(1));
                }
            }
        }
        return found;
    }
}
