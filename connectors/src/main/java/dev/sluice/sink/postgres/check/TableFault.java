package dev.sluice.sink.postgres.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.catalog.TriggerEffects;
import dev.sluice.sink.postgres.catalog.TriggerTrial;
import dev.sluice.sink.postgres.catalog.ValueCast;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What keeps a mapping from writing to a table, in the words that `sluice plan` uses for it.
///
/// @param subject the table or the column
/// @param found what is wrong, a sentence
/// @param remedy what to do, a sentence
/// @param cause by which faults of several tables are one, see [Causes]; null where there is no such
public record TableFault(
        Kind kind,
        String subject,
        String found,
        String remedy,
        @Nullable Cause cause) {
    TableFault(Kind kind, String subject, String found, String remedy) {
        this(kind, subject, found, remedy, null);
    }

    /// What is wrong with a table, where the same may be wrong with others.
    public sealed interface Cause {
        /// The table that has the fault.
        TableName table();

        /// A relation is missing.
        ///
        /// @param collection whose table it is; null where a column only leads to it
        /// @param schemaToo whether its schema is missing, too
        record Missing(TableName table, @Nullable String collection, boolean schemaToo) implements Cause {}

        /// The role may not do something.
        ///
        /// @param needed of which rights it is asked
        /// @param why what needs them; null where rows are written to the table
        record Rights(
                TableName table,
                LiveTable.Rights rights,
                Set<String> needed,
                @Nullable String why) implements Cause {
            public Rights {
                needed = Set.copyOf(needed);
            }
        }
    }

    /// What is wrong.
    public enum Kind {
        /// The table is missing, or is no table.
        TABLE,
        RIGHTS,
        /// The application writes the table: its migration is finished ([dev.sluice.postgres.FinishMark]).
        FINISHED,
        /// A column is missing.
        COLUMN,
        /// PostgreSQL generates a column's values, and refuses to write them.
        GENERATED,
        /// A column has a type that the mapping's values are not assigned to.
        TYPE,
        /// Keys that differ in MongoDB can be equal in the table.
        KEY,
        /// There is no unique index by which ON CONFLICT recognises rows.
        CONFLICT_TARGET,
        /// A trigger changes what rows are found by.
        TRIGGER,
        /// Policies may hide rows from the role, or refuse them.
        ROW_SECURITY,
        /// A rewrite rule makes a statement impossible, or do something else than it says.
        RULE,
        /// A column takes no NULL, has no default, and is not in the mapping.
        REQUIRED,
        /// A table that a reference or a look-up leads to is missing.
        LINKED_TABLE,
        /// What a reference or a look-up needs of the other table is not there.
        REFERENCE
    }

    /// Where faults are looked for.
    ///
    /// @param trial finds out what the table's triggers do
    public record Looking(TableReader reader, TriggerTrial trial) {
        public static Looking on(Connection connection) {
            return new Looking(new TableReader(connection), new TriggerTrial(connection));
        }
    }

    /// Compares one table of the mapping with PostgreSQL's catalog, and tries its triggers.
    ///
    /// @param conflict the columns by which rows are recognised
    /// @return empty when rows can be written and found again
    public static List<TableFault> of(Looking looking, CollectionTarget target, TableShape shape, List<String> conflict)
            throws SQLException {
        TableReader reader = looking.reader();
        Optional<LiveTable> found = reader.find(shape.table());
        if (found.isEmpty()) {
            return List.of(Causes.missing(new Cause.Missing(
                    shape.table(),
                    target.collection(),
                    !reader.hasSchema(shape.table().schema()))));
        }
        LiveTable table = found.get();
        Optional<TableFault> finished = finished(reader, table.name());
        if (finished.isPresent()) {
            return List.of(finished.get());
        }
        if (!table.isTable()) {
            return List.of(noTable(table));
        }
        List<TableFault> faults = new ArrayList<>();
        Set<String> written =
                shape.columns().stream().map(TableShape.Column::name).collect(Collectors.toSet());
        faults.addAll(MissingRights.of(table, written));
        if (!table.rights().seesSchema()) {
            // PostgreSQL answers no further question about it.
            return faults;
        }
        for (TableShape.Column column : shape.columns()) {
            column(reader, target, table, column, shape)
                    .or(() -> made(table, column.name(), conflict))
                    .ifPresent(faults::add);
        }
        KeyFit.fault(reader, table, shape, conflict)
                .filter(fault -> faults.stream().noneMatch(f -> f.subject().equals(fault.subject())))
                .ifPresent(faults::add);
        faults.addAll(literals(reader, target, table, shape));
        required(table, written).ifPresent(faults::add);
        if (written.containsAll(conflict)) {
            ConflictIndex.fault(table, conflict, target.collection()).ifPresent(faults::add);
        }
        rule(table).ifPresent(faults::add);
        faults.addAll(LinkFaults.of(reader, target, shape, table));
        alteredKey(looking.trial(), shape, conflict).ifPresent(faults::add);
        rowSecurity(reader, table).ifPresent(faults::add);
        return faults;
    }

    /// The application writes the table.
    static Optional<TableFault> finished(TableReader reader, TableName table) throws SQLException {
        return reader.finishMark(table)
                .map(mark -> new TableFault(
                        Kind.FINISHED,
                        table.toString(),
                        table + " is the application's: its comment says \"" + mark.line() + "\"",
                        "Nothing is left to do here. Only to migrate into this table anew, which overwrites and deletes"
                                + " the application's rows, take that line out of its comment: "
                                + mark.remove(table)));
    }

    private static TableFault noTable(LiveTable table) {
        String name = table.name().toString();
        boolean hasRows = table.kind().endsWith("view") || table.kind().equals("foreign table");
        String found = name + " is " + (table.kind().matches("[aeiou].*") ? "an " : "a ") + table.kind() + ", and rows"
                + (hasRows ? " can't be written to it with ON CONFLICT." : " can be written to a table only.");
        return new TableFault(
                Kind.TABLE,
                name,
                found,
                hasRows
                        ? "Map the table behind it."
                        : "Correct the name in the mapping; or rename that " + table.kind()
                                + " and create the table (`sluice migrate`, if a migration does).");
    }

    /// Columns that must have a value, and would have none. One that a trigger may fill is not among them.
    private static Optional<TableFault> required(LiveTable table, Set<String> written) {
        List<String> lacking = table.unfilled(written).stream()
                .map(LiveTable.Column::name)
                .filter(column -> !table.maybeFilledByTrigger(column))
                .map(column -> table.name() + "." + column)
                .toList();
        if (lacking.isEmpty()) {
            return Optional.empty();
        }
        boolean one = lacking.size() == 1;
        String names = String.join(", ", lacking);
        return Optional.of(new TableFault(
                Kind.REQUIRED,
                names,
                names + (one ? " is" : " are") + " NOT NULL without a default, and the mapping does not write "
                        + (one ? "it" : "them") + ": every row would be refused.",
                "Map " + (one ? "it" : "them") + " (a constant will do), or give " + (one ? "it" : "them")
                        + " a default."));
    }

    /// Rules on statements that Sluice writes with. With one on INSERT or UPDATE there is no ON CONFLICT, or, with
    /// DO INSTEAD, nothing is written and nothing said; a DELETE that does something instead leaves the row. A rule
    /// that does something in addition to a DELETE is no fault.
    static Optional<TableFault> rule(LiveTable table) {
        List<LiveTable.Rule> faulty =
                table.rules().stream().filter(TableFault::isInTheWay).toList();
        if (faulty.isEmpty()) {
            return Optional.empty();
        }
        boolean one = faulty.size() == 1;
        return Optional.of(new TableFault(
                Kind.RULE,
                table.name().toString(),
                table.name() + " has the rewrite rule" + (one ? " " : "s ")
                        + faulty.stream()
                                .map(r -> r.name() + " (ON " + r.event() + (r.instead() ? " DO INSTEAD)" : " DO ALSO)"))
                                .collect(Collectors.joining(", "))
                        + ": with " + (one ? "it" : "them") + " PostgreSQL refuses INSERT .. ON CONFLICT, or does not"
                        + " write or delete the rows that it is told to.",
                faulty.stream()
                                .map(r -> "ALTER TABLE " + table.name().sql() + " DISABLE RULE "
                                        + TableName.quote(r.name()))
                                .collect(Collectors.joining("; "))
                        + " until MongoDB is gone; a trigger can do what " + (one ? "it does" : "they do") + "."));
    }

    private static boolean isInTheWay(LiveTable.Rule rule) {
        return switch (rule.event()) {
            case INSERT, UPDATE -> true;
            case DELETE -> rule.instead();
        };
    }

    /// What triggers change of the columns by which rows are found.
    static Optional<TableFault> alteredKey(TriggerTrial trial, TableShape shape, List<String> conflict)
            throws SQLException {
        TriggerEffects effects = trial.of(shape, conflict);
        List<String> altered = Stream.concat(
                        shape.columns().stream().limit(shape.keyColumns()).map(TableShape.Column::name),
                        conflict.stream())
                .distinct()
                .filter(effects::touch)
                .toList();
        if (altered.isEmpty()) {
            return Optional.empty();
        }
        String by = trial.alone(shape, conflict).entrySet().stream()
                .filter(trigger -> altered.stream().anyMatch(trigger.getValue()::touch))
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
        return Optional.of(new TableFault(
                Kind.TRIGGER,
                shape.table() + "." + altered.getFirst(),
                altered.stream().map(c -> shape.table() + "." + c).collect(Collectors.joining(", "))
                        + (altered.size() == 1 ? " is" : " are") + " changed by "
                        + (by.isEmpty() ? "the table's triggers together" : "the trigger " + by)
                        + ", and Sluice finds rows by " + (altered.size() == 1 ? "it" : "them")
                        + ": it would not find them again to update or delete them.",
                "Let the function leave rows alone while current_setting('sluice.applying', true) is 'on', or disable"
                        + " the trigger until MongoDB is gone."));
    }

    private static Optional<TableFault> rowSecurity(TableReader reader, LiveTable table) throws SQLException {
        return reader.hindrance(table)
                .map(hindrance -> new TableFault(
                        Kind.ROW_SECURITY,
                        table.name().toString(),
                        table.name() + " has row level security: " + hindrance.said()
                                + ". Rows that the role does not see would not be updated or deleted, and one that is"
                                + " refused would stop Sluice.",
                        open(table, hindrance)));
    }

    /// What lets the role see and write every row. A policy that is RESTRICTIVE holds beside every other
    /// one, so it has to let the role pass itself.
    private static String open(LiveTable table, TableReader.Hindrance hindrance) {
        String role = table.rights().role();
        String on = " ON " + table.name().sql();
        String passes = "current_user = " + TableName.literal(role) + " OR ";
        List<String> statements = new ArrayList<>();
        for (TableReader.Restricting policy : hindrance.restricting()) {
            statements.add("ALTER POLICY " + TableName.quote(policy.name()) + on
                    + (policy.using() == null ? "" : " USING (" + passes + policy.using() + ")")
                    + (policy.check() == null ? "" : " WITH CHECK (" + passes + policy.check() + ")"));
        }
        if (!hindrance.open()) {
            statements.add("CREATE POLICY " + TableName.quote(hindrance.unused()) + on + " TO " + TableName.quote(role)
                    + " USING (true) WITH CHECK (true)");
        }
        return String.join("; ", statements) + ". Or, as a superuser: ALTER ROLE " + TableName.quote(role)
                + " BYPASSRLS.";
    }

    private static Optional<TableFault> column(
            TableReader reader, CollectionTarget target, LiveTable table, TableShape.Column column, TableShape shape)
            throws SQLException {
        String name = table.name() + "." + column.name();
        Optional<LiveTable.Column> found = table.column(column.name());
        if (found.isEmpty()) {
            return Optional.of(new TableFault(
                    Kind.COLUMN,
                    name,
                    name + " does not exist, and the mapping writes it (collection " + target.collection() + ").",
                    "Add the column (`sluice migrate`, if a migration does), or take it out of the mapping."));
        }
        Optional<TableFault> unknown = unknownType(reader, name, column.type());
        if (unknown.isPresent()) {
            return unknown;
        }
        int place = shape.columns().indexOf(column);
        if (place < shape.keyColumns()) {
            // Rows are found by it, so the mapping's type has to be the table's.
            Optional<TableFault> fault = assigned(reader, name, column.type(), column.type(), found.get());
            String said = fault.isPresent()
                    ? fault.get().found()
                    : reader.comparable(
                                    table.name(),
                                    column.name(),
                                    column.type().sql().replace("citext", "text"))
                            ? null
                            : name + " is " + found.get().type() + " and the mapping's keys are "
                                    + column.type().sql()
                                    + ": rows are found by it, and PostgreSQL can't compare the two.";
            return said == null
                    ? Optional.empty()
                    : Optional.of(new TableFault(
                            Kind.TYPE,
                            name,
                            said,
                            new KeyRemedy(reader, table, column).forAnotherType(found.get(), place)));
        }
        Reference reference = column.reference();
        return reference == null
                ? type(reader, name, column, found.get())
                : takenType(reader, name, reference, column.type(), found.get());
    }

    /// A column that PostgreSQL fills by itself. A row that is recognised by an identity is inserted with it, and
    /// nothing updates it.
    private static Optional<TableFault> made(LiveTable table, String column, List<String> conflict) {
        String name = table.name() + "." + column;
        return switch (table.column(column).map(LiveTable.Column::made).orElse(LiveTable.Made.NO)) {
            case NO, IDENTITY_BY_DEFAULT -> Optional.empty();
            case IDENTITY ->
                conflict.contains(column)
                        ? Optional.empty()
                        : Optional.of(new TableFault(
                                Kind.GENERATED,
                                name,
                                name + " is GENERATED ALWAYS AS IDENTITY, so PostgreSQL refuses updates of it, and the"
                                        + " mapping writes it.",
                                "ALTER TABLE " + table.name().sql() + " ALTER COLUMN " + TableName.quote(column)
                                        + " SET GENERATED BY DEFAULT, or take it out of the mapping."));
            case EXPRESSION ->
                Optional.of(new TableFault(
                        Kind.GENERATED,
                        name,
                        name + " is GENERATED ALWAYS by an expression, so PostgreSQL refuses to write it, and the"
                                + " mapping writes it.",
                        "Take it out of the mapping."));
        };
    }

    private static Optional<TableFault> type(
            TableReader reader, String name, TableShape.Column column, LiveTable.Column found) throws SQLException {
        LiveTable.Type held = found.holds().element() == null
                ? found.holds().value()
                : found.holds().element();
        if (held.reading() == LiveTable.Reading.NEVER) {
            return Optional.of(new TableFault(
                    Kind.TYPE,
                    name,
                    name + " is " + found.type() + ", a type that only PostgreSQL itself writes.",
                    "Take the column out of the mapping."));
        }
        ColumnType written =
                ValueCast.of(reader, column, found.holds()).map(ValueCast::type).orElse(column.type());
        return assigned(reader, name, column.type(), written, found);
    }

    /// @param written what the mapping's values are cast to before
    private static Optional<TableFault> assigned(
            TableReader reader, String name, ColumnType mapped, ColumnType written, LiveTable.Column found)
            throws SQLException {
        // citext travels as text.
        Optional<Long> type = reader.type(written.sql().replace("citext", "text"));
        if (type.isEmpty() || reader.assignable(type.get(), found.oid())) {
            return Optional.empty();
        }
        return Optional.of(new TableFault(
                Kind.TYPE,
                name,
                name + " is " + found.type() + ", the mapping writes " + mapped.sql()
                        + ", and PostgreSQL has no assignment cast between them.",
                "Give the column " + inMapping(found) + " in the mapping, or another type in the table."));
    }

    /// The type of a column as a mapping names it.
    private static String inMapping(LiveTable.Column found) {
        return ColumnType.parse(found.baseType()).isPresent()
                ? "the type " + found.baseType()
                : "`type: {postgres: " + yaml(found.type()) + "}`";
    }

    private static String yaml(String type) {
        return type.matches("[a-z_][a-z0-9_. ]*") ? type : "'" + type + "'";
    }

    private static Optional<TableFault> unknownType(TableReader reader, String name, ColumnType mapped)
            throws SQLException {
        ColumnType single = mapped instanceof ColumnType.Array(ColumnType element) ? element : mapped;
        if (single instanceof ColumnType.Postgres(String type)
                && reader.base(type).isEmpty()) {
            return Optional.of(new TableFault(
                    Kind.TYPE,
                    name,
                    name + " is written as " + type + " by the mapping, and PostgreSQL has no type of that name.",
                    "Correct the name, with the schema where the role's search_path does not have it, or create the type"
                            + " or the extension that has it."));
        }
        return Optional.empty();
    }

    /// What the mapping writes in the place of values, where the column does not take it.
    private static List<TableFault> literals(
            TableReader reader, CollectionTarget target, LiveTable table, TableShape shape) throws SQLException {
        List<TableFault> faults = new ArrayList<>();
        for (ColumnMapping column : columns(target, shape.table())) {
            Optional<LiveTable.Column> found = table.column(column.column());
            Optional<TableShape.Column> shaped = shape.columns().stream()
                    .filter(c -> c.name().equals(column.column()))
                    .findFirst();
            if (found.isEmpty() || shaped.isEmpty() || column.reference() != null) {
                continue;
            }
            Optional<ValueCast> cast =
                    ValueCast.of(reader, shaped.get(), found.get().holds());
            if (cast.isEmpty() || cast.get().elements()) {
                continue;
            }
            Map<String, JsonNode> literals = new LinkedHashMap<>();
            literals.put("missing", column.missing());
            literals.put("null", column.nulls());
            literals.put("instead", column.instead());
            for (Map.Entry<String, JsonNode> literal : literals.entrySet()) {
                JsonNode value = literal.getValue();
                if (value != null
                        && value.isValueNode()
                        && !value.isNull()
                        && !reader.holds(cast.get().held().getLast(), value.asText())) {
                    String name = table.name() + "." + column.column();
                    faults.add(new TableFault(
                            Kind.TYPE,
                            name,
                            name + " is " + found.get().type()
                                    + ", and PostgreSQL does not accept the mapping's value under `"
                                    + literal.getKey() + "` for that type.",
                            "Correct it in the mapping."));
                }
            }
        }
        return faults;
    }

    private static List<ColumnMapping> columns(CollectionTarget target, TableName table) {
        if (target.mapping().table().equals(table)) {
            return target.mapping().columns();
        }
        return target.mapping().children().stream()
                .filter(child -> child.table().equals(table))
                .flatMap(child -> child.columns().stream())
                .toList();
    }

    /// A value that another row gives has that row's type.
    private static Optional<TableFault> takenType(
            TableReader reader, String name, Reference reference, ColumnType matched, LiveTable.Column found)
            throws SQLException {
        TableName from = reference.table();
        Optional<LiveTable.Column> taken = reader.find(from).flatMap(t -> t.column(reference.take()));
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        Optional<Long> type = matched instanceof ColumnType.Array
                ? reader.type(taken.get().baseType() + "[]")
                : Optional.of(taken.get().oid());
        if (type.isEmpty() || reader.assignable(type.get(), found.oid())) {
            return Optional.empty();
        }
        return Optional.of(new TableFault(
                Kind.TYPE,
                name,
                name + " is " + found.type() + " and gets " + from + "." + reference.take() + ", which is "
                        + taken.get().type() + ": PostgreSQL has no assignment cast between them.",
                "Take another column of that table, or give this one its type."));
    }
}
