package dev.sluice.sink.postgres;

import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The staging tables of one connection, and the statements that bring rows from them into the target. For
/// one thread.
final class StagedTables {
    private final Connection connection;
    private final List<CollectionTables> collections = new ArrayList<>();
    private final RowCopy copy;

    private StagedTables(Connection connection) {
        this.connection = connection;
        this.copy = new RowCopy(connection);
    }

    /// Looks at the target's tables, and makes the staging tables of this session.
    static StagedTables create(Connection connection, List<CollectionTarget> targets) throws SQLException {
        StagedTables tables = new StagedTables(connection);
        LiveTables live = new LiveTables(connection);
        for (CollectionTarget target : targets) {
            CollectionTables made = CollectionTables.of(target, "sluice_stage_", live);
            tables.collections.add(made);
            try (Statement statement = connection.createStatement()) {
                for (TableSql table : made.all()) {
                    statement.execute(table.createStaging());
                }
            }
        }
        return tables;
    }

    CollectionTables of(CollectionTarget target) {
        return collections.get(target.index());
    }

    /// Brings rows into a staging table.
    void stage(TableSql table, List<@Nullable Object[]> rows) throws SQLException {
        copy.copy(table.copyIntoStaging(), table.shape(), rows);
    }

    /// Inserts or updates what is staged.
    ///
    /// @return rows written; those that would not have changed are not among them
    int upsert(TableSql table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(table.upsert())) {
            return statement.executeUpdate();
        }
    }

    /// Deletes the rows of these keys from one table.
    int delete(TableSql table, List<Object> keys) throws SQLException {
        return withKeys(table.deleteByKey(), table, keys);
    }

    /// Deletes the child rows of these parents that are not staged.
    int deleteUnstaged(TableSql child, List<Object> parents) throws SQLException {
        return withKeys(child.deleteUnstaged(), child, parents);
    }

    private int withKeys(String sql, TableSql table, List<Object> keys) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
            return statement.executeUpdate();
        }
    }

    /// Empties all staging tables inside a transaction that goes on.
    void clear() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (CollectionTables tables : collections) {
                for (TableSql table : tables.all()) {
                    statement.execute(table.clearStaging());
                }
            }
        }
    }
}
