package dev.sluice.sink.postgres;

import dev.sluice.mapping.MappingResult;
import dev.sluice.mapping.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The staging tables of one connection, and the statements that write rows from them into the target. For
/// one thread.
final class StagedTables {
    private static final String INVALID_BINARY_REPRESENTATION = "22P03";
    private static final String UNIQUE_VIOLATION = "23505";

    private final Connection connection;
    private final LiveTables live;
    private final List<CollectionTables> collections = new ArrayList<>();
    /// Which collections' tables take binary COPY, all of them.
    private final BitSet takingCopy = new BitSet();
    /// The child tables whose rows can't be there without their parent's.
    private final Set<TableName> held = new HashSet<>();

    /// The tables that may take several keys for one, and the others, as they were when this session began.
    private final Set<TableName> merging = new HashSet<>();

    private final List<TableShape> keeping = new ArrayList<>();

    private final RowCopy copy;
    private final RefusedValues refused;

    private StagedTables(Connection connection) {
        this.connection = connection;
        this.live = new LiveTables(connection);
        this.copy = new RowCopy(connection);
        this.refused = new RefusedValues(connection);
    }

    /// Looks at the target's tables, and makes the staging tables of this session.
    static StagedTables create(Connection connection, List<CollectionTarget> targets) throws SQLException {
        StagedTables tables = new StagedTables(connection);
        for (CollectionTarget target : targets) {
            CollectionTables made = CollectionTables.of(target, "sluice_stage_", tables.live);
            tables.collections.add(made);
            tables.look(target, made);
            tables.refused.prepare(made);
            try (Statement statement = connection.createStatement()) {
                for (TableSql table : made.all()) {
                    statement.execute(table.createStaging());
                }
            }
        }
        return tables;
    }

    private void look(CollectionTarget target, CollectionTables own) throws SQLException {
        TableShape shape = own.own().shape();
        // A row that is known by something else than its key may be there under another key.
        boolean takes =
                own.own().conflict().equals(List.of(shape.columns().getFirst().name()));
        List<TableShape> shapes = own.all().stream().map(TableSql::shape).toList();
        merging.addAll(live.mergingKeys(shapes));
        for (TableSql table : own.all()) {
            if (!merging.contains(table.shape().table())) {
                keeping.add(table.shape());
            }
            takes = takes
                    && table.keepsWhatIsInserted()
                    && live.takesCopy(table.shape())
                    && !merging.contains(table.shape().table());
        }
        takingCopy.set(target.index(), takes);
        for (TableSql child : own.children()) {
            if (live.isForeignKey(
                    child.shape().table(), child.shape().columns().getFirst().name())) {
                held.add(child.shape().table());
            }
        }
    }

    /// Those of the tables into which rows were written as into tables that keep keys apart, and which do so no longer.
    Set<TableName> mergingSince() throws SQLException {
        return live.mergingKeys(keeping);
    }

    /// Whether rows of the collection can be copied straight into its tables.
    boolean takeCopy(CollectionTarget target) {
        return takingCopy.get(target.index());
    }

