package dev.sluice.positions;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The pipeline's position, watermark and fencing epoch in PostgreSQL. Every method works in the
/// caller's transaction and commits nothing. Stateless except for the pipeline's name; any thread, each
/// with its own connection.
public final class PositionStore {
    private static final String ADVANCE = """
            UPDATE sluice.position SET resume_token = ?::jsonb,
              cluster_time_seconds = coalesce(?, cluster_time_seconds),
              cluster_time_increment = coalesce(?, cluster_time_increment), updated_at = clock_timestamp()
            WHERE pipeline = ? AND epoch = ? AND writes_moved = coalesce(?, writes_moved)""";

    /// A look-up for each watermark, and no join: PostgreSQL, which knows nothing yet of how many there are, would
    /// go through all collections for each of them. For the same reason, a plan for all and for some of them would
    /// read all of them: 20 to 48 ms for one of 400 (17.6).
    private static final String MOVE_ALL = """
            UPDATE sluice.watermark w
            SET cluster_time = greatest(w.cluster_time, n.cluster_time),
                through_seconds =
                    CASE WHEN (n.seconds, n.increment) <= (w.through_seconds, w.through_increment) OR n.seconds IS NULL
                         THEN w.through_seconds ELSE n.seconds END,
                through_increment =
                    CASE WHEN (n.seconds, n.increment) <= (w.through_seconds, w.through_increment) OR n.seconds IS NULL
                         THEN w.through_increment ELSE n.increment END,
                source_time = n.source_time,
                applied_at = clock_timestamp()
            FROM (VALUES (?::timestamptz, ?::bigint, ?::integer, ?::timestamptz))
                AS n (cluster_time, seconds, increment, source_time)
            WHERE w.pipeline = ? AND (SELECT b.state FROM sluice.backfill b
                WHERE b.pipeline = w.pipeline AND b.collection = w.collection) = 'done'""";

    private static final String MOVE_SOME = MOVE_ALL + " AND w.collection = ANY (?)";

    private static final String WATERMARK = """
            SELECT t.cluster_time, e.through_seconds, e.through_increment
            FROM (SELECT min(cluster_time) AS cluster_time FROM sluice.watermark WHERE pipeline = ?) t
            LEFT JOIN (SELECT through_seconds, through_increment FROM sluice.watermark
                       WHERE pipeline = ? AND through_seconds IS NOT NULL
                       ORDER BY through_seconds, through_increment LIMIT 1) e ON true
            """;

    private final String pipeline;

    public PositionStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The pipeline's position; empty before the first one is stored.
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

