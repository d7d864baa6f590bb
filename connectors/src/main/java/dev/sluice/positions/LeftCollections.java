package dev.sluice.positions;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Collections that leave a pipeline's mapping and come back to it (`sluice.left_collection`). While one is
/// out, the position passes its changes, so its copy and its watermark are not true any more. Every method
/// works in the caller's transaction and commits nothing. Any thread, each with its own connection.
public final class LeftCollections {
    private final String pipeline;

    public LeftCollections(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Puts the collections on the list that are not mapped any more.
    ///
    /// @param mapped all collections of the mapping
    /// @return those that have left since it was last asked: what is known of their copy and watermark is for
    ///     the caller to forget
    public List<String> leave(Connection connection, Collection<String> mapped) throws SQLException {
        return collections(
                connection,
                "INSERT INTO sluice.left_collection (pipeline, collection) SELECT pipeline, collection FROM"
                        + " sluice.backfill WHERE pipeline = ? AND collection <> ALL (?) ON CONFLICT DO NOTHING"
                        + " RETURNING collection",
                mapped);
    }

    /// Takes the collections that are mapped again off the list.
    ///
    /// @param mapped all collections of the mapping
    /// @return those that were on it: they have rows of before, and no copy
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
