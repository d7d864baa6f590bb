package dev.sluice.sink.postgres.check;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.LiveTable.UniqueIndex;
import dev.sluice.sink.postgres.check.TableFault.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The unique index by which ON CONFLICT recognises a table's rows: that there is one, or what is wrong with those
/// that are there.
final class ConflictIndex {
    private final LiveTable table;
    private final List<String> conflict;
    private final String collection;

    private ConflictIndex(LiveTable table, List<String> conflict, String collection) {
        this.table = table;
        this.conflict = conflict;
        this.collection = collection;
    }

    /// @param conflict the columns by which rows are recognised, all of which the mapping writes
    /// @return empty when ON CONFLICT finds an index by them
    static Optional<TableFault> fault(LiveTable table, List<String> conflict, String collection) {
        Set<String> wanted = Set.copyOf(conflict);
        if (table.uniqueIndexes().stream().anyMatch(index -> index.recognises(wanted))) {
            return Optional.empty();
        }
        ConflictIndex missing = new ConflictIndex(table, conflict, collection);
        return Optional.of(table.uniqueIndexes().stream()
                .filter(index -> index.columns().equals(wanted))
                // One that covers all rows says more of what was meant than one that does not.
                .min(Comparator.comparing(index -> !index.coversAll(wanted)))
                .map(missing::unusable)
                .or(missing::unpartitioned)
                .orElseGet(missing::none));
    }

    /// One on these columns, which ON CONFLICT does not take.
    private TableFault unusable(UniqueIndex index) {
        String there = table.name() + " has the unique index " + index.name() + " on (" + columns()
                + "), by which rows of " + collection + " are recognised, but ";
        if (!index.coversAll(Set.copyOf(conflict))) {
            return fault(
                    there + "it is over some rows only, those with " + index.predicate()
                            + ", and ON CONFLICT can't use it.",
                    create() + ", over all rows.");
        }
        return switch (index.state()) {
            case DEFERRABLE_KEY -> fault(there + deferrable(), constraint(index, "PRIMARY KEY"));
            case DEFERRABLE_UNIQUE -> fault(there + deferrable(), constraint(index, "UNIQUE"));
            case INVALID ->
                table.layout().partitioning() == null
                        ? fault(
                                there
                                        + "it is invalid, as CREATE INDEX CONCURRENTLY leaves one that it could not build:"
                                        + " ON CONFLICT can't use it.",
                                "REINDEX INDEX CONCURRENTLY "
                                        + new TableName(table.name().schema(), index.name()).sql()
                                        + ". If that fails too, rows of the table have equal values in these columns.")
                        : fault(
                                there
                                        + "it is invalid, since a partition has no index that is attached to it: ON CONFLICT"
                                        + " can't use it.",
                                "Create such an index on each partition, and ALTER INDEX "
                                        + new TableName(table.name().schema(), index.name()).sql()
                                        + " ATTACH PARTITION each.");
            // Those have no columns, and ON CONFLICT takes this one.
            case EXPRESSION, USABLE -> none();
        };
    }

    private static String deferrable() {
        return "its constraint is DEFERRABLE, and ON CONFLICT can't use it.";
    }

    private String constraint(UniqueIndex index, String kind) {
        String name = TableName.quote(index.name());
        return "ALTER TABLE " + table.name().sql() + " DROP CONSTRAINT " + name + ", ADD CONSTRAINT " + name + " "
                + kind + " (" + quoted() + "), which is NOT DEFERRABLE; or, beside it, " + create() + ".";
    }

    /// A partitioned table, on which there can't be such an index.
    private Optional<TableFault> unpartitioned() {
        LiveTable.Partitioning partitioning = table.layout().partitioning();
        if (partitioning == null) {
            return Optional.empty();
        }
        String there = table.name() + " has no unique index on (" + columns() + "), by which rows of " + collection
                + " are recognised, and can't have one: ";
        if (partitioning.byExpression()) {
            return Optional.of(
                    fault(
                            there + "it is partitioned by an expression, " + partitioning.key() + ".",
                            "Partition it by columns, and name those under 'conflict' too; or map one that is not partitioned."));
        }
        if (!table.layout().foreign().isEmpty()) {
            return Optional.of(fault(
                    there + "partitions of it are foreign tables, "
                            + table.layout().foreign().stream()
                                    .map(TableName::toString)
                                    .collect(Collectors.joining(", "))
                            + ".",
                    "Detach them, or map a table without such partitions."));
        }
        List<String> left = partitioning.columns().stream()
                .filter(column -> !conflict.contains(column))
                .sorted()
                .toList();
        if (left.isEmpty()) {
            return Optional.empty();
        }
        List<String> all = new ArrayList<>(conflict);
        all.addAll(left);
        return Optional.of(fault(
                there + "it is partitioned by " + partitioning.key() + ", and a unique index has to be on "
                        + String.join(", ", left) + " too.",
                "Name these columns under 'conflict', with a unique index on them: conflict: [" + String.join(", ", all)
                        + "]."));
    }

    private TableFault none() {
        List<UniqueIndex> others = table.uniqueIndexes();
        return fault(
                table.name() + " has no unique index on (" + columns() + "), by which rows of " + collection
                        + " are recognised."
                        + (others.isEmpty()
                                ? ""
                                : " It has "
                                        + others.stream()
                                                .map(i -> i.name() + ", " + i.definition())
                                                .collect(Collectors.joining("; "))
                                        + "."),
                create() + ", or name the columns of another one under 'conflict'.");
    }

    private TableFault fault(String found, String remedy) {
        return new TableFault(Kind.CONFLICT_TARGET, table.name().toString(), found, remedy);
    }

    private String create() {
        return "CREATE UNIQUE INDEX ON " + table.name().sql() + " (" + quoted() + ")";
    }

    private String columns() {
        return String.join(", ", conflict);
    }

    private String quoted() {
        return conflict.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