    /// Forgets up to when each collection is applied, for a copy from the start. The caller moves the
    /// position.
    public void forgetWatermarks(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.watermark WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// Notes that the writes of collections have moved, so that a transaction that began before is
    /// refused.
    public void countMove(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.position SET writes_moved = writes_moved + 1 WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// Waits for open transactions of writers, and blocks new ones until this transaction ends.
    public void awaitWriters(Connection connection) throws SQLException {
        // FOR UPDATE, and nothing weaker: chunk transactions hold the row FOR KEY SHARE.
        try (PreparedStatement lock =
                connection.prepareStatement("SELECT 1 FROM sluice.position WHERE pipeline = ? FOR UPDATE")) {
            lock.setString(1, pipeline);
            lock.executeQuery().close();
        }
    }

    /// Makes this process the pipeline's writer: raises the epoch, so that every later transaction of an
    /// earlier writer is refused. Waits for that writer's open transactions.
    ///
    /// @return the new epoch
    public long takeOver(Connection connection, String owner) throws SQLException {
        awaitWriters(connection);
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

    /// Moves the position, for a transaction that writes no rows.
    ///
    /// @throws SluiceException of kind FENCED_OUT when the epoch is no longer ours; the caller rolls
    ///     back
    public void advance(Connection connection, Position position, long epoch) throws SQLException {
        advance(connection, position, epoch, null);
    }

    /// Moves the position, first statement of the stream's transaction (promises 1, 4 and 11).
    ///
    /// @param moved as [MovedWrites#begin] gave it; null where the transaction writes no rows
    /// @throws SluiceException of kind FENCED_OUT when the epoch is no longer ours, WRITES_MOVED when
    ///     writes of collections have moved since; the caller rolls back
    public void advance(Connection connection, Position position, long epoch, @Nullable Integer moved)
            throws SQLException {
        RoundTrip.send(connection, List.of(advancing(connection, position, epoch, moved)));
    }

    /// As [#advance], to be sent with other statements; it fails as that does, when its answer is read.
    public RoundTrip.Update advancing(Connection connection, Position position, long epoch, @Nullable Integer moved) {
        return new RoundTrip.Update(
                ADVANCE,
                (statement, first) -> {
                    bind(statement, first, position);
                    statement.setString(first + 3, pipeline);
                    statement.setLong(first + 4, epoch);
                    statement.setObject(first + 5, moved, Types.INTEGER);
                    return first + 6;
                },
                rows -> {
                    if (rows != 1) {
                        throw refused(connection, epoch);
                    }
                });
    }

    /// Holds the epoch for a transaction that moves no position and writes no rows.
    ///
    /// @throws SluiceException of kind FENCED_OUT when it is no longer ours
    public void hold(Connection connection, long epoch) throws SQLException {
        hold(connection, epoch, null);
    }

    /// Holds the epoch for a transaction that does not move the position (a chunk's).
    ///
    /// @param moved as [MovedWrites#begin] gave it; null where the transaction writes no rows
    /// @throws SluiceException of kind FENCED_OUT when the epoch is no longer ours, WRITES_MOVED when
    ///     writes of collections have moved since
    public void hold(Connection connection, long epoch, @Nullable Integer moved) throws SQLException {
        String sql = "SELECT 1 FROM sluice.position WHERE pipeline = ? AND epoch = ?"
                + " AND writes_moved = coalesce(?, writes_moved) FOR KEY SHARE";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setLong(2, epoch);
            statement.setObject(3, moved, Types.INTEGER);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw refused(connection, epoch);
                }
            }
        }
    }

    /// Moves the watermark of a collection of the pipeline that is copied: everything of it that was
    /// committed in MongoDB up to there is in its rows. Never backwards.
    ///
    /// @param sourceTime MongoDB's wall clock now; null when it has not been asked
    public void moveWatermark(
            Connection connection, String collection, Watermark watermark, @Nullable Instant sourceTime)
            throws SQLException {
        RoundTrip.send(connection, List.of(moving(connection, watermark, sourceTime, List.of(collection))));
    }

    /// Moves the watermark of collections that are copied, to be sent with other statements: everything
    /// committed in MongoDB up to it is in the rows of this transaction or of earlier ones. Never
    /// backwards. The watermark of a collection that is not copied yet stays unknown.
    ///
    /// @param sourceTime MongoDB's wall clock now; null when it has not been asked
    /// @param only the collections whose watermark it moves; null for all
    public RoundTrip.Update moving(
            Connection connection,
            Watermark watermark,
            @Nullable Instant sourceTime,
            @Nullable Collection<String> only) {
        BsonTimestamp through = watermark.through();
        return new RoundTrip.Update(
                only == null ? MOVE_ALL : MOVE_SOME,
                (statement, first) -> {
                    statement.setObject(first, utc(watermark.time()), Types.TIMESTAMP_WITH_TIMEZONE);
                    statement.setObject(first + 1, through == null ? null : Watermark.seconds(through), Types.BIGINT);
                    statement.setObject(first + 2, through == null ? null : through.getInc(), Types.INTEGER);
                    statement.setObject(first + 3, utc(sourceTime), Types.TIMESTAMP_WITH_TIMEZONE);
                    statement.setString(first + 4, pipeline);
                    if (only == null) {
                        return first + 5;
                    }
                    statement.setArray(first + 5, connection.createArrayOf("text", only.toArray()));
                    return first + 6;
                },
                rows -> {});
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
        return time == null ? null : OffsetDateTime.ofInstant(time, ZoneOffset.UTC);
    }

