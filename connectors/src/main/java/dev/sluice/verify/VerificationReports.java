package dev.sluice.verify;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What verifications have found, for those who look at it; [VerificationStore] writes it. Stateless
/// except for the name of the pipeline.
public final class VerificationReports {
    private static final String LAST_FULL = """
            SELECT v.through_cluster_time, v.documents
            FROM sluice.verification v
            JOIN sluice.backfill b ON b.pipeline = v.pipeline AND b.collection = v.collection
            WHERE v.pipeline = ? AND v.collection = ? AND v.mode = 'full' AND v.state = 'done'
              AND v.started_at >= sluice.verified_from(v.pipeline, v.collection) AND v.through_cluster_time IS NOT NULL
            ORDER BY v.started_at DESC LIMIT 1
            """;

    private static final String LATEST = """
            SELECT id, collection, mode, origin, state, phase, documents, rows, missing, extra, different, undecided,
                   repaired, estimated_documents, through_cluster_time, started_at, finished_at
            FROM sluice.verification WHERE pipeline = ? ORDER BY id DESC LIMIT ?
            """;

    private static final String DIFFERENCES = """
            SELECT collection, table_name, kind, document_key, row_key, columns, rows, first_seen_at, last_seen_at,
                   extract(epoch FROM clock_timestamp() - first_seen_at)::float8
            FROM sluice.drift WHERE pipeline = ? AND collection = coalesce(?, collection)
            ORDER BY first_seen_at, collection, table_name, row_key, kind LIMIT ?
            """;

    private static final String STANDING = """
            SELECT c.collection, d.rows, d.documents, extract(epoch FROM clock_timestamp() - d.since)::float8, v.through
            FROM sluice.backfill c
            LEFT JOIN (SELECT collection, sum(rows) AS rows, count(DISTINCT row_key) AS documents,
                              min(first_seen_at) AS since
                       FROM sluice.drift WHERE pipeline = ? GROUP BY collection) d USING (collection)
            LEFT JOIN (SELECT collection, to_char(max(through_cluster_time) AT TIME ZONE 'UTC',
                                                  'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS through
                       FROM sluice.verification WHERE pipeline = ? AND mode = 'full' AND state = 'done'
                       GROUP BY collection) v USING (collection)
            WHERE c.pipeline = ? ORDER BY c.collection
            """;

    private final String pipeline;

    public VerificationReports(String pipeline) {
        this.pipeline = pipeline;
    }

    /// The last full verification since the copy.
    ///
    /// @param asOf what it found holds for MongoDB as of this time
    /// @param documents that were compared
    public record LastFull(Instant asOf, long documents) {
        /// From where what was written since is compared again.
        public BsonTimestamp from() {
            return new BsonTimestamp((int) asOf.getEpochSecond(), 0);
        }
    }

