package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// How much of what needs work, or has no place, the control schema holds of each collection now. A
/// collection that is not in an answer has none. For one thread.
public final class CollectionCounts {
    private final Connection connection;
    private final String pipeline;

    public CollectionCounts(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// Dead letters, accepted or not.
    public Map<String, Long> deadLetters() throws SQLException {
        return byCollection("count(*) FROM sluice.dead_letter");
    }

    /// Dead letters that nobody has accepted.
    public Map<String, Long> deadLettersOpen() throws SQLException {
        return byCollection("count(*) FILTER (WHERE accepted_at IS NULL) FROM sluice.dead_letter");
    }

    /// Documents that wait for a row that they refer to.
    public Map<String, Long> waitingDocuments() throws SQLException {
        return byCollection("count(DISTINCT row_key) FILTER (WHERE kind = 'reference') FROM sluice.waiting");
    }

    /// Values in quarantine.
    public Map<String, Long> quarantined() throws SQLException {
        return byCollection("count(*) FROM sluice.quarantine");
    }

    /// What is on the list of documents and collections to be read again.
    public Map<String, Long> resyncEntries() throws SQLException {
        return byCollection("count(*) FROM sluice.resync");
    }

    /// How many collections the mapping neither maps nor ignores, as they were listed last.
    public long unmappedCollections() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT count(*) FROM sluice.unmapped_collection WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /// Fields that no column reads.
    public Map<String, Long> unmappedFields() throws SQLException {
        return byCollection("count(*) FROM sluice.unmapped_field");
    }

    /// Documents that had no row by a rule of the mapping, by the reason of the rule.
    public Map<String, SequencedMap<String, Long>> skipped() throws SQLException {
        return byReason("SELECT collection, reason, documents FROM sluice.skipped WHERE pipeline = ?"
                + " ORDER BY collection, reason");
    }

    /// Changes of collections that nobody has decided on.
    public Map<String, Long> schemaChangesOpen() throws SQLException {
        return byCollection("count(*) FILTER (WHERE settled_at IS NULL) FROM sluice.schema_change");
    }

    /// Changes of collections, decided on or not, by kind.
    public Map<String, SequencedMap<String, Long>> schemaChanges() throws SQLException {
        return byReason("SELECT collection, kind, count(*) FROM sluice.schema_change WHERE pipeline = ?"
                + " GROUP BY collection, kind");
    }

    private Map<String, SequencedMap<String, Long>> byReason(String sql) throws SQLException {
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

    private Map<String, Long> byCollection(String what) throws SQLException {
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
}
