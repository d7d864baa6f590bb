package dev.sluice.verify;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.reference.GivingWay;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.staging.ExpectedRows;
import dev.sluice.sink.postgres.staging.RefusedValues;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Compares the expected rows of some documents with the stored rows.
///
/// The expected rows are written by binary COPY into a temporary table, and PostgreSQL compares them by
/// the bytes of the stored values (`*<>`) with the rows of the same keys: 1.0 and 1.00 differ, as do a
/// text and the same text with a trailing blank. References and look-ups are resolved by the same SQL as
/// in the sink. Works in the caller's transaction; for one thread.
final class RowComparison {
    private final Connection connection;
    private final boolean lasting;
    private final RefusedValues refused;
    private final Map<Integer, Compared> collections = new HashMap<>();

    /// A collection's tables and the statements that compare them.
    ///
    /// @param lock locks for reading what the others read
    /// @param rowlessLetters whether dead letters are to have no row, see [GivingWay]; else their rows
    ///     stay
    private record Compared(
            CollectionTables tables, List<Statements> statements, String lock, boolean rowlessLetters) {}

    /// @param values the columns that are compared
    /// @param difference takes an array of keys
    private record Statements(TableSql table, List<String> values, String difference, String versions) {}

    private RowComparison(Connection connection, boolean lasting) {
        this.connection = connection;
        this.lasting = lasting;
        this.refused = new RefusedValues(connection);
    }

    /// Staged rows are dropped at the end of the transaction.
    ///
    /// @param connection whose temporary tables these are; not in auto-commit mode. What it does here is
    ///     committed
    /// @param all all collections of the mapping
    /// @param targets those that are compared
    static RowComparison create(Connection connection, List<CollectionTarget> all, List<CollectionTarget> targets)
            throws SQLException {
        return create(connection, all, targets, false);
    }

    /// Staged rows stay until other documents of the same collection are staged.
    ///
    /// The parameters are those of [#create].
    static RowComparison createLasting(
            Connection connection, List<CollectionTarget> all, List<CollectionTarget> targets) throws SQLException {
        return create(connection, all, targets, true);
    }

    private static RowComparison create(
            Connection connection, List<CollectionTarget> all, List<CollectionTarget> targets, boolean lasting)
            throws SQLException {
        RowComparison comparison = new RowComparison(connection, lasting);
        for (CollectionTarget target : targets) {
            CollectionTables tables = CollectionTables.of(target, "sluice_verify_", connection);
            comparison.refused.prepare(tables);
            List<Statements> statements = new ArrayList<>();
            for (TableSql table : tables.all()) {
                statements.add(comparison.statements(table));
                try (Statement statement = connection.createStatement()) {
                    statement.execute(lasting ? table.createLastingStaging() : table.createStaging());
                }
            }
            comparison.collections.put(
                    target.index(),
                    new Compared(tables, statements, lock(tables), GivingWay.mayGiveWay(connection, all, target)));
        }
        connection.commit();
        return comparison;
    }

    private static String lock(CollectionTables tables) {
        Set<TableName> read = new LinkedHashSet<>();
        for (TableSql table : tables.all()) {
            read.add(table.shape().table());
            for (TableShape.Column column : table.shape().columns()) {
                if (column.reference() != null) {
                    read.add(column.reference().table());
                }
                if (column.lookup() != null) {
                    read.add(column.lookup().table());
                }
            }
        }
        return "SELECT FROM " + read.stream().map(TableName::sql).collect(Collectors.joining(", ")) + " LIMIT 0";
    }

    private Statements statements(TableSql table) throws SQLException {
        TableShape shape = table.shape();
        List<TableShape.Column> values = shape
                .columns()
                .subList(shape.keyColumns(), shape.columns().size())
                .stream()
                .filter(table::isCompared)
                .toList();
        SequencedMap<String, String> types = liveTypes(connection, shape.table());
        String expected = shape.columns().stream()
                .map(c -> TableSql.value(c, "s") + "::" + types.get(c.name()) + " AS " + TableName.quote(c.name()))
                .collect(Collectors.joining(", "));
        String join = shape.columns().subList(0, shape.keyColumns()).stream()
                .map(c -> "e." + TableName.quote(c.name()) + " = a." + TableName.quote(c.name()))
                .collect(Collectors.joining(" AND "));
        String key = table.keyName();
        String differing = values.stream().map(c -> ", " + unequal(List.of(c))).collect(Collectors.joining());
        String difference = "SELECT coalesce(e." + key + ", a." + key + "), a." + key + " IS NULL, e." + key
                + " IS NULL" + differing + " FROM (SELECT " + expected + " FROM " + table.staging()
                + " s) e FULL JOIN (SELECT * FROM " + shape.table().sql() + " WHERE " + key + " = ANY (?)) a ON " + join
                + " WHERE e." + key + " IS NULL OR a." + key + " IS NULL"
                + (values.isEmpty() ? "" : " OR " + unequal(values));
        String versions = "SELECT " + key
                + ", encode(sluice.digest(string_agg(ctid::text || '/' || xmin::text, ' ' ORDER BY ctid)), 'hex') FROM "
                + shape.table().sql() + " WHERE " + key + " = ANY (?) GROUP BY 1";
        return new Statements(
                table, values.stream().map(TableShape.Column::name).toList(), difference, versions);
    }

