package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTables;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// A collection's own table and its child tables, in the order of the mapping.
public record CollectionTables(TableSql own, List<TableSql> children) {
    public CollectionTables {
        children = List.copyOf(children);
    }

    /// @param prefix of the names of the staging tables
    /// @param connection to look how the target's tables behave
    public static CollectionTables of(CollectionTarget target, String prefix, Connection connection)
            throws SQLException {
        return of(target, prefix, new LiveTables(connection));
    }

    public static CollectionTables of(CollectionTarget target, String prefix, LiveTables live) throws SQLException {
        String name = prefix + target.index();
        List<TableSql> children = new ArrayList<>();
        for (TableShape child : target.mapper().childShapes()) {
            List<String> key = child.columns().subList(0, child.keyColumns()).stream()
                    .map(TableShape.Column::name)
                    .toList();
            children.add(new TableSql(
                    child, live.casts(child), key, name + "_" + children.size(), live.triggers(child, key)));
        }
        TableShape shape = target.mapper().shape();
        List<String> conflict = target.mapping().conflict();
        TableSql own = new TableSql(shape, live.casts(shape), conflict, name, live.triggers(shape, conflict));
        return new CollectionTables(own, children);
    }

    /// The own table first.
    public List<TableSql> all() {
        List<TableSql> all = new ArrayList<>(children.size() + 1);
        all.add(own);
        all.addAll(children);
        return all;
    }

    /// @param child the number of a child table; -1 for the own table
    public TableSql table(int child) {
        return child < 0 ? own : children.get(child);
    }
}
