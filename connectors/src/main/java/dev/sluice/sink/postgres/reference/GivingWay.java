package dev.sluice.sink.postgres.reference;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable.DeleteAction;
import dev.sluice.sink.postgres.catalog.LiveTable.Referring;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/// Whether a document that has no row by a rule gives up the one that it had before: a dead letter, or one that
/// another document comes before.
public final class GivingWay {
    private GivingWay() {}

    /// True where the table has only rows of this collection, they are deleted with their documents, and no foreign
    /// key deletes or changes rows with them that the mapping does not know. Else the rows stay.
    ///
    /// @param all all collections of the mapping
    public static boolean mayGiveWay(Connection connection, List<CollectionTarget> all, CollectionTarget target)
            throws SQLException {
        return target.mapping().onDelete() == OnDelete.DELETE
                && !isShared(all, target)
                && unknown(new TableReader(connection), all, gone(all, target)).stream()
                        .allMatch(key -> key.action() == DeleteAction.NONE);
    }

    /// Whether other collections write rows of the same table.
    public static boolean isShared(List<CollectionTarget> all, CollectionTarget target) {
        TableName table = target.mapping().table();
        return all.stream().filter(t -> t.mapping().table().equals(table)).count() > 1;
    }

    /// The foreign keys that the mapping does not know on tables whose rows go when a row of the
    /// collection does.
    public static List<Referring> unknown(TableReader reader, List<CollectionTarget> all, CollectionTarget target)
            throws SQLException {
        return unknown(reader, all, gone(all, target));
    }

    /// Those that lead to tables of the mapping from columns that have no `reference` or `lookup` to
    /// them, and are not the column by which a child table names its parent.
    ///
    /// @param tables to which they lead
    public static List<Referring> unknown(
            TableReader reader, List<CollectionTarget> all, SequencedSet<TableName> tables) throws SQLException {
        Links links = new Links(all);
        return reader.referring(tables).stream()
                .filter(key -> links.to(key.to()).stream()
                        .noneMatch(link -> link.shape().table().equals(key.from())
                                && key.columns().contains(link.column().name())))
                .filter(key -> all.stream().noneMatch(target -> isOfChild(target, key)))
                .toList();
    }

    private static boolean isOfChild(CollectionTarget target, Referring key) {
        return target.mapping().table().equals(key.to())
                && target.mapper().childShapes().stream()
                        .anyMatch(child -> child.table().equals(key.from())
                                && key.columns()
                                        .contains(child.columns().getFirst().name()));
    }

    /// The tables from which rows go with a row of the collection: its own, those of its children, and
    /// those whose rows are not without the row that they refer to.
    private static SequencedSet<TableName> gone(List<CollectionTarget> all, CollectionTarget target) {
        SequencedSet<TableName> tables = new LinkedHashSet<>();
        add(tables, new Links(all), target);
        return tables;
    }

    private static void add(SequencedSet<TableName> tables, Links links, CollectionTarget target) {
        if (!tables.add(target.mapping().table())) {
            return;
        }
        target.mapper().childShapes().stream().map(TableShape::table).forEach(tables::add);
        for (Link link : links.to(target.mapping().table())) {
            if (link.policy() == Orphan.SKIP) {
                if (link.child() < 0) {
                    add(tables, links, link.target());
                } else {
                    tables.add(link.shape().table());
                }
            }
        }
    }
}
