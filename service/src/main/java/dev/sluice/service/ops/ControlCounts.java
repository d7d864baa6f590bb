package dev.sluice.service.ops;

import dev.sluice.after.AfterStore;
import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceStore;
import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// What is counted in the control schema now, by collection: dead letters, what waits, and what has no place. Cheaper
/// than a [StatusReport], for those who ask often.
///
/// @param deadLetters and the others: a collection that is not in them has none
/// @param driftRows by kind
/// @param verifiedThrough both sides were equal, but for the drift, as of this time: seconds since 1970
/// @param balances as of when they were counted
/// @param afterMigrations statements that come after the copy, by state
/// @param notAnalyzed tables that were not analyzed since the copy and the last after-migration
public record ControlCounts(
        Map<String, Long> deadLetters,
        Map<String, Long> waitingDocuments,
        Map<String, Long> unmappedFields,
        Map<String, SequencedMap<String, Long>> skipped,
        Map<String, Long> schemaChangesOpen,
        Map<String, SequencedMap<String, Long>> schemaChanges,
        Map<String, Map<String, Long>> driftRows,
        Map<String, Double> verifiedThrough,
        Map<String, Balance> balances,
        Map<AfterStore.State, Long> afterMigrations,
        long notAnalyzed) {
    private static final String SKIPPED =
            "SELECT collection, reason, documents FROM sluice.skipped WHERE pipeline = ? ORDER BY collection, reason";

    private static final String SCHEMA_CHANGES =
            "SELECT collection, kind, count(*) FROM sluice.schema_change WHERE pipeline = ? GROUP BY collection, kind";

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public static ControlCounts read(PostgresConnector connector, String pipeline) {
        try (Connection connection = connector.open()) {
            AfterStore after = new AfterStore(pipeline);
            return new ControlCounts(
                    byCollection(connection, pipeline, "count(*) FROM sluice.dead_letter"),
                    byCollection(
                            connection,
                            pipeline,
                            "count(DISTINCT row_key) FILTER (WHERE kind = 'reference') FROM sluice.waiting"),
                    byCollection(connection, pipeline, "count(*) FROM sluice.unmapped_field"),
                    Map.copyOf(skipped(connection, pipeline)),
                    byCollection(
                            connection,
                            pipeline,
                            "count(*) FILTER (WHERE settled_at IS NULL) FROM sluice.schema_change"),
                    Map.copyOf(byReason(connection, pipeline, SCHEMA_CHANGES)),
                    driftRows(connection, pipeline),
                    verifiedThrough(connection, pipeline),
                    new BalanceStore(pipeline).all(connection),
                    after.counts(connection),
                    after.notAnalyzed(connection).size());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// How many documents had no row by a rule of the mapping, by the rule's reason.
    static Map<String, SequencedMap<String, Long>> skipped(Connection connection, String pipeline) throws SQLException {
        return byReason(connection, pipeline, SKIPPED);
    }

    private static Map<String, SequencedMap<String, Long>> byReason(Connection connection, String pipeline, String sql)
            throws SQLException {
        Map<String, SequencedMap<String, Long>> counts = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.computeIfAbsent(row.getString(1), c -> new LinkedHashMap<>())
                            .put(row.getString(2), row.getLong(3));
                }
            }
        }
        return counts;
    }

    private static Map<String, Long> byCollection(Connection connection, String pipeline, String what)
            throws SQLException {
        Map<String, Long> counts = new HashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT collection, " + what + " WHERE pipeline = ? GROUP BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    counts.put(row.getString(1), row.getLong(2));
                }
            }
        }
        return counts;
    }

    private static Map<String, Map<String, Long>> driftRows(Connection connection, String pipeline)
            throws SQLException {
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

    private static Map<String, Double> verifiedThrough(Connection connection, String pipeline) throws SQLException {
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
