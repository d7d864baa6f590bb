package dev.sluice.sink.postgres.reference;

import dev.sluice.control.ResyncStore;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.DocumentOfRow;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lists for a resync what waits for rows that are staged, and what is to follow them. In the caller's
/// transaction, between staging and writing. For one thread.
final class Arrivals {
    private final Dependencies dependencies;

    Arrivals(Dependencies dependencies) {
        this.dependencies = dependencies;
    }

    void list(CollectionTarget target) throws SQLException {
        for (TableSql table : dependencies.tables().of(target).all()) {
            changed(target, table);
            arrived(table);
        }
    }

    /// Rows that are about to change what they are known by: what refers to them is resynced, as is what
    /// waits for their place.
    private void changed(CollectionTarget target, TableSql table) throws SQLException {
        TableShape shape = table.shape();
        String same = sameKey(shape);
        for (Link link : dependencies.links().to(shape.table())) {
            List<String> differing = new ArrayList<>();
            Set<String> names = new LinkedHashSet<>(link.and().keySet());
            names.add(link.match());
            names.add(link.take());
            for (String name : names) {
                TableShape.Column column = column(shape, name);
                if (column != null && !isKey(shape, name)) {
                    differing.add("t." + TableName.quote(name) + "::text IS DISTINCT FROM "
                            + TableSql.value(column, "s") + "::text");
                }
            }
            if (!differing.isEmpty()) {
                TableShape referring = link.shape();
                dependencies
                        .waiting()
                        .enqueue(ResyncStore.listing("SELECT DISTINCT ?, "
                                + TableName.literal(link.target().collection()) + ", d.document_key,"
                                + " CASE WHEN d.document_key IS NULL THEN d.row_key END, 'reference' FROM (SELECT "
                                + DocumentOfRow.referring(link) + " FROM " + table.staging() + " s JOIN "
                                + shape.table().sql() + " t ON " + same + " JOIN "
                                + referring.table().sql() + " c ON "
                                + link.refers() + " WHERE " + String.join(" OR ", differing)
                                + ") d"));
            }
        }
        Duplicates duplicate = dependencies.duplicates().get(target.index());
        if (duplicate != null && table == dependencies.tables().of(target).own()) {
            dependencies
                    .waiting()
                    .enqueue(
                            Waiting.listing("JOIN "
                                    + shape.table().sql() + " t ON "
                                    + duplicate.known("t") + " = w.on_value JOIN " + table.staging() + " s ON " + same
                                    + " WHERE w.pipeline = ? AND w.on_table = ? AND w.kind = 'duplicate' AND "
                                    + duplicate.stagedKnown("s") + " <> " + duplicate.known("t")),
                            duplicate.table().toString());
        }
    }

    /// Rows that are about to come, or to be known by something else: what waits for them is resynced.
    private void arrived(TableSql table) throws SQLException {
        TableShape shape = table.shape();
        List<Link> here = dependencies.links().to(shape.table());
        if (here.isEmpty() || !dependencies.waiting().isAwaited(shape.table())) {
            return;
        }
        Set<String> done = new HashSet<>();
        for (Link link : here) {
            if (column(shape, link.match()) == null
                    || link.and().keySet().stream().anyMatch(c -> column(shape, c) == null)) {
                // Made by the table itself; the sweep finds it.
                continue;
            }
            String present = link.present(name -> TableSql.value(required(shape, name), "s"));
            TableShape.Column take = column(shape, link.take());
            String taken = take == null
                    ? ""
                    : " AND t." + TableName.quote(link.take()) + "::text IS NOT DISTINCT FROM "
                            + TableSql.value(take, "s") + "::text";
            String sql = Waiting.listing("JOIN (SELECT " + present + " AS known FROM "
                    + table.staging() + " s WHERE NOT EXISTS (SELECT FROM "
                    + shape.table().sql() + " t WHERE "
                    + sameKey(shape) + " AND " + link.present(name -> "t." + TableName.quote(name)) + " = " + present
                    + taken + ")) n ON w.on_hash = hashtextextended(n.known, 0) AND w.on_value = n.known"
                    + " WHERE w.pipeline = ? AND w.on_table = ? AND w.kind = 'reference'");
            if (done.add(sql)) {
                dependencies.waiting().enqueue(sql, link.to().toString());
            }
        }
    }

    private static String sameKey(TableShape shape) {
        List<String> same = new ArrayList<>();
        for (int i = 0; i < shape.keyColumns(); i++) {
            String name = TableName.quote(shape.columns().get(i).name());
            same.add("t." + name + " = s." + name);
        }
        return String.join(" AND ", same);
    }

    private static boolean isKey(TableShape shape, String name) {
        return shape.columns().subList(0, shape.keyColumns()).stream()
                .anyMatch(c -> c.name().equals(name));
    }

    private static TableShape.@Nullable Column column(TableShape shape, String name) {
        for (TableShape.Column column : shape.columns()) {
            if (column.name().equals(name)) {
                return column;
            }
        }
        return null;
    }

    private static TableShape.Column required(TableShape shape, String name) {
        TableShape.Column column = column(shape, name);
        if (column == null) {
            throw new IllegalStateException("looked for before");
        }
        return column;
    }
}
