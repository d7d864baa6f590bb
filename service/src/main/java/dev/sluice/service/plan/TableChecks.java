package dev.sluice.service.plan;

import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Dedupe;
import dev.sluice.schema.Lookup;
import dev.sluice.schema.Reference;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.Causes;
import dev.sluice.sink.postgres.GivingWay;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.TableFault;
import dev.sluice.sink.postgres.TouchedCollections;
import dev.sluice.sink.postgres.TriggerEffects;
import dev.sluice.sink.postgres.TriggerTrial;
import dev.sluice.sink.postgres.ValueCast;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The mapping against the tables that are there, in both directions.
final class TableChecks {
    private static final Logger LOG = LoggerFactory.getLogger(TableChecks.class);

    private final TableFault.Looking looking;
    private final TableReader reader;
    private final TriggerTrial trial;
    private final Checklist list;
    private final boolean migrationsPending;

    /// The columns of each table that take no NULL, for the dry run.
    private final Map<TableName, Set<String>> notNull = new HashMap<>();

    /// Of what problems are about, by the tables that have them.
    private final Map<TableName, Set<String>> faulty = new HashMap<>();

    /// The foreign keys of which is said what they refuse.
    private final Set<String> warned = new HashSet<>();

    private final List<String> notThereYet = new ArrayList<>();
    private int tables;

    /// @param migrationsPending whether tables that are missing may be made by migrations
    TableChecks(Connection connection, Checklist list, boolean migrationsPending) {
        this.looking = TableFault.Looking.on(connection);
        this.reader = looking.reader();
        this.trial = looking.trial();
        this.list = list;
        this.migrationsPending = migrationsPending;
    }

    /// What keeps tables from being written is said of every table that a copy of the chosen collections
    /// writes, as it is at its start; all else of those of the chosen collections alone.
    ///
    /// @param all all collections of the mapping
    /// @param chosen those that are looked at
    /// @return the columns of each table that take no NULL
    Map<TableName, Set<String>> run(List<CollectionTarget> all, List<CollectionTarget> chosen) throws SQLException {
        faults(TouchedCollections.by(all, chosen));
        for (CollectionTarget target : chosen) {
            for (Written written : Written.by(target)) {
                table(all, written);
            }
        }
        referring(all, chosen);
        if (!notThereYet.isEmpty()) {
            list.info(
                    Check.TABLE,
                    String.join(", ", notThereYet),
                    notThereYet.size() + " of " + tables + " tables are not there yet, so the mapping can't be compared"
                            + " with them: " + String.join(", ", notThereYet)
                            + ". Plan again after the migrations.");
        }
        return notNull;
    }

    /// A table that a collection's rows are written to.
    ///
    /// @param conflict the columns by which rows are recognised
    /// @param parent of a child table, the table of its collection; null for that one itself
    private record Written(
            CollectionTarget target,
            TableShape shape,
            List<String> conflict,
            @Nullable TableName parent) {
        static List<Written> by(CollectionTarget target) {
            TableShape own = target.mapper().shape();
            List<Written> tables = new ArrayList<>();
            tables.add(new Written(target, own, target.mapping().conflict(), null));
            for (TableShape child : target.mapper().childShapes()) {
                List<String> key = child.columns().stream()
                        .limit(child.keyColumns())
                        .map(TableShape.Column::name)
                        .toList();
                tables.add(new Written(target, child, key, own.table()));
            }
            return tables;
        }
    }

    private void faults(List<CollectionTarget> touched) throws SQLException {
        List<TableFault> found = new ArrayList<>();
        for (CollectionTarget target : touched) {
            for (Written written : Written.by(target)) {
                TableName name = written.shape().table();
                if (reader.find(name).isEmpty() && migrationsPending) {
                    continue;
                }
                for (TableFault fault : TableFault.of(looking, target, written.shape(), written.conflict())) {
                    if (fault.kind() == TableFault.Kind.LINKED_TABLE && migrationsPending) {
                        continue;
                    }
                    found.add(fault);
                    faulty.computeIfAbsent(name, n -> new HashSet<>()).add(fault.subject());
                }
            }
        }
        for (TableFault fault : Causes.once(found)) {
            list.problem(check(fault.kind()), fault.subject(), fault.found(), fault.remedy());
        }
    }

