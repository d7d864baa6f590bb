package dev.sluice.control;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Values that rows landed without (`sluice.quarantine`), for those who look at them. Every method works in
/// the caller's transaction.
public final class QuarantineStore {
    private final String pipeline;

    /// Of each column and reason.
    private static final int NUMBERS_MAX = 10;

    public QuarantineStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// How many values a column has lost for a reason.
    ///
    /// @param column `table.column`
    /// @param first the numbers of the oldest, ten at most
    public record Count(String collection, String column, String reason, long values, List<Long> first) {
        public Count {
            first = List.copyOf(first);
        }
    }

    /// One value.
    ///
    /// @param documentKey the `_id` as canonical Extended JSON
    /// @param column `table.column`
    /// @param path where in the document
    /// @param value as canonical Extended JSON; null where it was not asked for
    /// @param clusterTime when MongoDB committed the change with the value; null when unknown
    /// @param accepted whether the gate does not count it
    /// @param acceptedAt null while nobody has accepted it
    /// @param acceptedBy null while nobody has accepted it
    /// @param acceptedWhy null while nobody has accepted it
    public record Entry(
            long id,
            String collection,
            String documentKey,
            String column,
            String path,
            String bsonType,
            String reason,
            @Nullable String value,
            @Nullable Instant clusterTime,
            Instant quarantinedAt,
            boolean accepted,
            @Nullable Instant acceptedAt,
            @Nullable String acceptedBy,
            @Nullable String acceptedWhy) {}

    /// By collection, column and reason.
    ///
    /// @param collection null for all
    public List<Count> counts(Connection connection, @Nullable String collection) throws SQLException {
        String sql = "SELECT collection, column_name, reason, count(*), array_agg(id ORDER BY id) FILTER (WHERE n <= "
                + NUMBERS_MAX + ") FROM (SELECT id, collection, column_name, reason, row_number() OVER (PARTITION BY"
                + " collection, column_name, reason ORDER BY id) AS n FROM sluice.quarantine WHERE pipeline = ?"
                + " AND collection = coalesce(?, collection)) q GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3";
        List<Count> counts = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.add(new Count(
                            row.getString(1), row.getString(2), row.getString(3), row.getLong(4), List.of((Long[])
                                    row.getArray(5).getArray())));
                }
            }
        }
        return counts;
    }

    /// Single values, the oldest first.
    ///
    /// @param collection null for all
    public List<Entry> list(Connection connection, @Nullable String collection, int limit) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                select("value") + " AND collection = coalesce(?, collection)" + " ORDER BY id LIMIT ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setInt(3, limit);
            return entries(statement);
        }
    }

    /// @param withValue whether the value is read
    public Optional<Entry> find(Connection connection, long id, boolean withValue) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(select(withValue ? "value" : "NULL::text") + " AND id = ?")) {
            statement.setString(1, pipeline);
            statement.setLong(2, id);
            return entries(statement).stream().findFirst();
        }
    }

    /// Takes values out of the gate's count.
    ///
    /// @return the numbers of those that were accepted now
    public List<Long> accept(Connection connection, Acceptance acceptance) throws SQLException {
        String sql = """
                WITH said AS (SELECT ?::text AS actor, ?::text AS why),
                chosen AS (
                  SELECT q.* FROM sluice.quarantine q
                  WHERE q.pipeline = ? AND (?::bigint[] IS NULL OR q.id = ANY (?))
                    AND q.collection = coalesce(?, q.collection) AND NOT sluice.is_accepted(q)),
                accepted AS (
                  INSERT INTO sluice.accepted_value
                    (pipeline, collection, column_name, place, value, accepted_by, accepted_why)
                  SELECT c.pipeline, c.collection, c.column_name, sluice.digest(c.document_key || E'\\n' || c.path),
                    sluice.digest(c.bson_type || ' ' || c.value), s.actor, s.why
                  FROM chosen c, said s ON CONFLICT DO NOTHING),
                noted AS (%s)
                SELECT id FROM chosen ORDER BY id
                """.formatted(Audit.each(
                AuditAction.ACCEPT_QUARANTINED_VALUE,
                "jsonb_build_object('quarantined', id, 'document_key', document_key, 'column',"
                        + " column_name, 'path', path, 'reason', why)",
                "chosen, said"));
        return acceptance.run(connection, sql, pipeline);
    }

    private static String select(String value) {
        return "SELECT id, collection, document_key, column_name, path, bson_type, reason, " + value
                + ", cluster_time, quarantined_at, a.accepted_at, a.accepted_by, a.accepted_why FROM sluice.quarantine q"
                + " LEFT JOIN LATERAL (SELECT v.accepted_at, v.accepted_by, v.accepted_why FROM sluice.accepted_value v"
                + " WHERE v.pipeline = q.pipeline AND v.collection = q.collection AND v.column_name = q.column_name"
                + " AND v.place = sluice.digest(q.document_key || E'\\n' || q.path)"
                + " AND v.value = sluice.digest(q.bson_type || ' ' || q.value)) a ON true WHERE pipeline = ?";
    }

    private static List<Entry> entries(PreparedStatement statement) throws SQLException {
        List<Entry> entries = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                entries.add(new Entry(
                        row.getLong(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6),
                        row.getString(7),
                        row.getString(8),
                        DeadLetterStore.time(row, 9),
                        row.getObject(10, OffsetDateTime.class).toInstant(),
                        DeadLetterStore.time(row, 11) != null,
                        DeadLetterStore.time(row, 11),
                        row.getString(12),
                        row.getString(13)));
            }
        }
        return entries;
    }

    /// How many values of a collection are accepted.
    public long accepted(Connection connection, String collection) throws SQLException {
        String sql = "SELECT count(*) FROM sluice.quarantine q WHERE q.pipeline = ? AND q.collection = ?"
                + " AND sluice.is_accepted(q)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
