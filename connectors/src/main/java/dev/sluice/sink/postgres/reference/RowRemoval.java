package dev.sluice.sink.postgres.reference;

import dev.sluice.control.ResyncStore;
import dev.sluice.control.WaitingStore;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.DocumentOfRow;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Deletes rows, with what refers to them. In the caller's transaction. For one thread.
final class RowRemoval {
    private final Dependencies dependencies;

    RowRemoval(Dependencies dependencies) {
        this.dependencies = dependencies;
    }

    /// Deletes the rows of these keys, child rows too, after references to them are set to NULL,
    /// dropped, or their rows deleted in turn. A row that was created for others to refer to stays as
    /// long as they exist.
    ///
    /// @return rows deleted from the collection's own table
    int remove(CollectionTarget target, Collection<Object> keys) throws SQLException {
        return remove(target, keys, new HashSet<>(), true);
    }

    /// As [#remove], where another document takes the place of these rows: what waits for it is not
    /// listed.
    void removeEvicted(CollectionTarget target, Collection<Object> keys) throws SQLException {
        remove(target, keys, new HashSet<>(), false);
    }

    /// Deletes rows that are replaced by another document's, and lists their documents for a resync.
    void giveWay(CollectionTarget target, Collection<Object> keys) throws SQLException {
        TableSql own = dependencies.tables().of(target).own();
        String documentKey = DocumentOfRow.key(target, "t");
        try (PreparedStatement statement = dependencies
                .connection()
                .prepareStatement(ResyncStore.listing("SELECT ?, ?, d.id,"
                        + " CASE WHEN d.id IS NULL THEN d.key END, 'duplicate' FROM (SELECT t." + own.keyName()
                        + "::text AS key, " + documentKey + " AS id FROM "
                        + own.shape().table().sql() + " t WHERE t." + own.keyName()
                        + " = ANY (?)) d"))) {
            statement.setString(1, dependencies.waiting().pipeline());
            statement.setString(2, target.collection());
            statement.setArray(3, dependencies.array(own, keys));
            statement.executeUpdate();
        }
        remove(target, keys);
    }

    private int remove(CollectionTarget target, Collection<Object> given, Set<Object> gone, boolean letDuplicatesIn)
            throws SQLException {
        List<Object> keys = new ArrayList<>();
        for (Object key : given) {
            if (gone.add(new RowChange.RowKey(target.index(), key))) {
                keys.add(key);
            }
        }
        if (keys.isEmpty()) {
            return 0;
        }
        CollectionTables own = dependencies.tables().of(target);
        TableSql table = own.own();
        List<Link> here = dependencies.links().to(table.shape().table());
        if (!here.isEmpty()) {
            dependencies.update(
                    "SELECT count(*) FROM (SELECT FROM " + table.shape().table().sql() + " WHERE " + table.keyName()
                            + " = ANY (?) FOR UPDATE) locked",
                    table,
                    keys);
            for (Link link : here) {
                if (link.policy() == Orphan.CREATE) {
                    keys.removeAll(referredTo(link, table, keys));
                } else {
                    release(link, table, keys, gone);
                }
            }
        }
        Duplicates duplicate = dependencies.duplicates().get(target.index());
        if (duplicate != null && letDuplicatesIn) {
            letIn(duplicate, table, keys);
        }
        for (TableSql child : own.children()) {
            dependencies.tables().delete(child, keys);
        }
        return dependencies.tables().delete(table, keys);
    }

    private List<Object> referredTo(Link link, TableSql table, List<Object> keys) throws SQLException {
        String sql =
                "SELECT t." + table.keyName() + " FROM " + table.shape().table().sql() + " t WHERE t."
                        + table.keyName() + " = ANY (?) AND EXISTS (SELECT FROM "
                        + link.shape().table().sql() + " c WHERE "
                        + link.refers() + ")";
        return dependencies.keysOf(sql, table, keys);
    }