    /// Up to when the stream is applied: the lowest watermark of the collections that have one.
    public Watermark watermark(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(WATERMARK)) {
            statement.setString(1, pipeline);
            statement.setString(2, pipeline);
            return watermark(statement);
        }
    }

    /// Up to when the stream is applied to a collection; unknown where nothing is stored.
    public Watermark watermark(Connection connection, String collection) throws SQLException {
        String sql = "SELECT cluster_time, through_seconds, through_increment FROM sluice.watermark"
                + " WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            return watermark(statement);
        }
    }

    private static Watermark watermark(PreparedStatement select) throws SQLException {
        try (ResultSet row = select.executeQuery()) {
            if (!row.next()) {
                return Watermark.UNKNOWN;
            }
            OffsetDateTime time = row.getObject(1, OffsetDateTime.class);
            long seconds = row.getLong(2);
            return new Watermark(
                    time == null ? null : time.toInstant(),
                    row.wasNull() ? null : new BsonTimestamp((int) seconds, row.getInt(3)));
        }
    }

    /// Inserts the watermark's row of a collection, with an unknown watermark, if there is none.
    public void registerCollection(Connection connection, String collection) throws SQLException {
        String sql = "INSERT INTO sluice.watermark (pipeline, collection) VALUES (?, ?) ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    /// Deletes the watermark of a collection.
    public void forgetCollection(Connection connection, String collection) throws SQLException {
        String sql = "DELETE FROM sluice.watermark WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    /// Who writes a pipeline, or wrote it last, and where it is.
    ///
    /// @param owner as the process described itself; null before the first one
    /// @param appliedTo when MongoDB committed what is applied, as `2026-11-30T01:02:03Z`; null where it
    ///     is not known
    /// @param stillSeconds how long ago the position was moved
    /// @param heldSeconds how long ago the process took the pipeline over; null before the first one
    public record Writer(
            @Nullable String owner,
            long epoch,
            @Nullable String appliedTo,
            double stillSeconds,
            @Nullable Double heldSeconds) {}

    /// Empty where there is no position yet.
    public Optional<Writer> writer(Connection connection) throws SQLException {
        String sql = """
                SELECT owner, epoch,
                       to_char(to_timestamp(cluster_time_seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                       extract(epoch FROM clock_timestamp() - updated_at)::float8,
                       extract(epoch FROM clock_timestamp() - taken_at)::float8
                FROM sluice.position WHERE pipeline = ?
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Writer(
                                row.getString(1),
                                row.getLong(2),
                                row.getString(3),
                                row.getDouble(4),
                                row.getObject(5, Double.class)))
                        : Optional.empty();
            }
        }
    }

    /// Whether the rows of a collection have everything up to an operation of MongoDB. Waits for that
    /// for half a second.
    public boolean isApplied(Connection connection, String collection, BsonTimestamp operation) throws SQLException {
        String sql = "SELECT sluice.wait_for(?, ?, interval '500 milliseconds', ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, Integer.toUnsignedLong(operation.getTime()));
            statement.setInt(2, operation.getInc());
            statement.setString(3, collection);
            statement.setString(4, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /// The process that writes the pipeline, as it described itself; null before the first one.
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

    /// Whether no process has moved the position or taken the pipeline over for a while; a running one
    /// moves it about once a second, also when nothing happens. True where there is no position.
    public boolean isQuiet(Connection connection, Duration since) throws SQLException {
        String sql = "SELECT greatest(updated_at, taken_at) < clock_timestamp() - make_interval(secs => ?)"
                + " FROM sluice.position WHERE pipeline = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setDouble(1, since.toMillis() / 1000.0);
            statement.setString(2, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return !row.next() || row.getBoolean(1);
            }
        }
    }

    private SluiceException refused(Connection connection, long epoch) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT 1 FROM sluice.position WHERE pipeline = ? AND epoch = ?")) {
            statement.setString(1, pipeline);
            statement.setLong(2, epoch);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? MovedWrites.refused(List.of()) : fencedOut(connection);
            }
        }
    }

    private SluiceException fencedOut(Connection connection) throws SQLException {
        String owner = owner(connection);
        return new SluiceException(
                FailureKind.FENCED_OUT,
                "The pipeline '" + pipeline + "' was taken over by " + (owner == null ? "another process" : owner)
                        + ". What this process had not committed, the other applies.");
    }

    private static void bind(PreparedStatement statement, int at, Position position) throws SQLException {
        statement.setString(at, position.resumeToken().toJson());
        BsonTimestamp time = position.clusterTime();
        statement.setObject(at + 1, time == null ? null : (long) time.getTime(), Types.BIGINT);
        statement.setObject(at + 2, time == null ? null : time.getInc(), Types.INTEGER);
    }
}
