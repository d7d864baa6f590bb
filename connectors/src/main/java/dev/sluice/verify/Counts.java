package dev.sluice.verify;

import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// Compares the number of a collection's documents with the number of rows in its own table. For one
/// thread.
final class Counts {
    /// A difference has to be there so often, one after the other.
    private static final int TIMES = 3;

    private final MongoSource source;
    private final Connection connection;
    private final String pipeline;
    private final CollectionTarget target;
    private final BooleanSupplier stopped;

    /// @param connection not in auto-commit mode
    Counts(
            MongoSource source,
            Connection connection,
            String pipeline,
            CollectionTarget target,
            BooleanSupplier stopped) {
        this.source = source;
        this.connection = connection;
        this.pipeline = pipeline;
        this.target = target;
        this.stopped = stopped;
    }

    /// @param differing how many rows there are too few or too many
    /// @param complete false when it was stopped
    record Counted(long documents, long rows, Map<Drift.Kind, Long> differing, boolean complete) {}

    Counted count() throws SQLException {
        Applied applied = new Applied(source, connection, pipeline, stopped);
        Counted counted = new Counted(0, 0, Map.of(), false);
        for (int time = 0; time < TIMES && !stopped.getAsBoolean(); time++) {
            long before = source.count(target.collection());
            applied.await(target.collection());
            Rows rows = rows();
            connection.rollback();
            long after = source.count(target.collection());
            // Documents that are parked have a row or have none.
            long most = target.mapping().onDelete() == OnDelete.KEEP
                    ? Long.MAX_VALUE
                    : Math.max(before, after) - rows.rowless();
            long least =
                    target.mapping().skips().isEmpty() ? Math.min(before, after) - rows.rowless() - rows.parked() : 0;
            Map<Drift.Kind, Long> differing = rows.number() < least
                    ? Map.of(Drift.Kind.MISSING, least - rows.number())
                    : rows.number() > most ? Map.of(Drift.Kind.EXTRA, rows.number() - most) : Map.of();
            counted = new Counted(after, rows.number(), differing, true);
            if (differing.isEmpty()) {
                return counted;
            }
        }
        return counted;
    }

    /// @param parked documents that are dead letters
    /// @param rowless documents that have no row since they wait for another
    private record Rows(long number, long parked, long rowless) {}

    private Rows rows() throws SQLException {
        String table = target.mapper().shape().table().sql();
        String key =
                TableName.quote(target.mapper().shape().columns().getFirst().name());
        try (PreparedStatement statement = connection.prepareStatement("SELECT (SELECT count(*) FROM " + table
                + "), (SELECT count(*) FROM sluice.dead_letter WHERE pipeline = ? AND collection = ?),"
                + " (SELECT count(DISTINCT row_key) FROM sluice.waiting w WHERE pipeline = ? AND collection = ?"
                + " AND NOT EXISTS (SELECT FROM " + table + " t WHERE t." + key + "::text = w.row_key))")) {
            for (int i = 0; i < 2; i++) {
                statement.setString(2 * i + 1, pipeline);
                statement.setString(2 * i + 2, target.collection());
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Rows(row.getLong(1), row.getLong(2), row.getLong(3));
            }
        }
    }
}