    private void table(List<CollectionTarget> all, Written written) throws SQLException {
        tables++;
        TableShape shape = written.shape();
        TableName name = shape.table();
        Optional<LiveTable> found = reader.find(name);
        if (found.isEmpty() && migrationsPending) {
            notThereYet.add(name.toString());
            return;
        }
        if (found.isEmpty() || !found.get().isTable() || !found.get().rights().seesSchema()) {
            return;
        }
        int before = list.findings().size();
        LiveTable table = found.get();
        losses(written.target(), table, shape, faulty.getOrDefault(name, Set.of()));
        unwrittenColumns(table, shape);
        uniqueIndexes(all, table, written);
        constraints(table, shape);
        exclusions(table, shape);
        layout(table);
        rules(table);
        foreignKeys(all, table, written);
        triggers(table, shape, written.conflict());
        if (list.findings().size() == before && !faulty.containsKey(name)) {
            list.ok(
                    Check.TABLE,
                    name + ": its columns are as the mapping has them ("
                            + shape.columns().size() + ").");
        }
        notNull.put(name, required(table));
    }

    /// The columns of each table that take no NULL.
    ///
    /// @return without tables that are not there, or can't be asked for
    static Map<TableName, Set<String>> required(PostgresConnector connector, List<CollectionTarget> targets) {
        Map<TableName, Set<String>> required = new HashMap<>();
        try (Connection connection = connector.open()) {
            TableReader reader = new TableReader(connection);
            for (CollectionTarget target : targets) {
                List<TableShape> shapes = new ArrayList<>(target.mapper().childShapes());
                shapes.add(target.mapper().shape());
                for (TableShape shape : shapes) {
                    reader.find(shape.table()).ifPresent(table -> required.put(shape.table(), required(table)));
                }
            }
        } catch (SQLException | SluiceException notToBeAsked) {
            LOG.debug("Which columns take no NULL can't be asked", notToBeAsked);
        }
        return required;
    }

    private static Set<String> required(LiveTable table) {
        return table.columns().stream()
                .filter(c -> c.notNull() && !table.filledByTrigger(c.name()))
                .map(LiveTable.Column::name)
                .collect(Collectors.toSet());
    }

    private static Check check(TableFault.Kind kind) {
        return switch (kind) {
            case TABLE -> Check.TABLE;
            case RIGHTS -> Check.TABLE_RIGHTS;
            case COLUMN -> Check.COLUMN_MISSING;
            case GENERATED -> Check.COLUMN_GENERATED;
            case TYPE -> Check.COLUMN_TYPE;
            case KEY -> Check.KEY_EQUALITY;
            case CONFLICT_TARGET -> Check.CONFLICT_TARGET;
            case TRIGGER -> Check.TRIGGER;
            case ROW_SECURITY -> Check.ROW_SECURITY;
            case RULE -> Check.REWRITE_RULE;
            case REQUIRED -> Check.COLUMN_REQUIRED;
            case LINKED_TABLE, REFERENCE -> Check.REFERENCE;
        };
    }

    /// What is said of several columns of a table in one line.
    ///
    /// @param remedy null where there is nothing to do
    private record Shared(String said, @Nullable String remedy) {}

    /// @param live its type in the table
    /// @param written the type that the mapping has
    private record Typed(String column, String live, String written) {
        String beside() {
            return column + " (" + live + (live.equals(written) ? "" : ", written as " + written) + ")";
        }
    }

