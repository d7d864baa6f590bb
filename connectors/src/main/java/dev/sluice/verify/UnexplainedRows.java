package dev.sluice.verify;

import dev.sluice.mapping.KeyResult;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.staging.ExpectedRows;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Reads a collection's tables and finds rows that none of the compared documents explains.
/// For one thread.
final class UnexplainedRows {
    private static final int KEYS_AT_ONCE = 20_000;

    private final VerificationTask task;

    UnexplainedRows(VerificationTask task) {
        this.task = task;
    }

    /// Records every row that no document explains as a suspect.
    ///
    /// @param comparing left not in auto-commit mode
    void find(Connection comparing) throws SQLException {
        if (task.target().mapping().onDelete() == OnDelete.KEEP) {
            return;
        }
        for (CollectionTarget other : task.pipeline().targets()) {
            if (other.index() != task.target().index()
                    && other.mapping().table().equals(task.target().mapping().table())) {
                explainBy(other);
            }
        }
        comparing.setAutoCommit(false);
        CollectionTables tables = task.tables();
        for (TableSql table : tables.all()) {
            // Most often no row is too many, which is told with less work than which one would be.
            if (table != tables.own()
                    || !task.store().explainsAll(comparing, task.running().id(), table)) {
                task.store()
                        .suspectUnexplained(
                                comparing,
                                task.running().id(),
                                table,
                                ExpectedRows.notOurs(task.target(), tables.own(), table, "t"));
            }
            comparing.commit();
        }
    }

    /// Records the rows of the same table that documents of another collection explain.
    private void explainBy(CollectionTarget other) throws SQLException {
        List<Object> keys = new ArrayList<>();
        List<SQLException> failed = new ArrayList<>();
        task.pipeline().source().forEachId(other.collection(), null, id -> {
            if (other.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                keys.add(key);
            }
            if (keys.size() >= KEYS_AT_ONCE && failed.isEmpty()) {
                try {
                    task.store().explain(task.bookkeeping(), task.running().id(), keys);
                } catch (SQLException e) {
                    failed.add(e);
                }
                keys.clear();
            }
        });
        if (!failed.isEmpty()) {
            throw failed.getFirst();
        }
        task.store().explain(task.bookkeeping(), task.running().id(), keys);
    }

    /// Records a random sample of rows as suspects, so that their documents are read and compared.
    void suspectSome() throws SQLException {
        if (task.target().mapping().onDelete() == OnDelete.KEEP) {
            return;
        }
        TableSql own = task.tables().own();
        String table = own.shape().table().sql();
        // Without statistics the whole table is scanned; it is small or was not analyzed yet.
        String sql = "SELECT " + own.keyName() + "::text FROM " + table + " TABLESAMPLE SYSTEM ((SELECT CASE WHEN"
                + " reltuples > 0 THEN least(100, 300.0 * ? / reltuples) ELSE 100 END FROM pg_class WHERE oid ="
                + " ?::regclass)) ORDER BY random() LIMIT ?";
        List<Suspect> picked = new ArrayList<>();
        try (PreparedStatement statement = task.bookkeeping().prepareStatement(sql)) {
            statement.setInt(1, task.wish().sample());
            statement.setString(2, table);
            statement.setInt(3, task.wish().sample());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    picked.add(new Suspect(row.getString(1), null));
                }
            }
        }
        task.store().suspect(task.bookkeeping(), task.running().id(), picked);
    }
}
