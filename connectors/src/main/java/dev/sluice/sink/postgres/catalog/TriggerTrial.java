package dev.sluice.sink.postgres.catalog;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping.Write;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds out by trying what the triggers of a table make of the values that Sluice writes: no source
/// text says it, least of all that of a function in C.
///
/// What is tried is a temporary table of the same name, columns and triggers, and without constraints, in a
/// transaction that is rolled back: no row of the table is touched or locked, it may be empty, and values need
/// satisfy nothing but the triggers. What the functions do elsewhere is rolled back too (of sequences, numbers
/// stay taken). A function that asks for the schema of its table sees that of temporary tables. For one thread.
public final class TriggerTrial {
    /// A function of a trigger may wait for rows that others hold.
    private static final String LIMITS = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '5s';"
            + " SET LOCAL sluice.applying = 'on'; ";

    /// The relations that hold the table's rows, each with its triggers, in the order in which they
    /// fire: those that fire before a row is written, and the others that can undo what is written.
    /// tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update.
    private static final String TRIGGERS = """
            WITH relations AS (
              SELECT oid FROM pg_class WHERE oid = to_regclass(?) AND relkind <> 'p'
              UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(?)) WHERE isleaf)
            SELECT c.relname, format('%I.%I', n.nspname, c.relname), g.tgname, p.proname, pg_get_triggerdef(g.oid),
              g.tgtype & 3 = 3 AND g.tgtype & 20 <> 0, g.tgtype & 2 = 0 AND g.tgtype & 20 <> 0, g.tgtype & 8 <> 0
            FROM relations r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_trigger g ON g.tgrelid = c.oid JOIN pg_proc p ON p.oid = g.tgfoid
            WHERE g.tgtype & 3 <> 2 AND g.tgtype & 28 <> 0""" + " AND " + Acting.TRIGGER + " ORDER BY c.relname, g.tgname";

    private static final String COLUMNS = """
            WITH RECURSIVE base AS (
              SELECT a.attnum, a.atttypid AS type FROM pg_attribute a
              WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
              UNION ALL SELECT b.attnum, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, t.typname, t.typcategory, e.typname,
                   e.typcategory, (SELECT array_agg(l.enumlabel::text ORDER BY l.enumsortorder) FROM pg_enum l
                                   WHERE l.enumtypid = coalesce(e.oid, t.oid)),
                   (SELECT format('%I.%I|%I', n.nspname, c.relname, f.attname)
                    FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_attribute f ON f.attrelid = k.confrelid
                     AND f.attnum = k.confkey[array_position(k.conkey, a.attnum)]
                    WHERE k.contype = 'f' AND k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)
                     AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') LIMIT 1)
            FROM pg_attribute a JOIN base b ON b.attnum = a.attnum JOIN pg_type t ON t.oid = b.type AND t.typtype <> 'd'
            LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
            WHERE a.attrelid = to_regclass(?) ORDER BY a.attnum
            """;

    /// How many values of each column there are to write one after the other.
    private static final int VALUES = 5;

    private final Connection connection;
    private final Map<TableName, TriggerEffects> known = new HashMap<>();

    /// @param connection in whatever mode; what it has under way stays as it is
    public TriggerTrial(Connection connection) {
        this.connection = connection;
    }

    /// What the triggers of a table do together. Tried once.
    ///
    /// @param conflict the columns that say "the same row", which no update of ours sets
    /// @throws SQLException when the connection is of no use any more
    public TriggerEffects of(TableShape shape, List<String> conflict) throws SQLException {
        TriggerEffects before = known.get(shape.table());
        if (before == null) {
            before = tried(shape, conflict);
            known.put(shape.table(), before);
        }
        return before;
    }

    private TriggerEffects tried(TableShape shape, List<String> conflict) throws SQLException {
        TriggerEffects all = TriggerEffects.NONE;
        Set<List<String>> tried = new HashSet<>();
        for (Relation relation : relations(shape.table())) {
            Relation before = relation.only(Trigger::before);
            if (!before.triggers().isEmpty()
                    && tried.add(before.triggers().stream().map(Trigger::on).toList())) {
                all = all.and(of(shape, conflict, before));
            }
        }
        return all;
    }