    /// Whether none of the collection's tables has a row.
    boolean isEmpty(CollectionTarget target) throws SQLException {
        for (TableSql table : of(target).all()) {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(table.isEmpty())) {
                row.next();
                if (!row.getBoolean(1)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// Those of the keys of which there is a row, or a child row.
    Set<Object> keysPresent(CollectionTarget target, List<Object> keys) throws SQLException {
        Set<Object> present = new HashSet<>();
        for (TableSql table : of(target).all()) {
            if (held.contains(table.shape().table())) {
                continue;
            }
            try (PreparedStatement statement = connection.prepareStatement(table.keysPresent())) {
                statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        present.add(table.key(rows));
                    }
                }
            }
        }
        return present;
    }

    /// Copies the rows of some documents straight into the collection's tables. Binary COPY interprets a
    /// value's bytes as the type that the column has now, so the types are checked once more while the lock
    /// that COPY took is held.
    ///
    /// @return rows written
    /// @throws SQLException about data, also when a type was altered since the tables were looked at; after
    ///     that they no longer take copies
    int copy(CollectionTarget target, EncodedRows rows, BitSet chosen) throws SQLException {
        List<TableSql> tables = of(target).all();
        LiveTables live = new LiveTables(connection);
        long written = 0;
        for (int i = 0; i < tables.size(); i++) {
            long copied = copy(tables.get(i).copyIntoTable(), rows, i, chosen);
            written += copied;
            if (copied > 0 && !live.takesCopy(tables.get(i).shape())) {
                takingCopy.clear(target.index());
                throw new SQLException(
                        "The types of " + tables.get(i).shape().table() + " were altered",
                        INVALID_BINARY_REPRESENTATION);
            }
        }
        return Math.toIntExact(written);
    }

    /// Copies the rows of some documents into the collection's staging tables.
    void stage(CollectionTarget target, EncodedRows rows, BitSet chosen) throws SQLException {
        List<TableSql> tables = of(target).all();
        for (int i = 0; i < tables.size(); i++) {
            copy(tables.get(i).copyIntoStaging(), rows, i, chosen);
        }
    }

    private long copy(String sql, EncodedRows rows, int table, BitSet chosen) throws SQLException {
        if (chosen.isEmpty() || rows.rows(table) == 0) {
            return 0;
        }
        return rows.copy(connection, sql, table, chosen.cardinality() == rows.documents() ? null : chosen);
    }

    CollectionTables of(CollectionTarget target) {
        return collections.get(target.index());
    }

    /// Empties the staging tables of a collection.
    void unstage(CollectionTables tables) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (TableSql table : tables.all()) {
                statement.execute("DELETE FROM " + table.staging());
            }
        }
    }

    /// Copies rows into a staging table.
    void stage(TableSql table, List<@Nullable Object[]> rows) throws SQLException {
        copy.copy(table.copyIntoStaging(), table.shape(), rows);
    }

    /// Corrects the staged rows of a collection where PostgreSQL refuses values for their columns' types, see
    /// [RefusedValues#settle].
    SequencedMap<Object, MappingResult> settle(CollectionTarget target, RefusedValues.Staged documents)
            throws SQLException {
        return refused.settle(target, of(target), documents);
    }

    /// Inserts or updates what is staged.
    ///
    /// @return rows written; those that would not have changed are not among them
    /// @throws SQLException also where a document's rows became those of another, whose key the table takes for the
    ///     same: about data, as when a unique index refuses it
    int upsert(TableSql table) throws SQLException {
        execute(table.deleteMoved());
        execute(table.updateMoved());
        int written;
        try (PreparedStatement statement = connection.prepareStatement(table.upsert())) {
            written = statement.executeUpdate();
        }
        if (merging.contains(table.shape().table())) {
            requireOwnRows(table);
        }
        execute(table.settle());
        return written;
    }

    private void requireOwnRows(TableSql table) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(table.isAnyLost())) {
            row.next();
            if (row.getBoolean(1)) {
                throw new SQLException(
                        "the document has no row of its own in " + table.shape().table()
                                + ": PostgreSQL takes its key for the one of another document, or a trigger changes it",
                        UNIQUE_VIOLATION);
            }
        }
    }

    private void execute(Optional<String> sql) throws SQLException {
        if (sql.isPresent()) {
            try (PreparedStatement statement = connection.prepareStatement(sql.get())) {
                statement.executeUpdate();
            }
        }
    }

    /// Deletes the rows of these keys from one table.
    int delete(TableSql table, List<Object> keys) throws SQLException {
        return withKeys(table.deleteByKey(), table, keys);
    }

    /// Deletes the child rows of these parents that are not staged.
    int deleteUnstaged(TableSql child, Collection<Object> parents) throws SQLException {
        return withKeys(child.deleteUnstaged(), child, parents);
    }

    private int withKeys(String sql, TableSql table, Collection<Object> keys) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
            return statement.executeUpdate();
        }
    }
}
