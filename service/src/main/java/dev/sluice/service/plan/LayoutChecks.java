package dev.sluice.service.plan;

import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import java.util.List;
import java.util.stream.Collectors;

/// How a table is stored, and its rewrite rules.
final class LayoutChecks {
    private final Checklist list;

    LayoutChecks(Checklist list) {
        this.list = list;
    }

    void check(LiveTable table) {
        layout(table);
        rules(table);
    }

    /// What is odd in how the table is stored, and keeps no row from being written.
    private void layout(LiveTable table) {
        LiveTable.Layout layout = table.layout();
        String name = table.name().toString();
        if (layout.partitioning() != null) {
            for (LiveTable.OpenEnded open : layout.partitioning().open()) {
                boolean hash = open.key().startsWith("HASH");
                list.warning(
                        Check.PARTITION,
                        open.table().toString(),
                        open.table() + " is partitioned by " + open.key() + " and has "
                                + (hash ? "not a partition for every remainder" : "no default partition")
                                + ": where no partition takes a document's row, PostgreSQL refuses it (23514), and the"
                                + " document is a dead letter.",
                        hash
                                ? "Create the partitions that are missing."
                                : "CREATE TABLE .. PARTITION OF " + open.table().sql()
                                        + " DEFAULT. Dead letters can be retried when the partition is there.");
            }
        }
        if (!layout.unlogged().isEmpty()) {
            boolean one = layout.unlogged().size() == 1;
            list.warning(
                    Check.TABLE_UNLOGGED,
                    name,
                    names(layout.unlogged()) + (one ? " is" : " are")
                            + " UNLOGGED: after a crash PostgreSQL empties " + (one ? "it" : "them")
                            + ", and standbys have no rows of " + (one ? "it" : "them")
                            + ". Sluice's position is kept, so it would not write the rows again by itself.",
                    layout.unlogged().stream()
                                    .map(t -> "ALTER TABLE " + t.sql() + " SET LOGGED")
                                    .collect(Collectors.joining("; "))
                            + "; or copy again after a crash: `sluice backfill`.");
        }
        if (!layout.heirs().isEmpty()) {
            list.warning(
                    Check.TABLE_INHERITED,
                    name,
                    names(layout.heirs()) + (layout.heirs().size() == 1 ? " inherits" : " inherit") + " from " + name
                            + ": rows there are read, compared and deleted as rows of " + name
                            + ", and its unique index does not see them, so a document whose row is there gets a second"
                            + " one.",
                    "Move these rows into " + name + ", and ALTER TABLE .. NO INHERIT; or partition it.");
        }
        if (layout.extension() != null) {
            list.warning(
                    Check.TABLE_OF_EXTENSION,
                    name,
                    name + " belongs to the extension " + layout.extension()
                            + ": DROP EXTENSION drops it with its rows, and pg_dump leaves them out unless the extension"
                            + " asks for them.",
                    "ALTER EXTENSION " + TableName.quote(layout.extension()) + " DROP TABLE "
                            + table.name().sql() + ", if it is to outlive it; or map a table of your own.");
        }
    }

    private static String names(List<TableName> tables) {
        return tables.stream().map(TableName::toString).collect(Collectors.joining(", "));
    }

    /// Rules that do something in addition to a DELETE; all others are problems.
    private void rules(LiveTable table) {
        for (LiveTable.Rule rule : table.rules()) {
            if (rule.event() == LiveTable.Event.DELETE && !rule.instead()) {
                list.info(
                        Check.REWRITE_RULE,
                        table.name() + "." + rule.name(),
                        table.name() + " has the rewrite rule " + rule.name()
                                + " (ON DELETE DO ALSO): PostgreSQL applies it to each statement by which Sluice"
                                + " deletes rows.");
            }
        }
    }
}
