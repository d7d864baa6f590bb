package dev.sluice.sink.postgres.check;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Compares PostgreSQL's tables with those that a mapping needs, and says how they become like that.
/// Types are compared for chosen columns only: elsewhere a table may well have another type than the
/// mapping, which PostgreSQL casts to.
///
/// For one thread, on a connection in auto-commit mode. Makes temporary tables in transactions that are
/// rolled back.
public final class TableChanges {
    /// How much of a table PostgreSQL rewrites in a millisecond, its indexes included. A million rows (300 MB) were
    /// rewritten at 300 MB/s on two cores; a third of that, for slower disks.
    private static final long BYTES_PER_MILLISECOND = 100_000;

    private static final String SIZE = "SELECT pg_total_relation_size(?::regclass)";

    /// What names a column, and would go on to name the old one when its name goes to another.
    private static final String USERS = """
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
            JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ?::regclass AND a.attname = ?
              AND NOT (d.classid = 'pg_attrdef'::regclass)
              AND NOT (d.classid = 'pg_class'::regclass AND d.objid = d.refobjid)
            UNION
            SELECT DISTINCT pg_describe_object('pg_class'::regclass, i.indexrelid, 0) FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = ?::regclass AND a.attname = ?
            """;

    private final Connection connection;
    private final TableReader reader;
    private final Wish wish;

    /// What is wanted beside what is missing.
    ///
    /// @param schema that of the mapping: tables in it are named without it
    /// @param retyped columns that are to have the mapping's type, each with its table
    /// @param lockMax for how long a table may be locked to rewrite it
    /// @param suffix of the name of a column that is replaced by another, after an underscore
    public record Wish(String schema, Set<Retyped> retyped, Duration lockMax, String suffix) {
        public Wish {
            retyped = Set.copyOf(retyped);
        }
    }

    /// A column whose type in the mapping is another one than before.
    public record Retyped(TableName table, String column) {}

    private TableChanges(Connection connection, Wish wish) {
        this.connection = connection;
        this.reader = new TableReader(connection);
        this.wish = wish;
    }

    /// @param targets all collections of the mapping
    /// @return in the order in which they are to be made
    /// @throws SluiceException of kind MISSING_TABLE where a type can't become the other one
    public static List<TableChange> of(Connection connection, List<CollectionTarget> targets, Wish wish)
            throws SQLException {
        TableChanges changes = new TableChanges(connection, wish);
        List<TableChange> found = new ArrayList<>();
        for (CollectionTarget target : targets) {
            changes.table(target, target.mapper().shape(), found);
            for (TableShape child : target.mapper().childShapes()) {
                changes.table(target, child, found);
            }
        }
        return found;
    }

    private void table(CollectionTarget target, TableShape shape, List<TableChange> found) throws SQLException {
        Optional<LiveTable> live = reader.find(shape.table());
        if (live.isEmpty()) {
            if (found.stream().noneMatch(change -> change.table().equals(shape.table()))) {
                found.add(new TableChange.NewTable(shape.table(), List.of(create(target, shape))));
            }
            return;
        }
        for (TableShape.Column column : shape.columns()) {
            String type = type(target, shape, column).sql();
            Optional<LiveTable.Column> there = live.get().column(column.name());
            if (there.isEmpty()) {
                found.add(new TableChange.NewColumn(
                        shape.table(),
                        column.name(),
                        List.of("ALTER TABLE " + name(shape.table()) + " ADD COLUMN " + quoted(column.name()) + " "
                                + type)));
            } else if (wish.retyped().contains(new Retyped(shape.table(), column.name()))) {
                retyped(shape.table(), there.get(), type).ifPresent(found::add);
            }
        }
    }

    /// The type of a column of the table, which for one that is looked up is not that of the values in
    /// rows.
    private static ColumnType type(CollectionTarget target, TableShape shape, TableShape.Column column) {
        return columns(target, shape.table())
                .filter(mapped -> mapped.column().equals(column.name()))
                .map(ColumnMapping::type)
                .findFirst()
                .orElse(column.type());
    }

    private static Stream<ColumnMapping> columns(CollectionTarget target, TableName table) {
        return target.mapping().table().equals(table)
                ? target.mapping().columns().stream()
                : target.mapping().children().stream()
                        .filter(child -> child.table().equals(table))
                        .flatMap(child -> child.columns().stream());
    }

    private String create(CollectionTarget target, TableShape shape) throws SQLException {
        List<String> lines = new ArrayList<>();
        List<String> key = new ArrayList<>();
        for (TableShape.Column column : shape.columns()) {
            boolean isKey = key.size() < shape.keyColumns();
            lines.add(quoted(column.name()) + " " + type(target, shape, column).sql() + (isKey ? " NOT NULL" : ""));
            if (isKey) {
                key.add(quoted(column.name()));
            }
        }
        lines.add("PRIMARY KEY (" + String.join(", ", key) + ")");
        Set<String> keyNames = shape.columns().stream()
                .limit(shape.keyColumns())
                .map(TableShape.Column::name)
                .collect(Collectors.toSet());
        List<String> conflict = target.mapping().conflict();
        if (target.mapping().table().equals(shape.table()) && !keyNames.equals(Set.copyOf(conflict))) {
            List<String> names = new ArrayList<>();
            for (String column : conflict) {
                names.add(quoted(column));
            }
            lines.add("UNIQUE (" + String.join(", ", names) + ")");
        }
        return "CREATE TABLE " + name(shape.table()) + " (\n    " + String.join(",\n    ", lines) + "\n)";
    }

