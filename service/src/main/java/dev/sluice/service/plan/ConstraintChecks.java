package dev.sluice.service.plan;

import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.Dedupe;
import dev.sluice.schema.Source;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.reference.GivingWay;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which rows a table takes by its unique indexes, check and exclusion constraints.
final class ConstraintChecks {
    private final TableReader reader;
    private final Checklist list;

    ConstraintChecks(TableReader reader, Checklist list) {
        this.reader = reader;
        this.list = list;
    }

    /// @param all all collections of the mapping
    void check(List<CollectionTarget> all, LiveTable table, WrittenTable written) throws SQLException {
        uniqueIndexes(all, table, written);
        checkConstraints(table, written.columns());
        exclusions(table, written);
    }

    private void uniqueIndexes(List<CollectionTarget> all, LiveTable table, WrittenTable written) throws SQLException {
        CollectionTarget target = written.target();
        Set<String> wanted = Set.copyOf(written.conflict());
        Dedupe dedupe = target.mapping().dedupe();
        boolean own = written.parent() == null;
        Set<String> deduplicated = own && dedupe != null ? Set.copyOf(dedupe.by()) : wanted;
        Set<String> ofTheDocument = own ? identities(target) : Set.of();
        List<LiveTable.UniqueIndex> others = table.uniqueIndexes().stream()
                .filter(index -> !index.columns().equals(wanted)
                        && !index.columns().equals(deduplicated)
                        && index.columns().stream().noneMatch(ofTheDocument::contains)
                        && concerns(index.columns(), written))
                .toList();
        if (others.isEmpty()) {
            return;
        }
        list.info(
                Check.UNIQUE_INDEX,
                subjects(table, others.stream().map(LiveTable.UniqueIndex::name)),
                table.name() + " has "
                        + (others.size() == 1 ? "the unique index " : others.size() + " unique indexes, ")
                        + others.stream()
                                .map(i -> i.name() + ", " + i.definition())
                                .collect(Collectors.joining("; "))
                        + ": of documents that have the same " + (others.size() == 1 ? "there" : "in one of them")
                        + ", " + rival(all, target) + ", and the others are dead letters.");
    }

    /// Which of the documents that a unique index keeps apart has its rows, and why it is that one.
    private String rival(List<CollectionTarget> all, CollectionTarget target) throws SQLException {
        String first = "the one that comes first has its rows";
        if (target.mapping().onDelete() == OnDelete.KEEP) {
            return first;
        }
        if (GivingWay.isShared(all, target)) {
            return first + ", since other collections write to "
                    + target.mapping().table() + " too";
        }
        List<LiveTable.Referring> unknown = GivingWay.unknown(reader, all, target);
        List<LiveTable.Referring> changed = unknown.stream()
                .filter(key -> key.action() != LiveTable.DeleteAction.NONE)
                .toList();
        if (!changed.isEmpty()) {
            return first + ", since rows of " + tables(changed) + " would go or change with a row that gives way";
        }
        return "the one with the least _id has its rows"
                + (unknown.isEmpty()
                        ? ""
                        : ", unless another one's row is there and rows of " + tables(unknown) + " refer to it");
    }

    private static String tables(List<LiveTable.Referring> keys) {
        return keys.stream().map(key -> key.from().toString()).distinct().collect(Collectors.joining(", "));
    }

    private static String subjects(LiveTable table, Stream<String> names) {
        return names.map(name -> table.name() + "." + name).collect(Collectors.joining(", "));
    }

    /// The columns that are another for every document, being made of its `_id`.
    private static Set<String> identities(CollectionTarget target) {
        Set<String> columns = new HashSet<>();
        columns.add(target.mapping().key().column());
        target.mapping().columns().stream()
                .filter(c -> c.source() instanceof Source.Path path
                        && path.segments().equals(List.of("_id"))
                        && c.conversions().isEmpty())
                .forEach(c -> columns.add(c.column()));
        return columns;
    }

    /// What is on columns that the mapping leaves alone is not its business; what is in an expression is
    /// not known.
    ///
    /// @param columns empty for an expression
    private static boolean concerns(Set<String> columns, WrittenTable written) {
        Set<String> names = written.columns();
        return columns.isEmpty() || columns.stream().anyMatch(names::contains);
    }

    private void checkConstraints(LiveTable table, Set<String> written) {
        List<LiveTable.CheckConstraint> checks = table.checks().stream()
                .filter(check ->
                        written.stream().anyMatch(column -> check.definition().contains(column)))
                .toList();
        if (checks.isEmpty()) {
            return;
        }
        boolean one = checks.size() == 1;
        list.info(
                Check.CHECK_CONSTRAINT,
                subjects(table, checks.stream().map(LiveTable.CheckConstraint::name)),
                table.name() + " has " + (one ? "" : checks.size() + " check constraints, ")
                        + checks.stream()
                                .map(check -> check.name() + " " + check.definition())
                                .collect(Collectors.joining("; "))
                        + ": a document that breaks " + (one ? "it" : "one of them") + " is a dead letter.");
    }

    private void exclusions(LiveTable table, WrittenTable written) {
        for (LiveTable.ExclusionConstraint exclusion : table.exclusions()) {
            if (concerns(exclusion.columns(), written)) {
                list.warning(
                        Check.EXCLUSION_CONSTRAINT,
                        table.name() + "." + exclusion.name(),
                        table.name() + " has the constraint " + exclusion.name() + ", " + exclusion.definition()
                                + ": where a document's row conflicts by it with a row that is there, PostgreSQL refuses"
                                + " it (23P01), and the document is a dead letter.",
                        "Drop the constraint until MongoDB is gone, or retry these dead letters when the other row has"
                                + " changed.");
            }
        }
    }
}