    /// Empty where a collection was not verified since its copy.
    public Optional<LastFull> lastFull(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LAST_FULL)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new LastFull(required(row, "through_cluster_time"), row.getLong(2)))
                        : Optional.empty();
            }
        }
    }

    /// One comparison of a collection.
    ///
    /// @param mode counts, sample or full
    /// @param origin asked or continuous
    /// @param state running, done or failed
    /// @param phase what it is at, while it runs
    /// @param documents that were compared
    /// @param rows of the collection's own table; while it runs, the expected rows of the documents
    ///     compared so far
    /// @param undecided documents that differed and were written during each look
    /// @param estimatedDocuments null when unknown
    /// @param through what it found holds for MongoDB as of this time; null when unknown
    /// @param finishedAt null while it runs
    public record Recorded(
            long id,
            String collection,
            String mode,
            String origin,
            String state,
            String phase,
            long documents,
            long rows,
            long missing,
            long extra,
            long different,
            long undecided,
            long repaired,
            @Nullable Long estimatedDocuments,
            @Nullable Instant through,
            Instant startedAt,
            @Nullable Instant finishedAt) {}

    /// The newest first.
    public List<Recorded> latest(Connection connection, int most) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LATEST)) {
            statement.setString(1, pipeline);
            statement.setInt(2, most);
            List<Recorded> found = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Recorded(
                            row.getLong("id"),
                            row.getString("collection"),
                            row.getString("mode"),
                            row.getString("origin"),
                            row.getString("state"),
                            row.getString("phase"),
                            row.getLong("documents"),
                            row.getLong("rows"),
                            row.getLong("missing"),
                            row.getLong("extra"),
                            row.getLong("different"),
                            row.getLong("undecided"),
                            row.getLong("repaired"),
                            row.getObject("estimated_documents", Long.class),
                            instant(row, "through_cluster_time"),
                            required(row, "started_at"),
                            instant(row, "finished_at")));
                }
            }
            return found;
        }
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static Instant required(ResultSet row, String column) throws SQLException {
        return Objects.requireNonNull(instant(row, column), column);
    }

    /// Rows of a document in one table that are not as they should be.
    ///
    /// @param documentKey the `_id` as canonical Extended JSON; null where no document explains the row
    /// @param rowKey the key of the document's row, as text
    /// @param columns which differ; empty unless the kind is different
    /// @param ageSeconds since it was first seen
    public record Difference(
            String collection,
            String table,
            String kind,
            @Nullable String documentKey,
            String rowKey,
            List<String> columns,
            long rows,
            Instant firstSeenAt,
            Instant lastSeenAt,
            double ageSeconds) {
        public Difference {
            columns = List.copyOf(columns);
        }
    }

    /// What differs now, as far as it is known; the oldest first.
    ///
    /// @param collection null for all
    public List<Difference> differences(Connection connection, @Nullable String collection, int most)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(DIFFERENCES)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setInt(3, most);
            List<Difference> found = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Difference(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getString(5),
                            Arrays.stream((Object[]) row.getArray(6).getArray())
                                    .map(String::valueOf)
                                    .toList(),
                            row.getLong(7),
                            required(row, "first_seen_at"),
                            required(row, "last_seen_at"),
                            row.getDouble(10)));
                }
            }
            return found;
        }
    }

    /// What is known of a collection.
    ///
    /// @param rows that differ, and `documents` whose they are
    /// @param sinceSeconds how long ago the first of them was seen; 0 where none differs
    /// @param through as of when the last full verification holds, as `2026-11-30T01:02:03Z`; null where
    ///     there was none
    public record Standing(
            String collection,
            long rows,
            long documents,
            double sinceSeconds,
            @Nullable String through) {}

    /// Of each collection that is copied, or is to be.
    public List<Standing> standing(Connection connection) throws SQLException {
        List<Standing> standing = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(STANDING)) {
            for (int i = 1; i <= 3; i++) {
                statement.setString(i, pipeline);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    standing.add(new Standing(
                            row.getString(1), row.getLong(2), row.getLong(3), row.getDouble(4), row.getString(5)));
                }
            }
        }
        return standing;
    }

    /// How many rows of each collection differ, by kind.
    public Map<String, Map<String, Long>> driftRows(Connection connection) throws SQLException {
        Map<String, Map<String, Long>> drift = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection, kind, sum(rows) FROM sluice.drift WHERE pipeline = ? GROUP BY collection, kind")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    drift.computeIfAbsent(row.getString(1), c -> new HashMap<>())
                            .put(row.getString(2), row.getLong(3));
                }
            }
        }
        return drift;
    }

    /// As of when the last full verification of each collection holds for MongoDB, in seconds since
    /// 1970.
    public Map<String, Double> verifiedThrough(Connection connection) throws SQLException {
        Map<String, Double> through = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT collection,"
                + " extract(epoch FROM max(through_cluster_time))::float8 FROM sluice.verification WHERE pipeline = ?"
                + " AND mode = 'full' AND state = 'done' AND through_cluster_time IS NOT NULL GROUP BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    through.put(row.getString(1), row.getDouble(2));
                }
            }
        }
        return through;
    }
}