    /// The condition that row `a` of the table has other values than what an update with row `e` makes
    /// of it.
    static String unequal(List<TableShape.Column> columns) {
        return "ROW("
                + columns.stream().map(c -> TableSql.updated(c, "a", "e")).collect(Collectors.joining(", "))
                + ")::record *<> ROW("
                + columns.stream().map(c -> "a." + TableName.quote(c.name())).collect(Collectors.joining(", "))
                + ")::record";
    }

    /// The types of a table's columns as PostgreSQL writes them.
    static SequencedMap<String, String> liveTypes(Connection connection, TableName table) throws SQLException {
        SequencedMap<String, String> types = new LinkedHashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                        + " WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped")) {
            statement.setString(1, table.sql());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    types.put(rows.getString(1), rows.getString(2));
                }
            }
        }
        return types;
    }

    /// Waits until all tables of a collection, and those that its references look into, can be read, and
    /// keeps them so until the transaction's end.
    ///
    /// @return how long that took, nanoseconds
    long awaitReadable(CollectionTarget target) throws SQLException {
        long started = System.nanoTime();
        try (Statement statement = connection.createStatement()) {
            // To plan it, PostgreSQL locks each table for reading.
            statement.execute(compared(target).lock());
        }
        return System.nanoTime() - started;
    }

    /// The collection's own table.
    TableSql own(CollectionTarget target) {
        return compared(target).tables().own();
    }

    /// Finds equal rows before they are compared here; empty where that can't be told of the
    /// collection's.
    Optional<EqualRows> equalRows(CollectionTarget target) throws SQLException {
        return EqualRows.of(connection, target, compared(target).tables());
    }

    private Compared compared(CollectionTarget target) {
        Compared compared = collections.get(target.index());
        if (compared == null) {
            throw new IllegalArgumentException(target.collection() + " is not one of the collections compared here");
        }
        return compared;
    }

    /// Documents whose rows are staged.
    ///
    /// @param keys of those that have rows
    /// @param rowless the keys of those that are to have none
    record Staged(Set<Object> keys, Set<Object> rowless) {}

    /// Stages the expected rows of some documents; they replace those staged before.
    Staged stage(CollectionTarget target, ChunkRows rows) throws SQLException {
        return stage(target, rows, null);
    }

    /// The same of some of the documents that have rows, and all that have none.
    ///
    /// @param only by their order; null for all
    Staged stage(CollectionTarget target, ChunkRows rows, @Nullable BitSet only) throws SQLException {
        List<TableSql> tables = compared(target).tables().all();
        if (lasting) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "TRUNCATE " + tables.stream().map(TableSql::staging).collect(Collectors.joining(", ")));
            }
        }
        RowCopy.stage(connection, tables, rows.encoded(), only);
        Set<Object> keys = new LinkedHashSet<>(only == null ? rows.keys() : rows.keys(only));
        Set<Object> rowless = new LinkedHashSet<>();
        Set<Object> rejected = new LinkedHashSet<>();
        refused.mapAgain(target, compared(target).tables(), rows::ofKeys).forEach((key, result) -> {
            if (!(result instanceof MappingResult.Mapped)) {
                keys.remove(key);
                rejected.add(key);
            }
        });
        for (RowChange change : rows.rowless(Set.of())) {
            if (change.effect() instanceof RowChange.Effect.Skip(Object key, String reason)) {
                rowless.add(key);
            } else if (target.mapper().key(change.change().id()) instanceof KeyResult.Key(Object key)) {
                rejected.add(key);
            }
        }
        if (compared(target).rowlessLetters()) {
            rowless.addAll(rejected);
        }
        return new Staged(keys, rowless);
    }

    /// Compares the rows of the documents that are staged. Rows that it deletes from the staging tables
    /// are back when the transaction is rolled back.
    ///
    /// @param absent keys of which it is known that no document has them
    /// @param parked keys of documents that are dead letters: they are to have no row, or are not
    ///     compared where the rows of such documents stay
    /// @return what differs; a document and table at most once for each kind
    List<Drift> compare(CollectionTarget target, Staged staged, Collection<Object> absent, Set<Object> parked)
            throws SQLException {
        Compared compared = compared(target);
        unstage(compared.tables().all(), staged.keys(), parked);
        new ExpectedRows(connection).takeOutWaitingOfSome(target, compared.tables());
        Set<Object> keys = new LinkedHashSet<>(staged.keys());
        keys.addAll(staged.rowless());
        if (!compared.rowlessLetters()) {
            keys.removeAll(parked);
        }
        Set<Object> kept = new HashSet<>();
        if (target.mapping().onDelete() == OnDelete.DELETE) {
            Set<Object> notOurs = new ExpectedRows(connection).notOurs(target, compared.tables(), absent);
            absent.stream()
                    .filter(key -> !parked.contains(key) && !notOurs.contains(key))
                    .forEach(keys::add);
        } else {
            kept.addAll(absent);
        }
        List<Drift> found = new ArrayList<>();
        for (Statements statements : compared.statements()) {
            found.addAll(difference(statements, keys));
        }
        found.removeIf(drift -> kept.contains(drift.key()));
        return found;
    }

    /// The staged documents of which only one is to have a row, together with some of them. Before
    /// [#compare].
    ///
    /// @param keys as rows carry them
    Set<Object> rivals(CollectionTarget target, Set<Object> keys) throws SQLException {
        return new ExpectedRows(connection).rivals(target, compared(target).tables(), keys);
    }

    private void unstage(List<TableSql> tables, Set<Object> staged, Set<Object> leftOut) throws SQLException {
        Object[] keys = leftOut.stream().filter(staged::contains).toArray();
        if (keys.length == 0) {
            return;
        }
        for (TableSql table : tables) {
            try (PreparedStatement statement = connection.prepareStatement(
                    "DELETE FROM " + table.staging() + " WHERE " + table.keyName() + " = ANY (?)")) {
                statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys));
                statement.executeUpdate();
            }
        }
    }

    /// What differs of one document in one table.
    private static final class Detail {
        private final Set<String> columns = new LinkedHashSet<>();
        private int rows;
    }

    /// A key that was not asked for means that the table changes keys, or treats several as equal: a
    /// comparison of that table proves nothing.
    private static void requireKnown(TableSql table, Object key, Set<Object> asked) {
        if (!asked.contains(key)) {
            throw new SluiceException(
                    FailureKind.MISSING_TABLE,
                    "The rows of " + table.shape().table() + " can't be compared: its column " + table.keyName()
                            + " gives back a key that no document has. The column's type or collation, or a trigger,"
                            + " changes keys or takes several for one. Nothing is known of these rows, and none was"
                            + " changed.");
        }
    }

    private List<Drift> difference(Statements statements, Set<Object> keys) throws SQLException {
        record Found(Object key, Drift.Kind kind) {}
        SequencedMap<Found, Detail> found = new LinkedHashMap<>();
        TableSql table = statements.table();
        try (PreparedStatement statement = connection.prepareStatement(statements.difference())) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Object key = table.key(row);
                    requireKnown(table, key, keys);
                    Drift.Kind kind = row.getBoolean(2)
                            ? Drift.Kind.MISSING
                            : row.getBoolean(3) ? Drift.Kind.EXTRA : Drift.Kind.DIFFERENT;
                    Detail detail = found.computeIfAbsent(new Found(key, kind), k -> new Detail());
                    detail.rows++;
                    for (int i = 0;
                            kind == Drift.Kind.DIFFERENT
                                    && i < statements.values().size();
                            i++) {
                        if (row.getBoolean(4 + i)) {
                            detail.columns.add(statements.values().get(i));
                        }
                    }
                }
            }
        }
        List<Drift> drift = new ArrayList<>(found.size());
        found.forEach((what, detail) -> drift.add(
                new Drift(table.shape().table(), what.key(), what.kind(), List.copyOf(detail.columns), detail.rows)));
        return drift;
    }

    /// The versions of the rows of some documents: what is equal at two moments was not written in
    /// between.
    ///
    /// @return without those that have no row
    Map<Object, String> versions(CollectionTarget target, Collection<Object> keys) throws SQLException {
        Map<Object, String> versions = new HashMap<>();
        for (Statements statements : compared(target).statements()) {
            try (PreparedStatement statement = connection.prepareStatement(statements.versions())) {
                statement.setArray(
                        1, connection.createArrayOf(statements.table().keyArrayType(), keys.toArray()));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        versions.merge(statements.table().key(row), row.getString(2), (a, b) -> a + b);
                    }
                }
            }
        }
        return versions;
    }
}
