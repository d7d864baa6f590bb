package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
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
    private final List<String> missing = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    private TargetCheck(TableFault.Looking looking) {
        this.looking = looking;
        this.reader = looking.reader();
    }

    /// @throws SluiceException of kind MISSING_TABLE or MISSING_RIGHT with every table and column that is
    ///     not as needed, each on a line of its own that begins with its name
    public static void check(Connection connection, List<CollectionTarget> targets) throws SQLException {
        TargetCheck check = new TargetCheck(TableFault.Looking.on(connection));
        for (String control : CONTROL_TABLES) {
            check.control(new TableName("sluice", control));
        }
        for (CollectionTarget target : targets) {
            check.collection(target);
        }
        for (Link link : new Link.Links(targets).all()) {
            check.linked(link);
        }
        check.temporaryTables(connection);
        if (!check.missing.isEmpty()) {
            check.missing.addAll(check.refused);
            throw new SluiceException(FailureKind.MISSING_TABLE, String.join("\n", check.missing));
        }
        if (!check.refused.isEmpty()) {
            throw new SluiceException(FailureKind.MISSING_RIGHT, String.join("\n", check.refused));
        }
    }

    /// Checks the keys alone, for operations that delete rows or have run for long: since the start a user
    /// may have given a key column a type or collation by which documents share rows, or a trigger that
    /// changes it.
    ///
    /// @throws SluiceException of kind MISSING_TABLE
    static void keys(Connection connection, List<CollectionTarget> targets) throws SQLException {
        LiveTables live = new LiveTables(connection);
        TableFault.Looking looking = TableFault.Looking.on(connection);
        for (CollectionTarget target : targets) {
            List<TableShape> shapes = new ArrayList<>(target.mapper().childShapes());
            shapes.add(target.mapper().shape());
            for (TableShape shape : shapes) {
                Optional<LiveTable> table = live.keepsKeys(shape)
                        ? Optional.empty()
                        : looking.reader().find(shape.table());
                if (table.isEmpty()) {
                    continue;
                }
                List<String> recognised = recognised(target, shape);
                Optional<TableFault> fault = KeyFit.fault(looking.reader(), table.get(), shape, recognised);
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

    private void control(TableName name) throws SQLException {
        Optional<LiveTable> table = reader.find(name);
        if (table.isEmpty()) {
            missing.add(name + " does not exist. It is a table of Sluice's control schema.");
        } else if (!table.get().rights().all()) {
            refused.add(name + ": the role may not select, insert, update and delete there.");
        }
    }

    private void collection(CollectionTarget target) throws SQLException {
        TableShape own = target.mapper().shape();
        add(TableFault.of(looking, target, own, recognised(target, own)));
        for (TableShape child : target.mapper().childShapes()) {
            add(TableFault.of(looking, target, child, recognised(target, child)));
        }
    }

    private void add(List<TableFault> faults) {
        for (TableFault fault : faults) {
            switch (fault.kind()) {
                case RIGHTS -> refused.add(fault.found());
                // What to do is another thing than for what is missing, or for a right.
                case KEY, TRIGGER -> missing.add(fault.found() + " " + fault.remedy());
                case ROW_SECURITY -> refused.add(fault.found() + " " + fault.remedy());
                case TABLE, COLUMN, GENERATED, TYPE, CONFLICT_TARGET -> missing.add(fault.found());
            }
        }
    }

    /// A table that a column refers to is there, with the columns that are asked for.
    private void linked(Link link) throws SQLException {
        String referring = link.to() + ", to which " + link.label() + " refers (collection "
                + link.target().collection() + ")";
        Optional<LiveTable> found = reader.find(link.to());
        if (found.isEmpty()) {
            missing.add(referring + ", does not exist.");
            return;
        }
        LiveTable table = found.get();
        if (!table.rights().select()) {
            refused.add(referring + ": the role may not select there.");
        }
        Stream.concat(link.and().keySet().stream(), Stream.of(link.match(), link.take()))
                .distinct()
                .filter(Predicate.not(column -> table.column(column).isPresent()))
                .forEach(column -> missing.add(referring + ", has no column " + column + "."));
    }

    /// Rows are staged in temporary tables.
    private void temporaryTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT has_database_privilege(current_database(), 'TEMPORARY')")) {
            row.next();
            if (!row.getBoolean(1)) {
                refused.add("The role may not create temporary tables in the database.");
            }
        }
    }
}
