package dev.sluice.replay;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The replays of a pipeline in PostgreSQL (`sluice.replay`). Every method works in the caller's
/// transaction. Any thread, each with its own connection.
public final class ReplayStore {
    private static final String NOW_LEFT =
            "SELECT count(*) FROM sluice.resync r WHERE r.pipeline = p.pipeline" + " AND r.id <= p.last_entry";

    private final String pipeline;

    public ReplayStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The states of a replay.
    public enum State {
        /// The stream is read; nothing is listed.
        @JsonProperty("reading")
        READING,
        /// All documents are on the list.
        @JsonProperty("taking")
        TAKING,
        @JsonProperty("done")
        DONE,
        /// It failed; no document was put on the list.
        @JsonProperty("failed")
        FAILED;

        /// As it is stored, and printed in JSON.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A replay and its current state.
    ///
    /// @param from cluster time it began at; null when unknown
    /// @param through cluster time up to which the stream is read; null when nothing is
    /// @param documents different ones, each of which is resynced
    /// @param left entries of the list that are not resynced yet, its own and those before them
    /// @param detail why it failed; null when it did not
    public record Recorded(
            long id,
            String askedFrom,
            @Nullable Instant from,
            @Nullable Instant through,
            List<String> collections,
            long events,
            long documents,
            State state,
            long left,
            @Nullable String detail,
            String requestedBy,
            Instant requestedAt,
            @Nullable Instant finishedAt) {
        public Recorded {
            collections = List.copyOf(collections);
        }
    }

    /// Records the start of a replay.
    ///
    /// @return its number
    long begin(
            Connection connection,
            String askedFrom,
            @Nullable BsonTimestamp from,
            List<String> collections,
            String requestedBy)
            throws SQLException {
        String sql = "INSERT INTO sluice.replay (pipeline, asked_from, from_cluster_time, collections, requested_by)"
                + " VALUES (?, ?, ?, ?, ?) RETURNING id";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, askedFrom);
            statement.setObject(3, time(from));
            statement.setArray(4, connection.createArrayOf("text", collections.toArray()));
            statement.setString(5, requestedBy);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// Records how far the stream is read.
    void read(Connection connection, long id, long events, long documents, @Nullable BsonTimestamp through)
            throws SQLException {
        String sql = "UPDATE sluice.replay SET events = ?, documents = ?, through_cluster_time = ?,"
                + " updated_at = clock_timestamp() WHERE id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, events);
            statement.setLong(2, documents);
            statement.setObject(3, time(through));
            statement.setLong(4, id);
            statement.executeUpdate();
        }
    }

    /// Records that all documents are on the list, and who asked for the replay.
    void listed(Connection connection, long id) throws SQLException {
        String sql = """
                WITH listed AS (
                  UPDATE sluice.replay p SET state = 'taking', listed_at = clock_timestamp(),
                    updated_at = clock_timestamp(),
                    last_entry = coalesce((SELECT max(r.id) FROM sluice.resync r WHERE r.pipeline = p.pipeline), 0)
                  WHERE p.id = ? RETURNING p.*, NULL::text AS collection, p.requested_by AS actor)
                %s
                """.formatted(Audit.each(
                AuditAction.REPLAY,
                "jsonb_build_object('replay', id, 'from', asked_from, 'from_cluster_time',"
                        + " from_cluster_time, 'through_cluster_time', through_cluster_time,"
                        + " 'collections', to_jsonb(collections), 'events', events, 'documents',"
                        + " documents)",
                "listed"));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, id);
            statement.executeUpdate();
        }
    }

    /// Records that the replay failed.
    void fail(Connection connection, long id, String detail) throws SQLException {
        String sql = "UPDATE sluice.replay SET state = 'failed', detail = ?, updated_at = clock_timestamp(),"
                + " finished_at = clock_timestamp() WHERE id = ? AND state = 'reading'";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, detail);
            statement.setLong(2, id);
            statement.executeUpdate();
        }
    }

    /// Records which replays are done, and which were interrupted before anything was listed.
    public void noteEnded(Connection connection) throws SQLException {
        String done = "UPDATE sluice.replay p SET state = 'done', updated_at = clock_timestamp(),"
                + " finished_at = clock_timestamp() WHERE p.pipeline = ? AND p.state = 'taking' AND (" + NOW_LEFT
                + ") = 0";
        String brokenOff = "UPDATE sluice.replay SET state = 'failed', finished_at = clock_timestamp(),"
                + " detail = 'interrupted while the stream was read' WHERE pipeline = ? AND state = 'reading'"
                + " AND updated_at < now() - interval '5 minutes'";
        for (String sql : List.of(done, brokenOff)) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, pipeline);
                statement.executeUpdate();
            }
        }
    }

    /// How many entries of the list have to be resynced until the replay is done.
    public long left(Connection connection, long id) throws SQLException {
        String sql = "SELECT (" + NOW_LEFT + ") FROM sluice.replay p WHERE p.id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    /// The newest first.
    public List<Recorded> latest(Connection connection, int limit) throws SQLException {
        String sql = "SELECT id, asked_from, from_cluster_time, through_cluster_time, collections, events, documents,"
                + " state, CASE WHEN state = 'taking' THEN (" + NOW_LEFT + ") ELSE 0 END, detail, requested_by,"
                + " requested_at, finished_at FROM sluice.replay p WHERE pipeline = ? ORDER BY id DESC LIMIT ?";
        List<Recorded> replays = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setInt(2, limit);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    replays.add(new Recorded(
                            row.getLong(1),
                            row.getString(2),
                            instant(row, 3),
                            instant(row, 4),
                            Arrays.asList((String[]) row.getArray(5).getArray()),
                            row.getLong(6),
                            row.getLong(7),
                            State.valueOf(row.getString(8).toUpperCase(Locale.ROOT)),
                            row.getLong(9),
                            row.getString(10),
                            row.getString(11),
                            row.getObject(12, OffsetDateTime.class).toInstant(),
                            instant(row, 13)));
                }
            }
        }
        return replays;
    }

    private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static @Nullable OffsetDateTime time(@Nullable BsonTimestamp time) {
        return time == null
                ? null
                : OffsetDateTime.ofInstant(Instant.ofEpochSecond(time.getTime() & 0xFFFF_FFFFL), ZoneOffset.UTC);
    }
}