    /// Values that lose something on their way into a column, or do not fit.
    ///
    /// @param faulty the columns of which a problem says what is the matter already
    private void losses(CollectionTarget target, LiveTable table, TableShape shape, Set<String> faulty)
            throws SQLException {
        SequencedMap<Shared, List<Typed>> shared = new LinkedHashMap<>();
        for (TableShape.Column column : shape.columns()) {
            Optional<LiveTable.Column> found = table.column(column.name());
            if (found.isEmpty() || faulty.contains(table.name() + "." + column.name()) || column.reference() != null) {
                continue;
            }
            Typed typed =
                    new Typed(column.name(), found.get().type(), column.type().sql());
            Optional<ValueCast> cast = ValueCast.of(reader, column, found.get().holds());
            String fate = cast.isPresent() ? fate(target, shape, found.get()) : "the document is a dead letter";
            cast.ifPresent(c ->
                    share(shared, new Shared("where PostgreSQL does not take a value for that, " + fate, null), typed));
            loss(column, found.get(), fate)
                    .ifPresent(loss ->
                            share(shared, new Shared(loss, remedy(loss, found.get(), cast.isPresent())), typed));
        }
        shared.forEach((what, columns) -> said(table, what, columns));
    }

    private static Optional<String> loss(TableShape.Column column, LiveTable.Column live, String fate) {
        LiveTable.Type element = live.holds().element();
        // The length of a domain's elements is not in the column's type.
        boolean padded = element != null && element.domain() && element.base().equals("bpchar");
        return TypeFit.loss(column.type(), live.baseType(), fate)
                .or(() -> padded ? Optional.of(TypeFit.PADS) : Optional.empty());
    }

    /// @param cast whether what PostgreSQL refuses is found out before a row is written
    /// @return null where nothing that is lost could be kept otherwise
    private static @Nullable String remedy(String loss, LiveTable.Column live, boolean cast) {
        if (loss.equals(TypeFit.PADS)) {
            return null;
        }
        return cast
                ? "Convert the values in the mapping, or give the table a type that holds all of them."
                : TypeFit.isPadded(live.baseType())
                        ? "Give the column `type: {postgres: " + live.baseType()
                                + "}` in the mapping, and what does not fit is quarantined instead."
                        : "Name the table's own type in the mapping, and what does not fit is quarantined instead.";
    }

    private static void share(SequencedMap<Shared, List<Typed>> shared, Shared what, Typed column) {
        shared.computeIfAbsent(what, w -> new ArrayList<>()).add(column);
    }

    private void said(LiveTable table, Shared what, List<Typed> columns) {
        String subject =
                columns.stream().map(c -> table.name() + "." + c.column()).collect(Collectors.joining(", "));
        Typed only = columns.getFirst();
        String found = columns.size() == 1
                ? subject + " is " + only.live() + " and the mapping writes " + only.written() + ": " + what.said()
                        + "."
                : table.name() + " has " + columns.size()
                        + " columns of types that PostgreSQL parses the mapping's values as: "
                        + columns.stream().map(Typed::beside).collect(Collectors.joining(", ")) + "; " + what.said()
                        + ".";
        if (what.remedy() == null) {
            list.info(Check.COLUMN_TYPE, subject, found);
        } else {
            list.warning(Check.COLUMN_TYPE, subject, found, what.remedy());
        }
    }

    /// What becomes of a value that PostgreSQL does not take for its column's type.
    private static String fate(CollectionTarget target, TableShape shape, LiveTable.Column live) {
        List<ColumnMapping> columns = target.mapping().table().equals(shape.table())
                ? target.mapping().columns()
                : target.mapping().children().stream()
                        .filter(child -> child.table().equals(shape.table()))
                        .flatMap(child -> child.columns().stream())
                        .toList();
        Optional<ColumnMapping> mapped =
                columns.stream().filter(c -> c.column().equals(live.name())).findFirst();
        boolean strict =
                mapped.map(c -> c.misfit() == ColumnMapping.Misfit.REJECT).orElse(true);
        boolean refused = live.notNull() && mapped.map(c -> c.instead() == null).orElse(true);
        return strict || refused
                ? "the document is a dead letter"
                : "the row lands without it, and it is kept in quarantine";
    }

