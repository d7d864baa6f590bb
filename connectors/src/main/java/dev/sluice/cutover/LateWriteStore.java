package dev.sluice.cutover;

import dev.sluice.change.Watermark;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The writes that reached MongoDB after the writes of their collection had moved
/// (`sluice.moved_writes`). Any thread, each with a connection of its own.
public final class LateWriteStore {
    private static final String ALL = """
            SELECT collection, late_writes, last_late_at, watched_seconds, watched_increment,
                   floor(extract(epoch FROM coalesce((certificate ->> 'through')::timestamptz, moved_at)))::bigint
            FROM sluice.moved_writes WHERE pipeline = ? ORDER BY collection
            """;

    private static final String ADD = """
            UPDATE sluice.moved_writes
            SET late_writes = late_writes + ?, last_late_at = coalesce(?, last_late_at),
                watched_seconds = ?, watched_increment = ?
            WHERE pipeline = ? AND collection = ?
              AND coalesce(watched_seconds, -1) = ? AND coalesce(watched_increment, -1) = ?
            """;

    private final String pipeline;

    public LateWriteStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// What is known of a collection whose writes have moved.
    ///
    /// @param writes that were late, so far
    /// @param lastAt MongoDB's time of the last of them; null where there was none
    /// @param seconds and `increment`: up to where they were counted; -1 before the first look
    /// @param through MongoDB's time, in seconds, at which the writes moved
    public record Watched(
            String collection, long writes, @Nullable Instant lastAt, long seconds, long increment, long through) {
        /// Writes after this operation are not counted yet. Until the writes had moved nobody wrote, so
        /// the whole second in which they did is left out.
        public BsonTimestamp after() {
            return seconds < 0
                    ? new BsonTimestamp((int) through, -1)
                    : new BsonTimestamp((int) seconds, (int) increment);
        }
    }

    /// Those whose writes have moved.
    public List<Watched> all(Connection connection) throws SQLException {
        List<Watched> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(ALL)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    OffsetDateTime last = row.getObject(3, OffsetDateTime.class);
                    found.add(new Watched(
                            row.getString(1),
                            row.getLong(2),
                            last == null ? null : last.toInstant(),
                            row.getObject(4) == null ? -1 : row.getLong(4),
                            row.getObject(5) == null ? -1 : row.getLong(5),
                            row.getLong(6)));
                }
            }
        }
        return found;
    }

    /// Adds what was counted.
    ///
    /// @param before as [#all] gave it
    /// @param upTo up to where it was counted, inclusive
    /// @param last the time of the last of them; null where there was none
    /// @return false, and nothing was added, when another process has counted meanwhile
    public boolean add(
            Connection connection, Watched before, BsonTimestamp upTo, long writes, @Nullable BsonTimestamp last)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ADD)) {
            statement.setLong(1, writes);
            statement.setObject(
                    2,
                    last == null
                            ? null
                            : Instant.ofEpochSecond(Watermark.seconds(last)).atOffset(ZoneOffset.UTC));
            statement.setLong(3, Watermark.seconds(upTo));
            statement.setLong(4, Integer.toUnsignedLong(upTo.getInc()));
            statement.setString(5, pipeline);
            statement.setString(6, before.collection());
            statement.setLong(7, before.seconds());
            statement.setLong(8, before.increment());
            return statement.executeUpdate() == 1;
        }
    }
}
