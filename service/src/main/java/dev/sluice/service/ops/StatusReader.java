package dev.sluice.service.ops;

import dev.sluice.after.AfterProgress;
import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceStore;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.failure.Failures;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.service.ops.StatusReport.Writer;
import dev.sluice.service.pipeline.LastWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The state of a pipeline, read from the control schema, as anyone with SELECT can. Any thread.
public final class StatusReader {
    private static final String COLLECTIONS = """
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

    private static final String POSITION = """
            SELECT owner, epoch,
                   to_char(to_timestamp(cluster_time_seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   extract(epoch FROM clock_timestamp() - updated_at)::float8
            FROM sluice.position WHERE pipeline = ?
            """;

    /// A process that works moves the position once a second or so.
    static final double WORKING_SECONDS = 15;

    private final PostgresConnector connector;
    private final String pipeline;

    public StatusReader(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public StatusReport read() {
        try (Connection connection = connector.open()) {
            List<CollectionReport> collections = new ArrayList<>();
            Map<String, SequencedMap<String, Long>> skipped = ControlCounts.skipped(connection, pipeline);
            Map<String, Balance> balances = new BalanceStore(pipeline).all(connection);
            Map<String, Staying> staying = new DeadLetterStore(pipeline).staying(connection);
            try (PreparedStatement statement = connection.prepareStatement(COLLECTIONS)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        collections.add(new CollectionReport(
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
                                row.getLong(11),
                                skipped.getOrDefault(row.getString(1), new LinkedHashMap<>()),
                                balances.get(row.getString(1)),
                                staying.get(row.getString(1))));
                    }
                }
            }
            try (PreparedStatement statement = connection.prepareStatement(POSITION)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        return report(Writer.NONE, collections, null, List.of());
                    }
                    LockHolder holder =
                            PipelineLock.holder(connection, pipeline).orElse(null);
                    LastWriter.Fate fate = fate(holder, connection);
                    boolean running =
                            holder != null || (row.getDouble(4) < WORKING_SECONDS && fate != LastWriter.Fate.ENDED);
                    Writer writer = new Writer(
                            row.getString(1), row.getLong(2), row.getString(3), row.getDouble(4), running, fate);
                    List<CollectionReport> known = running
                            ? collections
                            : collections.stream()
                                    .map(CollectionReport::withoutLag)
                                    .toList();
                    return report(
                            writer, known, AfterProgress.read(connection, pipeline), Notes.read(connection, pipeline));
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private StatusReport report(
            Writer writer, List<CollectionReport> collections, @Nullable AfterProgress after, List<String> notes) {
        return new StatusReport(pipeline, null, null, writer, null, collections, after, notes);
    }

    /// @param holder of the lock; null when there is none
    /// @return null before the first start
    private LastWriter.@Nullable Fate fate(@Nullable LockHolder holder, Connection connection) throws SQLException {
        return LastWriter.find(connection, pipeline)
                .map(writer -> holder != null && holder.isOwner() ? LastWriter.Fate.RUNS : writer.fate())
                .orElse(null);
    }
}