    private void unwrittenColumns(LiveTable table, TableShape shape) {
        Set<String> written = names(shape);
        List<String> left = new ArrayList<>();
        List<LiveTable.Column> unfilled = table.unfilled(written);
        for (LiveTable.Column column : table.columns()) {
            if (written.contains(column.name())) {
                continue;
            }
            if (!unfilled.contains(column)) {
                left.add(column.name());
            } else if (table.maybeFilledByTrigger(column.name())) {
                String name = table.name() + "." + column.name();
                list.warning(
                        Check.COLUMN_REQUIRED,
                        name,
                        name + " is NOT NULL without a default, and the mapping does not write it: every row is refused"
                                + " unless a trigger gives it a value, which the triggers' text does not show.",
                        "Map it (a constant will do), or give it a default.");
            }
        }
        if (!left.isEmpty()) {
            list.info(
                    Check.COLUMN_UNMAPPED,
                    table.name().toString(),
                    "The mapping leaves to their defaults, in " + table.name() + ": " + String.join(", ", left) + ".");
        }
    }

    private static Set<String> names(TableShape shape) {
        return shape.columns().stream().map(TableShape.Column::name).collect(Collectors.toSet());
    }

    private void uniqueIndexes(List<CollectionTarget> all, LiveTable table, Written written) throws SQLException {
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
                        && written(index.columns(), written.shape()))
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

