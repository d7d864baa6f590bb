package dev.sluice.positions;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.change.OperationTime;
import dev.sluice.change.Watermark;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonTimestamp;

/// The changes that MongoDB can't send and that a user has told Sluice to pass: the stream leaves them
/// out, and their collection is copied again. Every method works in the caller's transaction.
public final class PassedChanges {
    private final String pipeline;

    public PassedChanges(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Forgets all of them, for a copy from the start.
    public void reset(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.passed_change WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// Up to which operation time the stream leaves large changes out, by collection. A copy of such a
    /// collection may not be from before it.
    public Map<String, BsonTimestamp> load(Connection connection) throws SQLException {
        String sql =
                "SELECT collection, through_seconds, through_increment FROM sluice.passed_change WHERE pipeline = ?";
        Map<String, BsonTimestamp> passed = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    passed.put(row.getString(1), new BsonTimestamp((int) row.getLong(2), row.getInt(3)));
                }
            }
        }
        return passed;
    }

    /// Records that large changes of a collection are to be left out, and which user asked for it.
    ///
    /// @param change the operation time of the one at which the stream had stopped
    /// @param through up to which operation time they are left out, inclusive
    public void note(Connection connection, String collection, BsonTimestamp change, BsonTimestamp through, Asked asked)
            throws SQLException {
        String sql = """
                INSERT INTO sluice.passed_change (pipeline, collection, change_seconds, change_increment,
                  through_seconds, through_increment, prune, asked_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (pipeline, collection) DO UPDATE SET change_seconds = EXCLUDED.change_seconds,
                  change_increment = EXCLUDED.change_increment, through_seconds = EXCLUDED.through_seconds,
                  through_increment = EXCLUDED.through_increment, prune = EXCLUDED.prune,
                  asked_by = EXCLUDED.asked_by, asked_at = now()
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setLong(3, Watermark.seconds(change));
            statement.setInt(4, change.getInc());
            statement.setLong(5, Watermark.seconds(through));
            statement.setInt(6, through.getInc());
            statement.setBoolean(7, asked.prune());
            statement.setString(8, asked.by());
            statement.executeUpdate();
        }
        new Audit(pipeline)
                .add(
                        connection,
                        AuditAction.PASS,
                        collection,
                        asked.by(),
                        Map.of("change", OperationTime.text(change), "through", OperationTime.text(through)));
    }

    /// @param prune whether rows whose documents are gone are to be deleted after the copy
    /// @param by who
    public record Asked(boolean prune, String by) {}

    /// The collections of which rows whose documents are gone are still to be deleted.
    public List<String> toPrune(Connection connection) throws SQLException {
        List<String> collections = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection FROM sluice.passed_change WHERE pipeline = ? AND prune")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    collections.add(row.getString(1));
                }
            }
        }
        return collections;
    }

    /// Records that those rows of a collection are deleted.
    public void pruned(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.passed_change SET prune = false WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }
}
