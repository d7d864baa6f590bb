package dev.sluice.sink.postgres.staging;

import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rows that the documents of a whole collection should have, given the rows of other tables as they
/// are: those that documents wait without are taken out. By the same SQL that the sink decides by.
public final class ExpectedRows {
    private final Connection connection;

    public ExpectedRows(Connection connection) {
        this.connection = connection;
    }

    /// @param staged the rows of every document, as mapped
    public void takeOutWaiting(CollectionTarget target, CollectionTables staged) throws SQLException {
        takeOutWaiting(target, staged, false);
    }

    /// The same for some documents of the collection: one that is the same row as another is compared with
    /// that one's row.
    public void takeOutWaitingOfSome(CollectionTarget target, CollectionTables staged) throws SQLException {
        takeOutWaiting(target, staged, true);
    }

    private void takeOutWaiting(CollectionTarget target, CollectionTables staged, boolean withTable)
            throws SQLException {
        for (Link link : new Links(List.of(target), t -> staged).of(target)) {
            if (link.policy() == Orphan.SKIP) {
                String own = "s." + TableName.quote(link.own());
                String orphans = link.isOrphan(own, "s");
                TableSql table = staged.table(link.child());
                String rows = "SELECT s." + table.keyName() + " FROM " + table.staging() + " s WHERE " + orphans;
                if (link.child() < 0) {
                    takeOut(staged, rows);
                } else {
                    execute("DELETE FROM " + table.staging() + " s WHERE " + orphans);
                }
            }
        }
        Duplicates duplicates = Duplicates.of(target, staged.own().shape());
        if (duplicates != null) {
            takeOut(
                    staged,
                    "SELECT key FROM (" + duplicates.ranked(staged.own(), withTable)
                            + ") ranked WHERE staged AND rank > 1");
        }
    }

    /// The staged rows of which only one is to be, together with staged rows of some documents: which of them it
    /// is changes with any of these documents. Before anything is taken out.
    ///
    /// @param keys of the documents' rows, as rows carry them
    /// @return keys of staged rows, those given included; empty where each document has a row of its own
    public Set<Object> rivals(CollectionTarget target, CollectionTables staged, Collection<Object> keys)
            throws SQLException {
        TableSql own = staged.own();
        Duplicates duplicates = Duplicates.of(target, own.shape());
        if (duplicates == null || keys.isEmpty()) {
            return Set.of();
        }
        return keys(
                own,
                "SELECT s." + own.keyName() + " FROM " + own.staging() + " s WHERE " + duplicates.stagedKnown("s")
                        + " IN (SELECT " + duplicates.stagedKnown("o") + " FROM " + own.staging() + " o WHERE o."
                        + own.keyName() + " = ANY (?))",
                keys);
    }

    /// Those of the keys whose row no document ever had: another writer has inserted it, where the mapping allows
    /// such rows (`conflict` without the key).
    ///
    /// @param keys as rows carry them
    public Set<Object> notOurs(CollectionTarget target, CollectionTables tables, Collection<Object> keys)
            throws SQLException {
        TableSql own = tables.own();
        String notOurs = notOurs(target, own, "t");
        if (notOurs == null || keys.isEmpty()) {
            return Set.of();
        }
        return keys(
                own,
                "SELECT t." + own.keyName() + " FROM " + own.shape().table().sql() + " t WHERE t." + own.keyName()
                        + " = ANY (?) AND " + notOurs,
                keys);
    }

    /// The condition that no document ever had a row of the collection's own table.
    ///
    /// @param alias of the row
    /// @return null where the mapping allows no such rows
    private static @Nullable String notOurs(CollectionTarget target, TableSql own, String alias) {
        Duplicates duplicates = Duplicates.of(target, own.shape());
        return duplicates == null || !duplicates.shared() ? null : "NOT " + duplicates.wasDocuments(alias);
    }

    /// The condition that a row is one that no document ever had, or a child row of such a one.
    ///
    /// @param table the own table or a child table, of which the row is
    /// @return null where the mapping allows no such rows
    public static @Nullable String notOurs(CollectionTarget target, TableSql own, TableSql table, String alias) {
        String notOurs = notOurs(target, own, "o");
        return notOurs == null
                ? null
                : "EXISTS (SELECT FROM " + own.shape().table().sql() + " o WHERE o." + own.keyName() + " = " + alias
                        + "." + table.keyName() + " AND " + notOurs + ")";
    }

    private Set<Object> keys(TableSql own, String sql, Collection<Object> keys) throws SQLException {
        Set<Object> found = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf(own.keyArrayType(), keys.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(own.key(row));
                }
            }
        }
        return found;
    }

    /// Child rows first, since the own rows say which.
    private void takeOut(CollectionTables staged, String keys) throws SQLException {
        execute("CREATE TEMP TABLE sluice_taken_out ON COMMIT PRESERVE ROWS AS " + keys);
        for (TableSql table : staged.all()) {
            execute("DELETE FROM " + table.staging() + " WHERE " + table.keyName()
                    + " IN (SELECT * FROM pg_temp.sluice_taken_out)");
        }
        execute("DROP TABLE pg_temp.sluice_taken_out");
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