    /// What each trigger of a table does when it is alone, by its name with its function's in parentheses.
    ///
    /// @throws SQLException as for [#of]
    public SequencedMap<String, TriggerEffects> alone(TableShape shape, List<String> conflict) throws SQLException {
        SequencedMap<String, TriggerEffects> alone = new LinkedHashMap<>();
        for (Relation relation : relations(shape.table())) {
            for (Trigger trigger : relation.only(Trigger::before).triggers()) {
                if (!alone.containsKey(trigger.title())) {
                    alone.put(trigger.title(), of(shape, conflict, relation.only(trigger::equals)));
                }
            }
        }
        return alone;
    }

    /// What a trigger undoes of what PostgreSQL reports as done.
    public enum Undoing {
        /// A row that was written is gone afterwards, or has another key.
        WRITE,
        /// A row that was deleted is still there.
        DELETE
    }

    /// What each trigger of a table undoes when it is alone, by its name with its function's in
    /// parentheses. One that leaves rows out (`drops`) is none of these. What could not be tried undoes
    /// nothing, as far as is known.
    ///
    /// @throws SQLException as for [#of]
    public SequencedMap<String, Set<Undoing>> undoing(TableShape shape, List<String> conflict) throws SQLException {
        SequencedMap<String, Set<Undoing>> undoing = new LinkedHashMap<>();
        for (Relation relation : relations(shape.table())) {
            for (Trigger trigger : relation.triggers()) {
                Set<Undoing> found = EnumSet.noneOf(Undoing.class);
                Relation alone = relation.only(trigger::equals);
                if (trigger.after() && tried(shape, conflict, alone, Live::undoesWrite)) {
                    found.add(Undoing.WRITE);
                }
                if (trigger.onDelete() && tried(shape, conflict, alone, Live::undoesDelete)) {
                    found.add(Undoing.DELETE);
                }
                if (!found.isEmpty()) {
                    undoing.putIfAbsent(trigger.title(), found);
                }
            }
        }
        return undoing;
    }

    /// A question to one try.
    @FunctionalInterface
    private interface Question {
        boolean ask(Live live) throws SQLException;
    }

    /// @return false also where the try ended with an error
    private boolean tried(TableShape shape, List<String> conflict, Relation relation, Question question)
            throws SQLException {
        return inTrial(() -> {
            Savepoint before = connection.setSavepoint();
            try {
                return question.ask(new Live(shape, conflict, relation));
            } catch (SQLException untried) {
                return false;
            } finally {
                connection.rollback(before);
                connection.releaseSavepoint(before);
            }
        });
    }

    /// @param name without a schema
    private record Relation(String name, List<Trigger> triggers) {
        Relation only(Predicate<Trigger> chosen) {
            return new Relation(name, triggers.stream().filter(chosen).toList());
        }
    }

    /// @param definition what makes it, on the temporary table
    /// @param on the same, whatever the table is called
    /// @param before whether it fires before a row is inserted or updated
    /// @param after whether it fires after that
    /// @param onDelete whether it fires when a row is deleted
    private record Trigger(
            String name,
            String function,
            String definition,
            String on,
            boolean before,
            boolean after,
            boolean onDelete) {
        String title() {
            return name + " (" + function + ")";
        }
    }