    private Optional<TableChange> retyped(TableName table, LiveTable.Column column, String type) throws SQLException {
        Rehearsal rehearsal = rehearse(table, column.name(), type);
        if (rehearsal.becomes().equals(column.type())) {
            return Optional.empty();
        }
        String alter = "ALTER TABLE " + name(table) + " ALTER COLUMN " + quoted(column.name()) + " TYPE " + type
                + " USING " + quoted(column.name()) + "::" + type;
        if (!rehearsal.rewrites()) {
            return Optional.of(new TableChange.NewType(
                    table, column.name(), new TableChange.Way.Relabelled(rehearsal.becomes()), List.of(alter)));
        }
        long milliseconds = Math.max(1, size(table) / BYTES_PER_MILLISECOND);
        if (milliseconds <= wish.lockMax().toMillis()) {
            return Optional.of(new TableChange.NewType(
                    table,
                    column.name(),
                    new TableChange.Way.Rewritten(rehearsal.becomes(), milliseconds),
                    List.of(alter)));
        }
        List<String> users = users(table, column.name());
        if (!users.isEmpty()) {
            throw new SluiceException(
                    FailureKind.MISSING_TABLE,
                    table + "." + column.name() + " is to become " + rehearsal.becomes()
                            + ". To write every row would lock the table for about " + milliseconds
                            + " ms, and a new column can't take its place, since it is named by "
                            + String.join(", ", users)
                            + ". Accept the lock with --lock-max, or drop these first and make them again afterwards.");
        }
        String kept = column.name() + "_" + wish.suffix();
        List<String> statements = new ArrayList<>();
        statements.add(
                "ALTER TABLE " + name(table) + " RENAME COLUMN " + quoted(column.name()) + " TO " + quoted(kept));
        if (column.notNull()) {
            statements.add("ALTER TABLE " + name(table) + " ALTER COLUMN " + quoted(kept) + " DROP NOT NULL");
        }
        statements.add("ALTER TABLE " + name(table) + " ADD COLUMN " + quoted(column.name()) + " " + type);
        return Optional.of(new TableChange.NewType(
                table,
                column.name(),
                new TableChange.Way.Replaced(rehearsal.becomes(), milliseconds, kept),
                statements));
    }

    /// What PostgreSQL makes of a change of type.
    ///
    /// @param becomes the type as PostgreSQL writes it
    /// @param rewrites whether it would write the rows
    private record Rehearsal(String becomes, boolean rewrites) {}

    /// Changes the type on a copy of the table without rows, and takes that back.
    private Rehearsal rehearse(TableName table, String column, String type) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMPORARY TABLE sluice_rehearsal (LIKE " + table.sql() + ")");
            long before = number(statement, "SELECT pg_relation_filenode('pg_temp.sluice_rehearsal')");
            statement.execute("ALTER TABLE pg_temp.sluice_rehearsal ALTER COLUMN " + quoted(column) + " TYPE " + type
                    + " USING " + quoted(column) + "::" + type);
            long after = number(statement, "SELECT pg_relation_filenode('pg_temp.sluice_rehearsal')");
            try (PreparedStatement asked = connection.prepareStatement("SELECT format_type(atttypid, atttypmod)"
                    + " FROM pg_attribute WHERE attrelid = 'pg_temp.sluice_rehearsal'::regclass AND attname = ?")) {
                asked.setString(1, column);
                return new Rehearsal(one(asked, row -> row), before != after);
            }
        } catch (SQLException e) {
            if (Failures.classify(e).kind() != FailureKind.UNEXPECTED) {
                throw e;
            }
            throw new SluiceException(
                    FailureKind.MISSING_TABLE,
                    table + "." + column + " can't become " + type + ": " + Failures.describe(e)
                            + ". Give the mapping another column, or drop what is in the way.",
                    e);
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private static long number(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private long size(TableName table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SIZE)) {
            statement.setString(1, table.sql());
            return one(statement, Long::parseLong);
        }
    }

    private List<String> users(TableName table, String column) throws SQLException {
        List<String> users = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(USERS)) {
            statement.setString(1, table.sql());
            statement.setString(2, column);
            statement.setString(3, table.sql());
            statement.setString(4, column);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    users.add(row.getString(1));
                }
            }
        }
        return users;
    }

    private String name(TableName table) throws SQLException {
        return table.schema().equals(wish.schema())
                ? quoted(table.table())
                : quoted(table.schema()) + "." + quoted(table.table());
    }

    /// As PostgreSQL quotes it: only where that is needed.
    private String quoted(String identifier) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT quote_ident(?)")) {
            statement.setString(1, identifier);
            return one(statement, row -> row);
        }
    }

    private static <T> T one(PreparedStatement statement, Function<String, T> read) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return read.apply(row.getString(1));
        }
    }
}
