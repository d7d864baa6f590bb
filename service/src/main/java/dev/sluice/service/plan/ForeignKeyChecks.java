package dev.sluice.service.plan;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.Lookup;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.reference.GivingWay;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/// What foreign keys refuse or change that the mapping does not know: those of a table, and those that lead to it.
final class ForeignKeyChecks {
    private final TableReader reader;
    private final Checklist list;

    /// Those of which is said what they refuse.
    private final Set<String> warned = new HashSet<>();

    ForeignKeyChecks(TableReader reader, Checklist list) {
        this.reader = reader;
        this.list = list;
    }

    /// Those of a table.
    ///
    /// @param all all collections of the mapping
    void check(List<CollectionTarget> all, LiveTable table, WrittenTable of) throws SQLException {
        TableShape shape = of.shape();
        TableName parent = of.parent();
        Map<String, TableShape.Column> columns = new HashMap<>();
        shape.columns().forEach(c -> columns.put(c.name(), c));
        String parentColumn = shape.columns().getFirst().name();
        for (LiveTable.ForeignKey key : table.foreignKeys()) {
            List<TableShape.Column> written = key.columns().stream()
                    .filter(columns::containsKey)
                    .map(columns::get)
                    .toList();
            boolean toParent = key.target().equals(parent) && key.columns().equals(List.of(parentColumn));
            boolean lookedUp = written.stream().anyMatch(c -> isFrom(c, key.target()));
            if (written.isEmpty() || toParent || lookedUp) {
                continue;
            }
            String refers = table.name() + "." + String.join(", ", key.columns()) + " refers to " + key.target()
                    + " by " + key.name();
            Optional<LiveTable.Trigger> maker = table.making(key.target());
            if (maker.isPresent()) {
                list.info(
                        Check.FOREIGN_KEY,
                        table.name() + "." + key.name(),
                        refers + "; the trigger " + maker.get().name()
                                + " inserts into that table before a row comes.");
                continue;
            }
            warned.add(table.name() + "." + key.name());
            list.warning(
                    Check.FOREIGN_KEY,
                    table.name() + "." + key.name(),
                    refers + ", and the mapping has no `reference` for it: a document may arrive before"
                            + " the one it refers to, and is a dead letter then"
                            + deleted(all, table.name(), key)
                                    .map(consequence -> "; and " + consequence)
                                    .orElse("")
                            + ".",
                    "Give the column a `reference` in the mapping, or drop the constraint until MongoDB is gone.");
        }
    }

    /// What such a foreign key does when a row that is referred to is deleted.
    private Optional<String> deleted(List<CollectionTarget> all, TableName from, LiveTable.ForeignKey key)
            throws SQLException {
        return GivingWay.unknown(reader, all, new LinkedHashSet<>(List.of(key.target()))).stream()
                .filter(unknown -> unknown.from().equals(from) && unknown.name().equals(key.name()))
                .findFirst()
                .flatMap(unknown -> consequence(all, unknown));
    }

    private static boolean isFrom(TableShape.Column column, TableName table) {
        Reference reference = column.reference();
        Lookup lookup = column.lookup();
        return (reference != null && reference.table().equals(table))
                || (lookup != null && lookup.table().equals(table));
    }

    /// Foreign keys that the mapping does not know on tables of the collections: they decide what
    /// becomes of rows whose documents are deleted or dead letters. Without those of which is said what
    /// they refuse already, so for after [#check].
    void referring(List<CollectionTarget> all, List<CollectionTarget> chosen) throws SQLException {
        SequencedSet<TableName> tables = new LinkedHashSet<>();
        for (CollectionTarget target : chosen) {
            WrittenTable.by(target)
                    .forEach(written -> tables.add(written.shape().table()));
        }
        for (LiveTable.Referring key : GivingWay.unknown(reader, all, tables)) {
            String subject = key.from() + "." + key.name();
            Optional<String> consequence = consequence(all, key);
            if (consequence.isPresent() && !warned.contains(subject)) {
                list.warning(
                        Check.FOREIGN_KEY,
                        subject,
                        key.from() + "." + String.join(", ", key.columns()) + " refers to " + key.to() + " by "
                                + key.name() + ", and the mapping does not know it: " + consequence.get() + ".",
                        "Drop the constraint until MongoDB is gone; or, where " + key.from()
                                + " is a table of the mapping, give the column a `reference`.");
            }
        }
    }

    /// What a foreign key that the mapping does not know does when rows of the table that it leads to
    /// are deleted.
    ///
    /// @return empty where none is
    private static Optional<String> consequence(List<CollectionTarget> all, LiveTable.Referring key) {
        for (CollectionTarget target : all) {
            if (target.mapping().table().equals(key.to())) {
                return target.mapping().onDelete() == OnDelete.KEEP
                        ? Optional.empty()
                        : Optional.of(consequence(key, true));
            }
            if (target.mapper().childShapes().stream()
                    .anyMatch(child -> child.table().equals(key.to()))) {
                return Optional.of(consequence(key, false));
            }
        }
        return Optional.empty();
    }

    private static String consequence(LiveTable.Referring key, boolean own) {
        String when =
                own ? "when a document is deleted" : "when a document is deleted or has fewer elements than before";
        String stays = own ? ". The row of a dead letter, and of a document that another one comes before, stays" : "";
        return switch (key.action()) {
            case NONE ->
                "PostgreSQL does not let a row go that is referred to (23503), so " + when
                        + ", that change is a dead letter and the row stays"
                        + (own ? ". So does the row of a document that becomes a dead letter for another reason" : "");
            case CASCADE -> "PostgreSQL deletes these rows of " + key.from() + " " + when + stays;
            case SET_NULL -> "PostgreSQL sets it to NULL " + when + stays;
            case SET_DEFAULT -> "PostgreSQL sets it to its default " + when + stays;
        };
    }
}
