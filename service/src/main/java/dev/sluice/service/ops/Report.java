package dev.sluice.service.ops;

import dev.sluice.failure.Failures;
import dev.sluice.sink.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How a pipeline stands, by the control schema: what anybody could read with SQL. Any thread.
public final class Report {
    private static final String COLLECTIONS = """
            SELECT c.collection,
                   to_char(w.cluster_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                   extract(epoch FROM clock_timestamp() - w.cluster_time)::float8,
                   coalesce(b.state, 'not started'),
                   coalesce(b.documents, 0), coalesce(b.rows, 0), b.estimated_documents,
                   (SELECT count(*) FROM sluice.dead_letter d WHERE d.pipeline = c.pipeline AND d.collection = c.collection),
                   (SELECT count(*) FROM sluice.quarantine q WHERE q.pipeline = c.pipeline AND q.collection = c.collection)
            FROM (SELECT pipeline, collection FROM sluice.watermark
                  UNION SELECT pipeline, collection FROM sluice.backfill) c
            LEFT JOIN sluice.watermark w ON w.pipeline = c.pipeline AND w.collection = c.collection
            LEFT JOIN sluice.backfill b ON b.pipeline = c.pipeline AND b.collection = c.collection
            WHERE c.pipeline = ? ORDER BY c.collection
            """;

    private static final String POSITION = """
            SELECT owner, epoch,
                   to_char(to_timestamp(cluster_time_seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   extract(epoch FROM clock_timestamp() - updated_at)::float8
            FROM sluice.position WHERE pipeline = ?
            """;

    private final PostgresConnector connector;
    private final String pipeline;

    public Report(PostgresConnector connector, String pipeline) {
        this.connector = connector;
        this.pipeline = pipeline;
    }

    /// @param state of the running process; null when this was read without one
    /// @param owner who writes the pipeline, or wrote it last; null before the first start
    /// @param position cluster time of the committed position; null when unknown
    /// @param positionAgeSeconds since it last moved, heartbeats included; null before the first start
    public record Snapshot(
            String pipeline,
            @Nullable String state,
            @Nullable String message,
            @Nullable String owner,
            long epoch,
            @Nullable String position,
            @Nullable Double positionAgeSeconds,
            List<CollectionSnapshot> collections) {
        public Snapshot {
            collections = List.copyOf(collections);
        }

        public Snapshot withState(String name, @Nullable String text) {
            return new Snapshot(pipeline, name, text, owner, epoch, position, positionAgeSeconds, collections);
        }

        /// A page of text.
        public String forPeople() {
            StringBuilder text = new StringBuilder();
            text.append("pipeline ").append(pipeline);
            if (owner == null) {
                return text.append(": never started. `sluice run` starts it.").toString();
            }
            text.append(String.format(
                    Locale.ROOT,
                    ", epoch %d, written by %s; position %s, moved %.1f s ago%n",
                    epoch,
                    owner,
                    position == null ? "unknown" : position,
                    positionAgeSeconds));
            text.append(String.format(
                    Locale.ROOT,
                    "%-24s %-12s %12s %12s %10s %12s %12s%n",
                    "collection",
                    "backfill",
                    "documents",
                    "rows",
                    "lag s",
                    "dead letters",
                    "quarantined"));
            for (CollectionSnapshot c : collections) {
                text.append(String.format(
                        Locale.ROOT,
                        "%-24s %-12s %,12d %,12d %10s %,12d %,12d%n",
                        c.collection(),
                        c.backfill(),
                        c.backfilledDocuments(),
                        c.backfilledRows(),
                        c.lagSeconds() == null ? "unknown" : String.format(Locale.ROOT, "%.1f", c.lagSeconds()),
                        c.deadLetters(),
                        c.quarantinedValues()));
            }
            return text.toString().stripTrailing();
        }
    }

    /// @param watermark everything committed in MongoDB up to here is applied; null when unknown
    /// @param lagSeconds PostgreSQL's clock minus the watermark; null when unknown
    /// @param backfill not started, running or done
    public record CollectionSnapshot(
            String collection,
            @Nullable String watermark,
            @Nullable Double lagSeconds,
            String backfill,
            long backfilledDocuments,
            long backfilledRows,
            @Nullable Long estimatedDocuments,
            long deadLetters,
            long quarantinedValues) {}

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public Snapshot read() {
        try (Connection connection = connector.open()) {
            List<CollectionSnapshot> collections = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(COLLECTIONS)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        collections.add(new CollectionSnapshot(
                                row.getString(1),
                                row.getString(2),
                                (Double) row.getObject(3),
                                row.getString(4),
                                row.getLong(5),
                                row.getLong(6),
                                (Long) row.getObject(7),
                                row.getLong(8),
                                row.getLong(9)));
                    }
                }
            }
            try (PreparedStatement statement = connection.prepareStatement(POSITION)) {
                statement.setString(1, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        return new Snapshot(pipeline, null, null, null, 0, null, null, collections);
                    }
                    return new Snapshot(
                            pipeline,
                            null,
                            null,
                            row.getString(1),
                            row.getLong(2),
                            row.getString(3),
                            row.getDouble(4),
                            collections);
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The snapshot as JSON with names in snake case.
    public static String json(Snapshot snapshot) {
        return SnakeCaseJson.write(snapshot);
    }
}
