package dev.sluice.positions;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.change.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Positions of a pipeline that are kept under a name (`sluice.checkpoint`). Every method works in the
/// caller's transaction. Any thread, each with its own connection.
public final class CheckpointStore {
    private final String pipeline;

    public CheckpointStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Who made a checkpoint.
    public enum Kind {
        /// A user made it, and it stays until a user drops it.
        @JsonProperty("named")
        NAMED,
        /// The running pipeline made it, and deletes it after a while.
        @JsonProperty("automatic")
        AUTOMATIC;

        /// As it is stored, and printed in JSON.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// @param clusterTime to the second; null where the server did not say
    public record Checkpoint(
            String name, Kind kind, @Nullable Instant clusterTime, Instant createdAt) {}

    /// Keeps the committed position under a name.
    ///
    /// @return empty when the name is taken, or the pipeline has no position
    public Optional<Checkpoint> save(Connection connection, String name, Kind kind) throws SQLException {
        String sql = "INSERT INTO sluice.checkpoint (pipeline, name, kind, resume_token, cluster_time_seconds,"
                + " cluster_time_increment, created_at) SELECT pipeline, ?, ?, resume_token, cluster_time_seconds,"
                + " cluster_time_increment, clock_timestamp() FROM sluice.position WHERE pipeline = ?"
                + " ON CONFLICT DO NOTHING"
                + " RETURNING name, kind, to_timestamp(cluster_time_seconds), created_at";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            statement.setString(2, kind.toString());
            statement.setString(3, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(checkpoint(row)) : Optional.empty();
            }
        }
    }

    /// All of the pipeline, the newest first.
    public List<Checkpoint> list(Connection connection) throws SQLException {
        String sql = "SELECT name, kind, to_timestamp(cluster_time_seconds), created_at FROM sluice.checkpoint"
                + " WHERE pipeline = ? ORDER BY created_at DESC, name";
        List<Checkpoint> checkpoints = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    checkpoints.add(checkpoint(row));
                }
            }
        }
        return checkpoints;
    }

    /// The position that has the name.
    public Optional<Position> find(Connection connection, String name) throws SQLException {
        String sql = "SELECT resume_token, cluster_time_seconds, cluster_time_increment FROM sluice.checkpoint"
                + " WHERE pipeline = ? AND name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                long seconds = row.getLong(2);
                BsonTimestamp time = row.wasNull() ? null : new BsonTimestamp((int) seconds, row.getInt(3));
                return Optional.of(new Position(BsonDocument.parse(row.getString(1)), time));
            }
        }
    }

    /// @return whether there was one of the name
    public boolean drop(Connection connection, String name) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.checkpoint WHERE pipeline = ? AND name = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, name);
            return statement.executeUpdate() > 0;
        }
    }

    /// Deletes automatic ones that are older than this.
    public void forget(Connection connection, Duration older) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM sluice.checkpoint"
                + " WHERE pipeline = ? AND kind = 'automatic' AND created_at < now() - make_interval(secs => ?)")) {
            statement.setString(1, pipeline);
            statement.setDouble(2, (double) older.toSeconds());
            statement.executeUpdate();
        }
    }

    /// Deletes all of them, for a pipeline that gets another MongoDB.
    public void forgetAll(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.checkpoint WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    private static Checkpoint checkpoint(ResultSet row) throws SQLException {
        OffsetDateTime time = row.getObject(3, OffsetDateTime.class);
        return new Checkpoint(
                row.getString(1),
                Kind.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
                time == null ? null : time.toInstant(),
                row.getObject(4, OffsetDateTime.class).toInstant());
    }
}
