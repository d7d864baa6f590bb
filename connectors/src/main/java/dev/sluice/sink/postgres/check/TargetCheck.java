package dev.sluice.sink.postgres.check;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.LiveTables;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Looks, before anything is read or written, whether the target has what the mapping names and whether the
/// role may write it. All that is missing is reported at once.
public final class TargetCheck {
    private static final List<String> CONTROL_TABLES = List.of(
            "position",
            "watermark",
            "backfill",
            "backfill_chunk",
            "dead_letter",
            "quarantine",
            "waiting",
            "resync",
            "document_row",
            "balance",
            "unmapped_field",
            "skipped");

    private final TableFault.Looking looking;
    private final TableReader reader;
    private final List<String> finished = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final List<String> hidden = new ArrayList<>();

    private TargetCheck(TableFault.Looking looking) {
        this.looking = looking;
        this.reader = looking.reader();
    }

    /// @throws SluiceException of kind MIGRATION_FINISHED with every table that the application writes; of
    ///     kind MISSING_TABLE, MISSING_RIGHT or ROW_SECURITY with every table and column that is not as
    ///     needed; each on a line of its own that begins with its name
    public static void check(Connection connection, List<CollectionTarget> targets) throws SQLException {
        TargetCheck check = new TargetCheck(TableFault.Looking.on(connection));
        check.control();
        List<TableFault> faults = new ArrayList<>();
        for (CollectionTarget target : targets) {
            faults.addAll(check.collection(target));
        }
        check.add(Causes.once(faults));
        check.temporaryTables(connection);
        if (!check.finished.isEmpty()) {
            throw new SluiceException(FailureKind.MIGRATION_FINISHED, String.join("\n", check.finished));
        }
        String all = Stream.of(check.missing, check.refused, check.hidden)
                .flatMap(List::stream)
                .collect(Collectors.joining("\n"));
        if (!check.missing.isEmpty()) {
            throw new SluiceException(FailureKind.MISSING_TABLE, all);
        }
        if (!check.refused.isEmpty()) {
            throw new SluiceException(FailureKind.MISSING_RIGHT, all);
        }
        if (!check.hidden.isEmpty()) {
            throw new SluiceException(FailureKind.ROW_SECURITY, all);
        }
    }

    /// Whether the application writes a table of one of the collections; to be asked before anything is
    /// made in the database.
    ///
    /// @throws SluiceException of kind MIGRATION_FINISHED with every such table
    public static void requireUnfinished(Connection connection, List<CollectionTarget> targets) throws SQLException {
        TargetCheck check = new TargetCheck(TableFault.Looking.on(connection));
        for (CollectionTarget target : targets) {
            for (TableShape shape : shapes(target)) {
                check.add(TableFault.finished(check.reader, shape.table()).stream()
                        .toList());
            }
        }
        if (!check.finished.isEmpty()) {
            throw new SluiceException(FailureKind.MIGRATION_FINISHED, String.join("\n", check.finished));
        }
    }

    private static List<TableShape> shapes(CollectionTarget target) {
        List<TableShape> shapes = new ArrayList<>(target.mapper().childShapes());
        shapes.add(target.mapper().shape());
        return shapes;
    }

    /// Checks the keys alone, for operations that delete rows or have run for long: since the start a user
    /// may have given a key column a type or collation by which documents share rows, a trigger that changes it, or
    /// the table a rule by which rows are not written or deleted.
    ///
    /// @throws SluiceException of kind MISSING_TABLE
    public static void keys(Connection connection, List<CollectionTarget> targets) throws SQLException {
        LiveTables live = new LiveTables(connection);
        TableFault.Looking looking = TableFault.Looking.on(connection);
        for (CollectionTarget target : targets) {
            for (TableShape shape : shapes(target)) {
                Optional<LiveTable> table = live.keepsKeys(shape)
                        ? Optional.empty()
                        : looking.reader().find(shape.table());
                if (table.isEmpty()) {
                    continue;
                }
                List<String> recognised = recognised(target, shape);
                Optional<TableFault> fault = KeyFit.fault(looking.reader(), table.get(), shape, recognised);
                if (fault.isEmpty()) {
                    fault = TableFault.rule(table.get());
                }
                if (fault.isEmpty()) {
                    fault = TableFault.alteredKey(looking.trial(), shape, recognised);
                }
                if (fault.isPresent()) {
                    throw new SluiceException(
                            FailureKind.MISSING_TABLE,
                            fault.get().found() + " " + fault.get().remedy());
                }
            }
        }
    }

    /// The columns by which rows of one of a collection's tables are recognised.
    private static List<String> recognised(CollectionTarget target, TableShape shape) {
        return shape.equals(target.mapper().shape())
                ? target.mapping().conflict()
                : shape.columns().stream()
                        .limit(shape.keyColumns())
                        .map(TableShape.Column::name)
                        .toList();
    }

    private void control() throws SQLException {
        Map<TableName, LiveTable.Rights> tables = reader.rights("sluice");
        for (String control : CONTROL_TABLES) {
            TableName name = new TableName("sluice", control);
            if (!tables.containsKey(name)) {
                missing.add(name + " does not exist. It is a table of Sluice's control schema: run `sluice migrate`.");
            }
        }
        add(MissingRights.of(tables));
    }

    private List<TableFault> collection(CollectionTarget target) throws SQLException {
        TableShape own = target.mapper().shape();
        List<TableFault> faults = new ArrayList<>(TableFault.of(looking, target, own, recognised(target, own)));
        for (TableShape child : target.mapper().childShapes()) {
            faults.addAll(TableFault.of(looking, target, child, recognised(target, child)));
        }
        return faults;
    }

    private void add(List<TableFault> faults) {
        for (TableFault fault : faults) {
            String line = fault.found() + " " + fault.remedy();
            switch (fault.kind()) {
                case FINISHED -> finished.add(line);
                case RIGHTS -> refused.add(line);
                case ROW_SECURITY -> hidden.add(line);
                case KEY,
                        TRIGGER,
                        TABLE,
                        COLUMN,
                        GENERATED,
                        TYPE,
                        CONFLICT_TARGET,
                        RULE,
                        REQUIRED,
                        LINKED_TABLE,
                        REFERENCE -> missing.add(line);
            }
        }
    }

    /// Rows are staged in temporary tables.
    private void temporaryTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT has_database_privilege(current_database(), 'TEMPORARY'),"
                        + " current_database(), current_user")) {
            row.next();
            if (!row.getBoolean(1)) {
                TableFault fault = MissingRights.temporary(row.getString(2), row.getString(3));
                refused.add(fault.found() + " " + fault.remedy());
            }
        }
    }
}
