package dev.sluice.positions;

import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The pipeline's position, watermark and fencing epoch in PostgreSQL. Every method works in the caller's
/// transaction and commits nothing. Stateless but for the pipeline's name; any thread, each with its own
/// connection.
public final class PositionStore {
    private final String pipeline;

    public PositionStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Where the pipeline is; empty before its first position is stored.
    public Optional<Position> load(Connection connection) throws SQLException {
        String sql =
                "SELECT resume_token, cluster_time_seconds, cluster_time_increment FROM sluice.position WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
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

    /// Stores a first position where there is none; leaves an existing one alone.
    public void initialise(Connection connection, Position position) throws SQLException {
        String sql =
                "INSERT INTO sluice.position (pipeline, resume_token, cluster_time_seconds, cluster_time_increment)"
                        + " VALUES (?, ?::jsonb, ?, ?) ON CONFLICT (pipeline) DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            bind(statement, 2, position);
            statement.executeUpdate();
        }
    }

    /// Forgets watermark and backfill of the pipeline, for a copy from the start. The position is the
    /// caller's to move.
    public void reset(Connection connection) throws SQLException {
        for (String table : new String[] {"backfill_chunk", "backfill", "watermark"}) {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM sluice." + table + " WHERE pipeline = ?")) {
                statement.setString(1, pipeline);
                statement.executeUpdate();
            }
        }
    }

    /// Makes this process the pipeline's writer: raises the epoch, which shuts out every transaction of an
    /// earlier writer. Waits for transactions of that writer that are under way.
    ///
    /// @return the new epoch
    public long takeOver(Connection connection, String owner) throws SQLException {
        // FOR UPDATE, and not only the UPDATE's own weaker lock: chunk transactions hold the row FOR KEY SHARE.
        try (PreparedStatement lock =
                connection.prepareStatement("SELECT 1 FROM sluice.position WHERE pipeline = ? FOR UPDATE")) {
            lock.setString(1, pipeline);
            lock.executeQuery().close();
        }
        String sql = "UPDATE sluice.position SET epoch = epoch + 1, owner = ?, taken_at = now() WHERE pipeline = ?"
                + " RETURNING epoch";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, owner);
            statement.setString(2, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new IllegalStateException("a pipeline is taken over after its first position is stored");
                }
                return row.getLong(1);
            }
        }
    }

    /// Moves the position, first statement of the stream's transaction (promises 1 and 4).
    ///
    /// @throws SluiceException of kind FENCED_OUT when the epoch is no longer ours; the caller rolls back
    public void advance(Connection connection, Position position, long epoch) throws SQLException {
        String sql =
                "UPDATE sluice.position SET resume_token = ?::jsonb, cluster_time_seconds = coalesce(?, cluster_time_seconds),"
                        + " cluster_time_increment = coalesce(?, cluster_time_increment), updated_at = clock_timestamp()"
                        + " WHERE pipeline = ? AND epoch = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, 1, position);
            statement.setString(4, pipeline);
            statement.setLong(5, epoch);
            if (statement.executeUpdate() != 1) {
                throw fencedOut(connection);
            }
        }
    }

    /// Holds the epoch for a transaction that does not move the position (a chunk's).
    ///
    /// @throws SluiceException of kind FENCED_OUT when it is no longer ours
    public void hold(Connection connection, long epoch) throws SQLException {
        String sql = "SELECT 1 FROM sluice.position WHERE pipeline = ? AND epoch = ? FOR KEY SHARE";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setLong(2, epoch);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw fencedOut(connection);
                }
            }
        }
    }

    /// Moves the watermark of every collection of the pipeline: all that was committed in MongoDB up to
    /// `clusterTime` is in the rows of this transaction or of earlier ones. Never backwards.
    public void moveWatermark(Connection connection, Instant clusterTime) throws SQLException {
        String sql =
                "UPDATE sluice.watermark SET cluster_time = greatest(cluster_time, ?), applied_at = clock_timestamp()"
                        + " WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, OffsetDateTime.ofInstant(clusterTime, ZoneOffset.UTC));
            statement.setString(2, pipeline);
            statement.executeUpdate();
        }
    }

    /// Up to when every collection of the pipeline is applied; empty when that is unknown of one of them.
    public Optional<Instant> watermark(Connection connection) throws SQLException {
        String sql = "SELECT CASE WHEN bool_and(cluster_time IS NOT NULL) THEN min(cluster_time) END"
                + " FROM sluice.watermark WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return Optional.ofNullable(row.getObject(1, OffsetDateTime.class))
                        .map(OffsetDateTime::toInstant);
            }
        }
    }

    /// Makes the watermark's row of a collection, unknown as yet, where there is none.
    public void registerCollection(Connection connection, String collection) throws SQLException {
        String sql = "INSERT INTO sluice.watermark (pipeline, collection) VALUES (?, ?) ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    /// Who writes the pipeline, as that process described itself; null when nobody has yet.
    public @Nullable String owner(Connection connection) throws SQLException {
        String sql =
                "SELECT owner || ', since ' || to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'"
                        + " FROM sluice.position WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private SluiceException fencedOut(Connection connection) throws SQLException {
        String owner = owner(connection);
        return new SluiceException(
                FailureKind.FENCED_OUT,
                "The pipeline '" + pipeline + "' was taken over by " + (owner == null ? "another process" : owner)
                        + ". This process stops; what it had not committed, the other applies.");
    }

    private static void bind(PreparedStatement statement, int at, Position position) throws SQLException {
        statement.setString(at, position.resumeToken().toJson());
        BsonTimestamp time = position.clusterTime();
        statement.setObject(at + 1, time == null ? null : (long) time.getTime(), java.sql.Types.BIGINT);
        statement.setObject(at + 2, time == null ? null : time.getInc(), java.sql.Types.INTEGER);
    }
}
