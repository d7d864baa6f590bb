package dev.sluice.service.plan;

import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.check.Causes;
import dev.sluice.sink.postgres.check.TableFault;
import dev.sluice.sink.postgres.check.TargetDatabase.Script;
import dev.sluice.sink.postgres.table.TouchedCollections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The mapping against the tables that are there, in both directions.
final class TableChecks {
    private static final Logger LOG = LoggerFactory.getLogger(TableChecks.class);

    private final TableFault.Looking looking;
    private final TableReader reader;
    private final Checklist list;
    private final ColumnChecks columns;
    private final ConstraintChecks constraints;
    private final LayoutChecks layout;
    private final ForeignKeyChecks foreignKeys;
    private final TriggerChecks triggers;
    private final List<Script> pending;

    /// The columns of each table that take no NULL, for the dry run.
    private final Map<TableName, Set<String>> notNull = new HashMap<>();

    /// Of what problems are about, by the tables that have them.
    private final Map<TableName, Set<String>> faulty = new HashMap<>();

    private final List<String> notThereYet = new ArrayList<>();
    private int tables;

    /// @param pending migrations of the mapping that are not applied: tables that are missing may be made by them, and
    ///     others may be changed
    TableChecks(Connection connection, Checklist list, List<Script> pending) {
        this.looking = TableFault.Looking.on(connection);
        this.reader = looking.reader();
        this.list = list;
        this.columns = new ColumnChecks(reader, list);
        this.constraints = new ConstraintChecks(reader, list);
        this.layout = new LayoutChecks(list);
        this.foreignKeys = new ForeignKeyChecks(reader, list);
        this.triggers = new TriggerChecks(looking.trial(), list);
        this.pending = List.copyOf(pending);
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
            for (WrittenTable written : WrittenTable.by(target)) {
                table(all, written);
            }
        }
        foreignKeys.referring(all, chosen);
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

    private void faults(List<CollectionTarget> touched) throws SQLException {
        List<TableFault> found = new ArrayList<>();
        Map<String, Script> mayBeMended = new HashMap<>();
        for (CollectionTarget target : touched) {
            for (WrittenTable written : WrittenTable.by(target)) {
                TableName name = written.shape().table();
                if (reader.find(name).isEmpty() && !pending.isEmpty()) {
                    continue;
                }
                for (TableFault fault : TableFault.of(looking, target, written.shape(), written.conflict())) {
                    if (fault.kind() == TableFault.Kind.LINKED_TABLE && !pending.isEmpty()) {
                        continue;
                    }
                    found.add(fault);
                    if (byMigrations(fault.kind())) {
                        pendingFor(name).ifPresent(script -> mayBeMended.put(fault.subject(), script));
                    }
                    faulty.computeIfAbsent(name, n -> new HashSet<>()).add(fault.subject());
                }
            }
        }
        for (TableFault fault : Causes.once(found)) {
            Script script = mayBeMended.get(fault.subject());
            if (script == null) {
                list.problem(check(fault.kind()), fault.subject(), fault.found(), fault.remedy());
            } else {
                list.warning(
                        check(fault.kind()),
                        fault.subject(),
                        fault.found() + " That is as the table is now: the pending migration " + script.version() + " ("
                                + script.description() + ") names it.",
                        "Apply it (`sluice migrate`, or a start), and plan again: what it does not mend is a problem"
                                + " then, and keeps a start from writing.");
            }
        }
    }

    /// The first pending migration that names a table, which it may change.
    private Optional<Script> pendingFor(TableName table) {
        Pattern name = Pattern.compile("(?i)(?<![\\w$])" + Pattern.quote(table.table()) + "(?![\\w$])");
        return pending.stream()
                .filter(script -> name.matcher(script.sql()).find())
                .findFirst();
    }

    /// Whether migrations may mend it: who has the rights is somebody else's work, and a finished table stays so.
    private static boolean byMigrations(TableFault.Kind kind) {
        return switch (kind) {
            case COLUMN,
                    GENERATED,
                    TYPE,
                    KEY,
                    CONFLICT_TARGET,
                    TRIGGER,
                    REQUIRED,
                    REFERENCE,
                    RULE,
                    TABLE,
                    LINKED_TABLE -> true;
            case RIGHTS, FINISHED, ROW_SECURITY -> false;
        };
    }

    private void table(List<CollectionTarget> all, WrittenTable written) throws SQLException {
        tables++;
        TableShape shape = written.shape();
        TableName name = shape.table();
        Optional<LiveTable> found = reader.find(name);
        if (found.isEmpty() && !pending.isEmpty()) {
            notThereYet.add(name.toString());
            return;
        }
        if (found.isEmpty() || !found.get().isTable() || !found.get().rights().seesSchema()) {
            return;
        }
        int before = list.findings().size();
        LiveTable table = found.get();
        columns.check(table, written, faulty.getOrDefault(name, Set.of()));
        constraints.check(all, table, written);
        layout.check(table);
        foreignKeys.check(all, table, written);
        triggers.check(table, written);
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
            case FINISHED -> Check.TABLE_FINISHED;
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
}