    /// Removes the references to rows that are about to be deleted.
    private void release(Link link, TableSql table, List<Object> keys, Set<Object> gone) throws SQLException {
        String other = table.shape().table().sql() + " t";
        String theirs = "t." + table.keyName() + " = ANY (?)";
        TableName referring = link.shape().table();
        String joined = " FROM " + other + " JOIN " + referring.sql() + " c ON " + link.refers() + " WHERE " + theirs;
        try (PreparedStatement statement = dependencies
                .connection()
                .prepareStatement(WaitingStore.noting(
                        "SELECT DISTINCT ?, ?, d.row_key, d.document_key, ?, 'reference', ?, d.known FROM (SELECT "
                                + DocumentOfRow.referring(link) + ", "
                                + link.present(name -> "t." + TableName.quote(name))
                                + " AS known" + joined + ") d WHERE d.known IS NOT NULL"))) {
            statement.setString(1, dependencies.waiting().pipeline());
            statement.setString(2, link.target().collection());
            statement.setString(3, link.label());
            statement.setString(4, link.to().toString());
            statement.setArray(5, dependencies.array(table, keys));
            statement.executeUpdate();
        }
        String column = TableName.quote(link.column().name());
        String takes = "ARRAY(SELECT t." + TableName.quote(link.take()) + " FROM " + other + " WHERE " + theirs + ")";
        switch (link.policy()) {
            case null ->
                dependencies.update(
                        ResyncStore.listing("SELECT DISTINCT "
                                + TableName.literal(dependencies.waiting().pipeline()) + ", "
                                + TableName.literal(link.target().collection())
                                + ", d.document_key, CASE WHEN d.document_key IS NULL THEN d.row_key END, 'reference'"
                                + " FROM (SELECT " + DocumentOfRow.referring(link) + joined
                                + ") d"),
                        table,
                        keys);
            case EMPTY ->
                dependencies.update(
                        link.isArray()
                                ? "WITH gone AS MATERIALIZED (SELECT " + takes + " AS takes) UPDATE " + referring.sql()
                                        + " c SET " + column
                                        + " = ARRAY(SELECT CASE WHEN x.v <> ALL (gone.takes) THEN x.v END"
                                        + " FROM unnest(c." + column
                                        + ") WITH ORDINALITY x (v, n) ORDER BY x.n) FROM gone"
                                        + " WHERE c." + column + " && gone.takes"
                                : "UPDATE " + referring.sql() + " c SET " + column + " = NULL FROM " + other + " WHERE "
                                        + link.refers() + " AND " + theirs,
                        table,
                        keys);
            case DROP ->
                dependencies.update(
                        link.isArray()
                                ? "WITH gone AS MATERIALIZED (SELECT " + takes + " AS takes) UPDATE " + referring.sql()
                                        + " c SET " + column + " = ARRAY(SELECT x.v FROM unnest(c." + column
                                        + ") WITH ORDINALITY x (v, n) WHERE x.v <> ALL (gone.takes) OR x.v IS NULL"
                                        + " ORDER BY x.n) FROM gone WHERE c." + column + " && gone.takes"
                                : "UPDATE " + referring.sql() + " c SET " + column + " = NULL FROM " + other + " WHERE "
                                        + link.refers() + " AND " + theirs,
                        table,
                        keys);
            case SKIP -> {
                if (link.child() >= 0) {
                    dependencies.update(
                            "DELETE FROM " + referring.sql() + " c USING " + other + " WHERE " + link.refers() + " AND "
                                    + theirs,
                            table,
                            keys);
                } else {
                    String key =
                            TableName.quote(link.shape().columns().getFirst().name());
                    remove(link.target(), dependencies.keysOf("SELECT c." + key + joined, table, keys), gone, true);
                }
            }
            case CREATE -> {}
        }
    }

    /// Lists the documents that waited for rows which are about to be deleted, as duplicates of them.
    void letIn(Duplicates duplicate, TableSql table, List<Object> keys) throws SQLException {
        if (!dependencies.waiting().isAwaited(duplicate.table())) {
            return;
        }
        dependencies.update(
                Waiting.listing("JOIN "
                        + table.shape().table().sql() + " t ON "
                        + duplicate.known("t") + " = w.on_value WHERE t." + table.keyName()
                        + " = ANY (?) AND w.pipeline = "
                        + TableName.literal(dependencies.waiting().pipeline()) + " AND w.on_table = "
                        + TableName.literal(duplicate.table().toString())
                        + " AND w.kind = 'duplicate' AND w.row_key <> t." + table.keyName()
                        + "::text"),
                table,
                keys);
    }
}
