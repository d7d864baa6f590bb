package dev.sluice.sink.postgres.staging;

import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTables;
import dev.sluice.sink.postgres.catalog.ValueCast;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Shows rows to PostgreSQL without writing them: which of their values it does not take for their columns' types, and
/// which it refuses a row for since its column is narrower than the mapping's type. They lie in temporary tables
/// meanwhile. For one collection and one thread.
public final class TrialRows implements AutoCloseable {
    private final Connection connection;
    private final CollectionTarget target;
    private final CollectionTables tables;
    private final RefusedValues refused;
    private final RefusedValues refusedRows;
    private final ChunkRows rows;

    private TrialRows(
            Connection connection,
            CollectionTarget target,
            CollectionTables tables,
            Map<TableSql, SortedMap<Integer, ValueCast>> narrower) {
        this.connection = connection;
        this.target = target;
        this.tables = tables;
        this.refused = new RefusedValues(connection);
        this.refusedRows =
                new RefusedValues(connection, table -> narrower.getOrDefault(table, Collections.emptySortedMap()));
        this.rows = new ChunkRows(target);
    }

    /// @return null where nothing can be said that the mapper does not know: no column has such a type, its table is
    ///     not there yet, or the target can't be asked or takes no temporary tables
    public static @Nullable TrialRows open(PostgresConnector connector, CollectionTarget target) {
        try {
            Connection connection = connector.open();
            try {
                CollectionTables tables = CollectionTables.of(target, "sluice_trial_", connection);
                LiveTables live = new LiveTables(connection);
                Map<TableSql, SortedMap<Integer, ValueCast>> narrower = new HashMap<>();
                for (TableSql table : tables.all()) {
                    narrower.put(table, live.narrower(table.shape()));
                }
                if (narrower.entrySet().stream()
                        .anyMatch(table -> !table.getKey().casts().isEmpty()
                                || !table.getValue().isEmpty())) {
                    TrialRows trial = new TrialRows(connection, target, tables, narrower);
                    trial.prepare();
                    return trial;
                }
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
            connection.close();
            return null;
        } catch (SQLException | SluiceException notToBeAsked) {
            // Who asks finds out why by other checks.
            return null;
        }
    }

    private void prepare() throws SQLException {
        for (TableSql table : tables.all()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(table.createLastingStaging());
            }
        }
        refused.prepare(tables);
        refusedRows.prepare(tables);
    }

    /// What becomes of documents of whose rows PostgreSQL refuses a value, or a row for one.
    ///
    /// @return by the key of the row; without the documents of which it refuses nothing
    public Map<Object, MappingResult> refused(List<RawBsonDocument> documents) throws SQLException {
        rows.map(documents);
        List<TableSql> staged = tables.all();
        RowCopy.stage(connection, staged, rows.encoded(), null);
        Map<Object, MappingResult> results = refused.mapAgain(target, tables, rows::ofKeys);
        refusedRows.among(tables).forEach((key, refusals) -> results.put(key, refusals.ofRow()));
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "TRUNCATE " + staged.stream().map(TableSql::staging).collect(Collectors.joining(", ")));
        }
        rows.clear();
        return results;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