    /// Foreign keys that the mapping does not know on tables of the collections: they decide what
    /// becomes of rows whose documents are deleted or dead letters. Without those of which is said what
    /// they refuse already.
    private void referring(List<CollectionTarget> all, List<CollectionTarget> chosen) throws SQLException {
        SequencedSet<TableName> tables = new LinkedHashSet<>();
        for (CollectionTarget target : chosen) {
            Written.by(target).forEach(written -> tables.add(written.shape().table()));
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
    private static boolean written(Set<String> columns, TableShape shape) {
        Set<String> names = names(shape);
        return columns.isEmpty() || columns.stream().anyMatch(names::contains);
    }

    private void constraints(LiveTable table, TableShape shape) {
        Set<String> written = names(shape);
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

    private void exclusions(LiveTable table, TableShape shape) {
        for (LiveTable.ExclusionConstraint exclusion : table.exclusions()) {
            if (written(exclusion.columns(), shape)) {
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

    private void foreignKeys(List<CollectionTarget> all, LiveTable table, Written of) throws SQLException {
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

    /// What the table's triggers make of the values that Sluice writes, trigger by trigger.
    private void triggers(LiveTable table, TableShape shape, List<String> conflict) throws SQLException {
        trial.undoing(shape, conflict).forEach((who, what) -> what.forEach(undone -> undoing(table, who, undone)));
        TriggerEffects together = trial.of(shape, conflict);
        String obstacle = together.obstacle();
        if (obstacle != null) {
            untried(table, shape, together, obstacle);
            return;
        }
        List<TableShape.Column> touched = shape.columns().stream()
                .skip(shape.keyColumns())
                .filter(c -> together.touch(c.name()) && !conflict.contains(c.name()))
                .toList();
        if (touched.isEmpty()) {
            return;
        }
        SequencedMap<String, TriggerEffects> alone = trial.alone(shape, conflict);
        SequencedMap<Touched, List<String>> shared = new LinkedHashMap<>();
        for (TableShape.Column column : touched) {
            String by = alone.entrySet().stream()
                    .filter(t -> t.getValue().touch(column.name()))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.joining(", "));
            shared.computeIfAbsent(
                            new Touched(
                                    by.isEmpty() ? "the triggers together" : by,
                                    together.stamped().contains(column.name()) ? column.write() : null),
                            t -> new ArrayList<>())
                    .add(table.name() + "." + column.name());
        }
        shared.forEach(this::touched);
    }

    private void undoing(LiveTable table, String who, TriggerTrial.Undoing what) {
        switch (what) {
            case WRITE ->
                list.warning(
                        Check.TRIGGER,
                        table.name().toString(),
                        "The trigger " + who + " deletes rows of " + table.name()
                                + " after they are written, or changes their"
                                + " keys. Such a document becomes a dead letter (27000); where these are more than a fifth of"
                                + " the last 500 rows, the pipeline stops.",
                        "Let the function leave rows alone while current_setting('sluice.applying', true) is 'on'.");
            case DELETE ->
                list.warning(
                        Check.TRIGGER,
                        table.name().toString(),
                        "The trigger " + who + " lets rows of " + table.name()
                                + " stay that are deleted: rows of documents"
                                + " that are gone stay, and `sluice verify` reports them as extra.",
                        "Let the function return OLD while current_setting('sluice.applying', true) is 'on'; or map the"
                                + " collection with on_delete: keep, where rows are to stay.");
        }
    }

    /// What triggers do to a column.
    ///
    /// @param who the triggers
    /// @param stamped how the mapping writes it, of a column that they set whatever is written; null of one that
    ///     keeps what an update of it alone brings
    private record Touched(String who, ColumnMapping.@Nullable Write stamped) {}

    private void touched(Touched how, List<String> columns) {
        String names = String.join(", ", columns);
        boolean one = columns.size() == 1;
        String set = names + (one ? " is" : " are") + " set by " + how.who();
        switch (how.stamped()) {
            case null ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " when a row is inserted or other columns of it change, and "
                                + (one
                                        ? "keeps the value of an update that changes only it"
                                        : "keep the values of an update that changes only them")
                                + ": Sluice writes " + (one ? "it" : "them")
                                + " a second time, so that rows hold what documents do.");
            case ALONG ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written. The mapping writes " + (one ? "it" : "them")
                                + " `along`: a difference there alone is no reason to write the row, and comparisons leave"
                                + " it out.");
            case INSERT ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written. The mapping writes " + (one ? "it" : "them")
                                + " once, and comparisons leave " + (one ? "it" : "them") + " out.");
            case ALWAYS, MERGE ->
                list.warning(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written, so comparisons find " + (one ? "it" : "them")
                                + " different from the document as often as they look, and a repair changes nothing.",
                        "Let the function leave rows alone while current_setting('sluice.applying', true) is 'on';"
                                + " or write the column `along`, or leave it out of the mapping.");
        }
    }

    private void untried(LiveTable table, TableShape shape, TriggerEffects effects, String obstacle) {
        String triggers = table.triggers().stream()
                .map(t -> t.name() + " (" + t.function() + ")")
                .collect(Collectors.joining(", "));
        String found = "What the triggers of " + table.name() + (triggers.isEmpty() ? "" : ", " + triggers + ",")
                + " make of what Sluice writes could not be found out: " + obstacle + ".";
        List<String> along = shape.columns().stream()
                .filter(c -> c.write() == ColumnMapping.Write.ALONG)
                .map(TableShape.Column::name)
                .toList();
        if (effects.drops()) {
            list.warning(
                    Check.TRIGGER,
                    table.name().toString(),
                    found
                            + " A document whose row a trigger leaves out, or as it was (RETURN NULL), becomes a dead letter"
                            + " (27000); where these are more than a fifth of the last 500 rows, the pipeline stops.",
                    "Let the function return the row while current_setting('sluice.applying', true) is 'on'.");
        } else if (along.isEmpty()) {
            list.info(Check.TRIGGER, table.name().toString(), found);
        } else {
            list.warning(
                    Check.TRIGGER,
                    table.name().toString(),
                    found + " So " + String.join(", ", along)
                            + " is treated as a column that no trigger sets: if"
                            + " a trigger does set it, comparisons report its rows as different.",
                    "Let the functions accept a row of made-up values, or a row of the table inserted once more; the role"
                            + " needs EXECUTE on them.");
        }
    }
}
