package dev.sluice.sink.postgres.check;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.Link;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The target's tables as they were when a job began. When PostgreSQL refuses one of the job's statements,
/// they are read again, and the failure names what was changed: a table or column that was dropped, renamed
/// or given another type. Any thread.
public final class TargetTables {
    /// By number, since a table or column that is renamed keeps it.
    private static final String TABLE = """
            SELECT c.oid::bigint, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = coalesce(?::bigint::oid, to_regclass(?))
            """;

    private static final String COLUMNS = """
            SELECT attnum, attname, format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = ?::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """;

    private final PostgresConnector connector;
    private final List<CollectionTarget> targets;
    private final Map<TableName, Table> before;

    private TargetTables(PostgresConnector connector, List<CollectionTarget> targets, Map<TableName, Table> before) {
        this.connector = connector;
        this.targets = List.copyOf(targets);
        this.before = before;
    }

    /// @param columns by number
    private record Table(long oid, TableName name, SequencedMap<Integer, Column> columns) {}

    private record Column(String name, String type) {}

    /// Checks that the tables are as the mapping needs them ([TargetCheck]), and remembers how they are.
    ///
    /// @param connector for a connection of its own, should they have to be read again
    public static TargetTables check(PostgresConnector connector, Connection connection, List<CollectionTarget> targets)
            throws SQLException {
        TargetCheck.check(connection, targets);
        Map<TableName, Table> before = new LinkedHashMap<>();
        for (TableName name : names(targets)) {
            Table table = find(connection, null, name);
            if (table != null) {
                before.put(name, table);
            }
        }
        return new TargetTables(connector, targets, before);
    }

    /// Checks the tables on a connection of its own.
    ///
    /// @throws SluiceException also when PostgreSQL can't be asked
    public static TargetTables check(PostgresConnector connector, List<CollectionTarget> targets) {
        try (Connection connection = connector.open()) {
            return check(connector, connection, targets);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Checks some of the collections again where one of their tables was altered since the start: one
    /// that the mapping can't write is no reason to leave others alone. Looks at the tables of these
    /// collections only, since it is asked for each collection of a mapping.
    ///
    /// @throws SluiceException as [TargetCheck#check]
    public void requireStill(Connection connection, List<CollectionTarget> some) throws SQLException {
        if (!changes(connection, names(some)).isEmpty()) {
            TargetCheck.check(connection, some);
        }
    }

    private static Set<TableName> names(List<CollectionTarget> targets) {
        Set<TableName> names = new LinkedHashSet<>();
        for (CollectionTarget target : targets) {
            names.add(target.mapper().shape().table());
            target.mapper().childShapes().stream().map(TableShape::table).forEach(names::add);
        }
        new Link.Links(targets).all().forEach(link -> names.add(link.to()));
        return names;
    }

    /// Classifies a failure of the job. One that a changed table explains names the change: it is of kind
    /// MISSING_TABLE when the mapping can't write the table as it is now, and TARGET_ALTERED when it can,
    /// with statements that are prepared again.
    public SluiceException explain(Throwable thrown) {
        SluiceException failure = Failures.classify(thrown);
        if (!mayBeAChange(failure)) {
            return failure;
        }
        try (Connection connection = connector.open()) {
            List<String> changes = changes(connection, before.keySet());
            String changed = String.join(" ", changes);
            try {
                TargetCheck.check(connection, targets);
            } catch (SluiceException fault) {
                String message = fault.getMessage()
                        + (changed.isEmpty()
                                ? ""
                                : "\nSince the start: " + changed + " Undo that, or change the mapping.");
                return new SluiceException(fault.kind(), message, thrown);
            }
            return changes.isEmpty() ? failure : new SluiceException(FailureKind.TARGET_ALTERED, changed, thrown);
        } catch (SQLException unreadable) {
            return failure;
        }
    }

    private static boolean mayBeAChange(SluiceException failure) {
        return failure.kind() == FailureKind.MISSING_TABLE
                || failure.kind() == FailureKind.MISSING_RIGHT
                || failure.kind() == FailureKind.ROW_SECURITY
                || failure.kind() == FailureKind.TARGET_ALTERED
                // Values of a column that was given another type meanwhile are read as those of the one before.
                || failure.kind() == FailureKind.UNEXPECTED;
    }

    /// @param asked the tables, as the mapping names them
    /// @return a sentence for each
    private List<String> changes(Connection connection, Set<TableName> asked) throws SQLException {
        List<String> changes = new ArrayList<>();
        for (TableName name : asked) {
            Table was = before.get(name);
            if (was == null) {
                continue;
            }
            Table is = find(connection, null, was.name());
            if (is == null) {
                Table moved = find(connection, was.oid(), was.name());
                changes.add("the table " + was.name() + " was "
                        + (moved == null ? "dropped." : "renamed to " + moved.name() + "."));
            } else if (is.oid() != was.oid()) {
                changes.add("the table " + was.name() + " was replaced by another.");
                compareByName(was, is, changes);
            } else {
                compareByNumber(was, is, changes);
            }
        }
        return changes;
    }

    private static void compareByNumber(Table was, Table is, List<String> changes) {
        was.columns().forEach((number, column) -> {
            Column now = is.columns().get(number);
            String name = was.name() + "." + column.name();
            if (now == null) {
                changes.add(name + " (" + column.type() + ") was dropped.");
                return;
            }
            if (!now.name().equals(column.name())) {
                changes.add(name + " was renamed to " + now.name() + ".");
            }
            retyped(name, column, now, changes);
        });
        is.columns().forEach((number, column) -> {
            if (!was.columns().containsKey(number)) {
                changes.add(was.name() + "." + column.name() + " (" + column.type() + ") was added.");
            }
        });
    }

    private static void compareByName(Table was, Table is, List<String> changes) {
        for (Column column : was.columns().values()) {
            is.columns().values().stream()
                    .filter(now -> now.name().equals(column.name()))
                    .findFirst()
                    .ifPresentOrElse(
                            now -> retyped(was.name() + "." + column.name(), column, now, changes),
                            () -> changes.add("it has no column " + column.name() + " (" + column.type() + ")."));
        }
    }

    private static void retyped(String name, Column was, Column is, List<String> changes) {
        if (!is.type().equals(was.type())) {
            changes.add(name + " was " + was.type() + " and is " + is.type() + ".");
        }
    }

    /// @param oid finds a table whatever its name is now; null: by name
    private static @Nullable Table find(Connection connection, @Nullable Long oid, TableName name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TABLE)) {
            statement.setObject(1, oid, java.sql.Types.BIGINT);
            statement.setString(2, name.sql());
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Table(
                                row.getLong(1),
                                new TableName(row.getString(2), row.getString(3)),
                                columns(connection, row.getLong(1)))
                        : null;
            }
        }
    }

    private static SequencedMap<Integer, Column> columns(Connection connection, long oid) throws SQLException {
        SequencedMap<Integer, Column> columns = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.put(row.getInt(1), new Column(row.getString(2), row.getString(3)));
                }
            }
        }
        return columns;
    }
}
