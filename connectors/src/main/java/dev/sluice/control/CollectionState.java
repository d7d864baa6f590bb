package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How far a collection is, and what of it is not in its row's place.
///
/// @param through up to when everything that was committed in MongoDB is applied, as
///     `2026-11-30T01:02:03.004Z`; null while it is not copied, and when its writes have moved
/// @param lagSeconds how late that is; null as `through`
/// @param state of the copy, `not started`, or `writes_on_postgres`
/// @param documents that were copied
/// @param rows that they gave
/// @param estimatedDocuments null when unknown
/// @param waitingDocuments that wait for a row that they refer to
/// @param unmappedFields that no column reads
public record CollectionState(
        String collection,
        @Nullable String through,
        @Nullable Double lagSeconds,
        String state,
        long documents,
        long rows,
        @Nullable Long estimatedDocuments,
        long deadLetters,
        long quarantined,
        long waitingDocuments,
        long unmappedFields) {
    private static final String ALL = """
            SELECT c.collection,
                   CASE WHEN b.state = 'done' AND m.collection IS NULL
                        THEN to_char(w.cluster_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
                   CASE WHEN b.state = 'done' AND m.collection IS NULL
                        THEN extract(epoch FROM coalesce(w.source_time, w.applied_at) - w.cluster_time
                                                + (clock_timestamp() - w.applied_at))::float8 END,
                   CASE WHEN m.collection IS NOT NULL THEN 'writes_on_postgres' ELSE coalesce(b.state, 'not started') END,
                   coalesce(b.documents, 0), coalesce(b.rows, 0), b.estimated_documents,
                   (SELECT count(*) FROM sluice.dead_letter d WHERE d.pipeline = c.pipeline AND d.collection = c.collection),
                   (SELECT count(*) FROM sluice.quarantine q WHERE q.pipeline = c.pipeline AND q.collection = c.collection),
                   (SELECT count(DISTINCT v.row_key) FROM sluice.waiting v
                    WHERE v.pipeline = c.pipeline AND v.collection = c.collection AND v.kind = 'reference'),
                   (SELECT count(*) FROM sluice.unmapped_field f WHERE f.pipeline = c.pipeline AND f.collection = c.collection)
            FROM (SELECT pipeline, collection FROM sluice.watermark
                  UNION SELECT pipeline, collection FROM sluice.backfill) c
            LEFT JOIN sluice.watermark w ON w.pipeline = c.pipeline AND w.collection = c.collection
            LEFT JOIN sluice.backfill b ON b.pipeline = c.pipeline AND b.collection = c.collection
            LEFT JOIN sluice.moved_writes m ON m.pipeline = c.pipeline AND m.collection = c.collection
            WHERE c.pipeline = ? ORDER BY c.collection
            """;

    /// Those of all collections of a pipeline, by name.
    public static List<CollectionState> all(Connection connection, String pipeline) throws SQLException {
        List<CollectionState> all = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(ALL)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    all.add(new CollectionState(
                            row.getString(1),
                            row.getString(2),
                            (Double) row.getObject(3),
                            row.getString(4),
                            row.getLong(5),
                            row.getLong(6),
                            (Long) row.getObject(7),
                            row.getLong(8),
                            row.getLong(9),
                            row.getLong(10),
                            row.getLong(11)));
                }
            }
        }
        return all;
    }
}
