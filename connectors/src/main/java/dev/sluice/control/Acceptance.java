package dev.sluice.control;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A user's word that something which could not be written is known and stays as it is: the gate of its
/// collection no longer counts it. A newer state that can't be written either is counted again.
///
/// @param ids null for all that nobody has accepted yet
/// @param collection of this alone; null for any
/// @param actor who accepts
/// @param why may be empty
public record Acceptance(
        @Nullable Collection<Long> ids, @Nullable String collection, String actor, String why) {
    /// @param sql with the actor and the reason, the pipeline, the numbers twice and the collection
    /// @return the numbers that it gives
    List<Long> run(Connection connection, String sql, String pipeline) throws SQLException {
        List<Long> accepted = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Array numbers = ids == null ? null : connection.createArrayOf("bigint", ids.toArray());
            statement.setString(1, actor);
            statement.setString(2, why);
            statement.setString(3, pipeline);
            statement.setArray(4, numbers);
            statement.setArray(5, numbers);
            statement.setString(6, collection);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    accepted.add(row.getLong(1));
                }
            }
        }
        return accepted;
    }
}