    private Collection<Relation> relations(TableName table) throws SQLException {
        SequencedMap<String, Relation> relations = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(TRIGGERS)) {
            statement.setString(1, table.sql());
            statement.setString(2, table.sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String relation = row.getString(1);
                    String definition = row.getString(5);
                    int on = definition.indexOf(" ON " + row.getString(2) + " ");
                    String before = definition.substring(0, on) + " ON ";
                    String after =
                            definition.substring(on + 5 + row.getString(2).length());
                    String temporary = "pg_temp." + TableName.quote(relation);
                    relations
                            .computeIfAbsent(row.getString(2), r -> new Relation(relation, new ArrayList<>()))
                            .triggers()
                            .add(new Trigger(
                                    row.getString(3),
                                    row.getString(4),
                                    before + temporary + " " + after + "; ALTER TABLE " + temporary
                                            + " ENABLE ALWAYS TRIGGER " + TableName.quote(row.getString(3)),
                                    before + after,
                                    row.getBoolean(6),
                                    row.getBoolean(7),
                                    row.getBoolean(8)));
                }
            }
        }
        return relations.values();
    }

    /// What is done in the transaction that is rolled back.
    @FunctionalInterface
    private interface Trial<T> {
        T run() throws SQLException;
    }

    private <T> T inTrial(Trial<T> trial) throws SQLException {
        boolean automatic = connection.getAutoCommit();
        if (automatic) {
            connection.setAutoCommit(false);
        }
        try {
            if (automatic) {
                // Also on a connection that is for reading: what is tried is temporary.
                execute("SET TRANSACTION READ WRITE");
            }
            return trial.run();
        } finally {
            if (automatic) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private TriggerEffects of(TableShape shape, List<String> conflict, Relation relation) throws SQLException {
        return inTrial(() -> {
            Savepoint before = connection.setSavepoint();
            try {
                Live live = new Live(shape, conflict, relation);
                try {
                    return live.tryOut(live.made());
                } catch (SQLException e) {
                    connection.rollback(before);
                    Optional<List<Row>> real = live.real();
                    if (real.isEmpty()) {
                        return TriggerEffects.unknown("the try ended with SQLSTATE " + e.getSQLState());
                    }
                    return live.tryOut(real.get());
                }
            } catch (SQLException e) {
                connection.rollback(before);
                return TriggerEffects.unknown("the try ended with SQLSTATE " + e.getSQLState());
            } finally {
                connection.rollback(before);
                connection.releaseSavepoint(before);
            }
        });
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /// @param element the type of an array's elements; null of what is no array
    /// @param labels of an enum, or of an array of one
    /// @param parent the table and the column that a foreign key leads to, as SQL writes them; null for none
    private record Column(
            String name,
            String type,
            boolean notNull,
            String base,
            String category,
            @Nullable String element,
            @Nullable String elementCategory,
            List<String> labels,
            @Nullable String parent) {
        /// SQL that makes the `k`th value. In mixed case and with a blank at the end, which functions like to
        /// change; short, and small, to fit where little does.
        String value(int k) {
            String value = element == null || elementCategory == null
                    ? literal(base, category, k)
                    : "ARRAY[" + literal(element, elementCategory, k) + "]";
            String made = "(" + value + ")::" + type;
            if (parent == null) {
                return made;
            }
            String table = parent.substring(0, parent.lastIndexOf('|'));
            String column = parent.substring(parent.lastIndexOf('|') + 1);
            String found = "(SELECT r." + column + " FROM " + table + " r OFFSET ";
            return "coalesce(" + found + k + " LIMIT 1), " + found + "0 LIMIT 1), " + made + ")::" + type;
        }

        private String literal(String name, String of, int k) {
            int n = k + 1;
            return switch (of) {
                case "B" -> k % 2 == 0 ? "false" : "true";
                case "E" -> "'" + labels.get(k % labels.size()).replace("'", "''") + "'";
                case "N" -> String.valueOf(n);
                case "D" ->
                    name.startsWith("time") && !name.startsWith("timestamp")
                            ? "'04:05:0" + n + "'"
                            : "'2001-02-0" + n + " 04:05:06'";
                case "T" -> "'" + n + " hours'";
                case "I" -> "'192.0.2." + n + "'";
                case "V" -> "B'" + Integer.toBinaryString(n) + "'";
                case "R" -> "'empty'";
                case "S" -> "'" + n + "Sluice '";
                default ->
                    switch (name) {
                        case "uuid" -> "'00000000-0000-4000-8000-00000000000" + n + "'";
                        case "bytea" -> "'\\x0" + n + "'";
                        case "json", "jsonb" -> "'{\"sluice\": " + n + "}'";
                        case "xml" -> "'<sluice>" + n + "</sluice>'";
                        default -> "'" + n + "'";
                    };
            };
        }

        boolean isTime() {
            return category.equals("D");
        }
    }

    /// The values of a row as text, by column.
    private record Row(Map<String, @Nullable String> values) {
        @Nullable
        String get(Column column) {
            return values.get(column.name());
        }
    }

    /// One try at one relation.
    private final class Live {
        private final TableShape shape;
        private final Relation relation;
        private final List<Column> all = new ArrayList<>();
        /// Those that Sluice writes.
        private final List<Column> written = new ArrayList<>();
        /// Those of them that its updates set.
        private final List<Column> set = new ArrayList<>();
        private final Set<Column> onInsert = new LinkedHashSet<>();
        private final Set<Column> touched = new LinkedHashSet<>();

        Live(TableShape shape, List<String> conflict, Relation relation) throws SQLException {
            this.shape = shape;
            this.relation = relation;
            Set<String> inserted = new HashSet<>(conflict);
            shape.columns().stream().limit(shape.keyColumns()).forEach(c -> inserted.add(c.name()));
            shape.columns().stream().filter(c -> c.write() == Write.INSERT).forEach(c -> inserted.add(c.name()));
            Set<String> names =
                    shape.columns().stream().map(TableShape.Column::name).collect(Collectors.toSet());
            try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
                statement.setString(1, shape.table().sql());
                statement.setString(2, shape.table().sql());
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        Column column = column(row);
                        all.add(column);
                        if (names.contains(column.name())) {
                            written.add(column);
                            if (!inserted.contains(column.name())) {
                                set.add(column);
                            }
                        }
                    }
                }
            }
        }

        private static Column column(ResultSet row) throws SQLException {
            List<String> labels = row.getArray(8) == null
                    ? List.of()
                    : Arrays.asList((String[]) row.getArray(8).getArray());
            return new Column(
                    row.getString(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6),
                    row.getString(7),
                    labels,
                    row.getString(9));
        }

        /// Rows of values that are made up. A column whose type takes none of them stays NULL.
        List<Row> made() throws SQLException {
            try {
                return rows(written);
            } catch (SQLException oneOfThem) {
                List<Column> taking = new ArrayList<>();
                for (Column column : written) {
                    Savepoint before = connection.setSavepoint();
                    try {
                        rows(List.of(column));
                        taking.add(column);
                    } catch (SQLException e) {
                        connection.rollback(before);
                    }
                }
                return rows(taking);
            }
        }

        /// Rows of the values that a row of the table has, but for times that the mapping writes `along`, which
        /// are made up. For functions that look closely at what they get.
        ///
        /// @return empty when there is no such time, or no row
        Optional<List<Row>> real() throws SQLException {
            Set<String> along = shape.columns().stream()
                    .filter(c -> c.write() == Write.ALONG)
                    .map(TableShape.Column::name)
                    .collect(Collectors.toSet());
            List<Column> varied =
                    set.stream().filter(c -> along.contains(c.name())).toList();
            if (varied.isEmpty()) {
                return Optional.empty();
            }
            List<Row> rows = rows(varied);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "SELECT " + texts() + " FROM " + shape.table().sql() + " LIMIT 1")) {
                if (!row.next()) {
                    return Optional.empty();
                }
                Row real = read(row);
                rows.forEach(r -> real.values().forEach(r.values()::putIfAbsent));
                written.retainAll(varied);
                set.retainAll(varied);
                onInsert.clear();
                touched.clear();
                return Optional.of(rows);
            }
        }

        private List<Row> rows(List<Column> columns) throws SQLException {
            List<Row> rows = new ArrayList<>();
            for (int k = 0; k < VALUES; k++) {
                rows.add(new Row(new LinkedHashMap<>()));
            }
            if (columns.isEmpty()) {
                return rows;
            }
            StringBuilder sql = new StringBuilder("SELECT ");
            for (int k = 0; k < VALUES; k++) {
                for (Column column : columns) {
                    sql.append(sql.length() > 7 ? ", " : "")
                            .append("(")
                            .append(column.value(k))
                            .append(")::text");
                }
            }
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(sql.toString())) {
                row.next();
                for (int k = 0; k < VALUES; k++) {
                    for (int c = 0; c < columns.size(); c++) {
                        rows.get(k).values().put(columns.get(c).name(), row.getString(k * columns.size() + c + 1));
                    }
                }
            }
            return rows;
        }

        /// @param rows with other values each, where there are others
        TriggerEffects tryOut(List<Row> rows) throws SQLException {
            TriggerTrial.this.execute(LIMITS + likeness());
            Row now = insert(rows.get(0));
            if (now == null) {
                return TriggerEffects.dropping("a trigger let no row be inserted");
            }
            onInsert.addAll(changed(written, rows.get(0), now));
            touched.addAll(onInsert);
            List<Column> times = set.stream().filter(Column::isTime).toList();
            List<Column> others = set.stream().filter(c -> !c.isTime()).toList();
            // What our updates do: they set every column, to what it was or to another value.
            for (int k = 1; k <= 3; k++) {
                now = update(rows.get(k), k == 1 ? set : k == 2 ? others : times, set, now);
                if (now == null) {
                    return TriggerEffects.dropping("a trigger let no row be updated");
                }
            }
            Set<Column> rewritten = new LinkedHashSet<>(touched);
            rewritten.retainAll(set);
            Set<Column> stamped = new LinkedHashSet<>(touched);
            stamped.removeAll(rewritten);
            for (int k = 4; !rewritten.isEmpty(); k++) {
                List<Column> tried = List.copyOf(rewritten);
                Row written = now;
                now = update(rows.get(k % VALUES), tried, tried, written);
                if (now == null) {
                    return TriggerEffects.dropping("a trigger let no row be updated");
                }
                Set<Column> lost = changed(tried, rows.get(k % VALUES), now);
                if (lost.isEmpty()) {
                    break;
                }
                rewritten.removeAll(lost);
                stamped.addAll(lost);
            }
            Map<String, String> types = new TreeMap<>();
            rewritten.forEach(c -> types.put(c.name(), c.type()));
            onInsert.retainAll(rewritten);
            return new TriggerEffects(
                    stamped.stream().map(Column::name).collect(Collectors.toSet()),
                    types,
                    !onInsert.isEmpty(),
                    false,
                    null);
        }

        /// Whether a row that is inserted, and then updated, is gone afterwards or has another key.
        boolean undoesWrite() throws SQLException {
            List<Row> rows = made();
            TriggerTrial.this.execute(LIMITS + likeness());
            Row written = insert(rows.get(0));
            if (written == null) {
                return false;
            }
            if (!isThere(written)) {
                return true;
            }
            Row updated = update(rows.get(1), set, set, written);
            return updated != null && !isThere(updated);
        }

        /// Whether a row that is deleted is still there.
        boolean undoesDelete() throws SQLException {
            List<Row> rows = made();
            TriggerTrial.this.execute(LIMITS + new Live(shape, List.of(), relation.only(t -> false)).likeness());
            Row written = insert(rows.get(0));
            if (written == null) {
                return false;
            }
            TriggerTrial.this.execute(definitions());
            TriggerTrial.this.execute("DELETE FROM pg_temp." + TableName.quote(relation.name()));
            return isThere(written);
        }

        /// By its key.
        private boolean isThere(Row written) throws SQLException {
            Set<String> keys = shape.columns().stream()
                    .limit(shape.keyColumns())
                    .map(TableShape.Column::name)
                    .collect(Collectors.toSet());
            List<Column> key =
                    this.written.stream().filter(c -> keys.contains(c.name())).toList();
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "SELECT " + texts() + " FROM pg_temp." + TableName.quote(relation.name()))) {
                while (row.next()) {
                    if (changed(key, written, read(row)).isEmpty()) {
                        return true;
                    }
                }
            }
            return false;
        }

        private String definitions() {
            return relation.triggers().stream().map(Trigger::definition).collect(Collectors.joining("; "));
        }

        private String likeness() {
            String table = "pg_temp." + TableName.quote(relation.name());
            String nullable = all.stream()
                    .filter(Column::notNull)
                    .map(c -> "ALTER COLUMN " + TableName.quote(c.name()) + " DROP NOT NULL")
                    .collect(Collectors.joining(", "));
            return "CREATE TABLE " + table + " (LIKE " + shape.table().sql() + " INCLUDING DEFAULTS);"
                    + (nullable.isEmpty() ? "" : " ALTER TABLE " + table + " " + nullable + ";")
                    + " " + definitions();
        }

        private String texts() {
            return written.stream()
                    .map(c -> TableName.quote(c.name()) + "::text")
                    .collect(Collectors.joining(", "));
        }

        private Row read(ResultSet row) throws SQLException {
            Row read = new Row(new LinkedHashMap<>());
            for (int c = 0; c < written.size(); c++) {
                read.values().put(written.get(c).name(), row.getString(c + 1));
            }
            return read;
        }

        /// @return the row as it is then; null when there is none
        private @Nullable Row insert(Row row) throws SQLException {
            List<Column> given = all.stream()
                    .filter(c -> written.contains(c) || row.values().containsKey(c.name()))
                    .toList();
            return execute(
                    "INSERT INTO pg_temp." + TableName.quote(relation.name()) + " ("
                            + given.stream().map(c -> TableName.quote(c.name())).collect(Collectors.joining(", "))
                            + ") VALUES ("
                            + given.stream().map(c -> "?::" + c.type()).collect(Collectors.joining(", "))
                            + ")",
                    given,
                    row);
        }

        /// Notes which columns then hold something else than they should.
        ///
        /// @param given the columns that get the values of the row
        /// @param set the columns of the statement; those that are not given get what they hold
        /// @return the row as it is then; null when there is none
        private @Nullable Row update(Row row, List<Column> given, List<Column> set, Row now) throws SQLException {
            if (set.isEmpty()) {
                return now;
            }
            List<Column> values = set.stream()
                    .filter(c -> given.contains(c) && row.values().containsKey(c.name()))
                    .toList();
            Row after = execute(
                    "UPDATE pg_temp." + TableName.quote(relation.name()) + " SET "
                            + set.stream()
                                    .map(c -> TableName.quote(c.name()) + " = "
                                            + (values.contains(c) ? "?::" + c.type() : TableName.quote(c.name())))
                                    .collect(Collectors.joining(", ")),
                    values,
                    row);
            if (after != null) {
                Row expected = new Row(new LinkedHashMap<>(now.values()));
                values.forEach(c -> expected.values().put(c.name(), row.get(c)));
                touched.addAll(changed(written, expected, after));
            }
            return after;
        }

        private @Nullable Row execute(String sql, List<Column> values, Row row) throws SQLException {
            try (PreparedStatement statement = connection.prepareStatement(sql + " RETURNING " + texts())) {
                for (int c = 0; c < values.size(); c++) {
                    statement.setString(c + 1, row.get(values.get(c)));
                }
                try (ResultSet after = statement.executeQuery()) {
                    return after.next() ? read(after) : null;
                }
            }
        }

        private static Set<Column> changed(List<Column> columns, Row from, Row to) {
            Set<Column> changed = new LinkedHashSet<>();
            for (Column column : columns) {
                if (!Objects.equals(from.get(column), to.get(column))) {
                    changed.add(column);
                }
            }
            return changed;
        }
    }
}
