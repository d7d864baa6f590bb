package dev.sluice.sink.postgres.table;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping.Write;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Lookup;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.TriggerEffects;
import dev.sluice.sink.postgres.catalog.ValueCast;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The SQL of one table, built once.
///
/// Rows arrive by binary COPY in a temporary staging table whose columns have the mapping's types; from
/// there one `INSERT .. SELECT .. ON CONFLICT` writes them, and PostgreSQL casts to the table's own types
/// on assignment. Not MERGE, which is slower from a table without statistics.
public final class TableSql {
    private final TableShape shape;
    private final List<String> conflict;
    private final String staging;
    private final TriggerEffects triggers;
    private final SortedMap<Integer, ValueCast> casts;

    /// @param shape as the mapper has it
    /// @param casts the columns, by their numbers, whose values are not assigned as they are
    /// @param staging the name of the staging table, unique in the session
    /// @param conflict the columns that say "the same row"
    /// @param triggers what the table's triggers make of what is written
    public TableSql(
            TableShape shape,
            SortedMap<Integer, ValueCast> casts,
            List<String> conflict,
            String staging,
            TriggerEffects triggers) {
        List<TableShape.Column> columns = new ArrayList<>(shape.columns());
        casts.forEach((number, cast) -> columns.set(number, columns.get(number).as(cast.type())));
        this.shape = new TableShape(shape.table(), shape.keyColumns(), columns);
        this.casts = casts;
        this.conflict = List.copyOf(conflict);
        this.staging = "pg_temp." + TableName.quote(staging);
        this.triggers = triggers;
    }

    /// The same with other tables in place of those that its references and look-ups lead to.
    ///
    /// @param otherStaging the name of another staging table
    public TableSql referringTo(UnaryOperator<TableName> tables, String otherStaging) {
        List<TableShape.Column> columns = shape.columns().stream()
                .map(c -> new TableShape.Column(
                        c.name(), c.type(), led(c.reference(), tables), led(c.lookup(), tables), c.write()))
                .toList();
        return new TableSql(
                new TableShape(shape.table(), shape.keyColumns(), columns), casts, conflict, otherStaging, triggers);
    }

    private static @Nullable Reference led(@Nullable Reference r, UnaryOperator<TableName> tables) {
        return r == null
                ? null
                : new Reference(tables.apply(r.table()), r.match(), r.matchType(), r.take(), r.and(), r.orphan());
    }

    private static @Nullable Lookup led(@Nullable Lookup l, UnaryOperator<TableName> tables) {
        return l == null ? null : new Lookup(tables.apply(l.table()), l.match(), l.matchType(), l.by(), l.take());
    }

    /// The columns, by their numbers, whose values are not assigned as they are.
    public SortedMap<Integer, ValueCast> casts() {
        return casts;
    }

    /// The columns by which rows are recognised, in the order of the mapping.
    public List<String> conflict() {
        return conflict;
    }

    /// With the types that text is cast to.
    public TableShape shape() {
        return shape;
    }

    public String staging() {
        return staging;
    }

    /// Emptied at each commit, so a transaction that fails leaves nothing behind either. That costs each
    /// commit of the session time, whatever it has written: for sessions of a few tables and large
    /// transactions.
    public String createStaging() {
        return createStaging("DELETE");
    }

    /// Keeps its rows until they are deleted or the session ends.
    public String createLastingStaging() {
        return createStaging("PRESERVE");
    }

    private String createStaging(String onCommit) {
        return "CREATE TEMP TABLE IF NOT EXISTS " + staging.substring("pg_temp.".length()) + " ("
                + shape.columns().stream()
                        .map(c -> TableName.quote(c.name()) + " " + stagingType(c.type()))
                        .collect(Collectors.joining(", "))
                + ") ON COMMIT " + onCommit + " ROWS";
    }

    /// citext is an extension's type without a fixed OID, so it is staged as text, which casts on
    /// assignment. inet and types by name are carried as text, and cast by [#value].
    public static String stagingType(ColumnType type) {
        return switch (type) {
            case ColumnType.Citext c -> "text";
            case ColumnType.Inet i -> "text";
            case ColumnType.Postgres p -> "text";
            case ColumnType.Array a -> stagingType(a.element()) + "[]";
            case ColumnType.Text t -> t.sql();
            case ColumnType.Varchar t -> t.sql();
            case ColumnType.Bool t -> t.sql();
            case ColumnType.Int t -> t.sql();
            case ColumnType.DoublePrecision t -> t.sql();
            case ColumnType.Numeric t -> t.sql();
            case ColumnType.Timestamptz t -> t.sql();
            case ColumnType.Date t -> t.sql();
            case ColumnType.Uuid t -> t.sql();
            case ColumnType.Bytea t -> t.sql();
            case ColumnType.Jsonb t -> t.sql();
        };
    }

    public String copyIntoStaging() {
        return "COPY " + staging + " FROM STDIN (FORMAT binary)";
    }

    /// Straight into the table.
    public String copyIntoTable() {
        return "COPY " + shape.table().sql() + " ("
                + quoted(shape.columns().stream().map(TableShape.Column::name).toList())
                + ") FROM STDIN (FORMAT binary)";
    }

    /// Those of an array of keys, the parameter, that rows have.
    public String keysPresent() {
        return "SELECT DISTINCT " + keyName() + " FROM " + shape.table().sql() + " WHERE " + keyName() + " = ANY (?)";
    }

    /// Whether there is no row.
    public String isEmpty() {
        return "SELECT NOT EXISTS (SELECT FROM " + shape.table().sql() + ")";
    }

    /// Inserts or updates what is staged. A row that would not change is not written: no dead tuple, no
    /// WAL, no trigger that sets `updated_at`. `*<>` compares the stored bytes, so 1.0 and 1.00 are not the
    /// same.
    ///
    /// The predicate of the conflict target costs nothing where the unique index covers all rows, and lets
    /// one serve that leaves out NULLs.
    public String upsert() {
        List<TableShape.Column> set = shape.columns().stream()
                .filter(c -> !conflict.contains(c.name()) && c.write() != Write.INSERT)
                .toList();
        List<TableShape.Column> compared = comparedOnUpdate();
        String insert = insert();
        if (compared.isEmpty()) {
            return insert + "NOTHING";
        }
        return insert + "UPDATE SET "
                + set.stream()
                        .map(c -> TableName.quote(c.name()) + " = " + updated(c, "t", "EXCLUDED"))
                        .collect(Collectors.joining(", "))
                + " WHERE " + differs(compared, "EXCLUDED");
    }

    /// Up to what is done about a row that is there.
    private String insert() {
        return "INSERT INTO " + shape.table().sql() + " AS t ("
                + quoted(shape.columns().stream().map(TableShape.Column::name).toList())
                + ") OVERRIDING SYSTEM VALUE SELECT "
                + shape.columns().stream().map(c -> value(c, "s")).collect(Collectors.joining(", ")) + " FROM "
                + staging + " s ON CONFLICT (" + quoted(conflict) + ") WHERE "
                + conflict.stream()
                        .map(c -> TableName.quote(c) + " IS NOT NULL")
                        .collect(Collectors.joining(" AND "))
                + " DO ";
    }

    /// For rows that are recognised by more or other columns than the key: a document's row that is there under other
    /// values of these goes where another row has the new ones already, or another row has its key too.
    ///
    /// @return empty where the key alone says which row it is
    public Optional<String> deleteMoved() {
        return isRecognisedByKey()
                ? Optional.empty()
                : Optional.of("DELETE FROM " + shape.table().sql() + " t USING " + staging + " s WHERE " + moved()
                        + " AND (EXISTS (SELECT FROM " + shape.table().sql() + " x WHERE ROW(" + conflictOf("x")
                        + ") = ROW(" + conflictStaged() + ")) OR EXISTS (SELECT FROM "
                        + shape.table().sql()
                        + " y WHERE y." + keyName() + " = t." + keyName()
                        + " AND (y.tableoid, y.ctid) > (t.tableoid, t.ctid)))");
    }

    /// Gives a row of the document that is there the new values of those columns. In place, so that rows that refer to
    /// it, and columns that are written once, stay.
    ///
    /// @return empty where the key alone says which row it is
    public Optional<String> updateMoved() {
        return isRecognisedByKey()
                ? Optional.empty()
                : Optional.of("UPDATE " + shape.table().sql() + " t SET "
                        + conflictColumns().stream()
                                .filter(c -> !TableName.quote(c.name()).equals(keyName()))
                                .map(c -> TableName.quote(c.name()) + " = " + value(c, "s"))
                                .collect(Collectors.joining(", "))
                        + " FROM " + staging + " s WHERE " + moved());
    }

    private boolean isRecognisedByKey() {
        return conflict.contains(shape.columns().getFirst().name()) && conflict.size() <= shape.keyColumns();
    }

    private List<TableShape.Column> conflictColumns() {
        return shape.columns().stream().filter(c -> conflict.contains(c.name())).toList();
    }

    private String conflictOf(String alias) {
        return conflictColumns().stream()
                .map(c -> alias + "." + TableName.quote(c.name()))
                .collect(Collectors.joining(", "));
    }

    private String conflictStaged() {
        return conflictColumns().stream().map(c -> value(c, "s")).collect(Collectors.joining(", "));
    }

    private String moved() {
        return "t." + keyName() + " = s." + keyName() + " AND ROW(" + conflictOf("t") + ") IS DISTINCT FROM ROW("
                + conflictStaged() + ") AND "
                + conflictColumns().stream()
                        .map(c -> "(" + value(c, "s") + ") IS NOT NULL")
                        .collect(Collectors.joining(" AND "));
    }

    /// Whether a difference in such a column is one between document and row.
    public boolean isCompared(TableShape.Column column) {
        return switch (column.write()) {
            case ALWAYS, MERGE -> true;
            case INSERT -> false;
            case ALONG -> !triggers.stamped().contains(column.name());
        };
    }

    /// Writes the staged values again into columns that triggers have set: an update of these columns
    /// alone, which those triggers do not change.
    ///
    /// @return empty where there is no such column
    public Optional<String> writeAgain() {
        List<TableShape.Column> rewritten = shape.columns().stream()
                .filter(c -> triggers.rewritten().containsKey(c.name()))
                .toList();
        if (rewritten.isEmpty()) {
            return Optional.empty();
        }
        List<TableShape.Column> selected = new ArrayList<>(conflictColumns());
        selected.addAll(rewritten);
        return Optional.of("UPDATE " + shape.table().sql() + " t SET "
                + rewritten.stream()
                        .map(c -> TableName.quote(c.name()) + " = " + updated(c, "t", "e"))
                        .collect(Collectors.joining(", "))
                + " FROM (SELECT "
                + selected.stream()
                        .map(c -> value(c, "s")
                                + (rewritten.contains(c)
                                        ? "::" + triggers.rewritten().get(c.name())
                                        : "")
                                + " AS " + TableName.quote(c.name()))
                        .collect(Collectors.joining(", "))
                + " FROM " + staging + " s) e WHERE "
                + conflictColumns().stream()
                        .map(c -> "t." + TableName.quote(c.name()) + " = e." + TableName.quote(c.name()))
                        .collect(Collectors.joining(" AND "))
                + " AND ROW("
                + rewritten.stream().map(c -> "t." + TableName.quote(c.name())).collect(Collectors.joining(", "))
                + ")::record *<> ROW("
                + rewritten.stream().map(c -> updated(c, "t", "e")).collect(Collectors.joining(", "))
                + ")::record");
    }

    /// Whether rows that are inserted hold what is written, or can't.
    public boolean keepsWhatIsInserted() {
        return !triggers.onInsert();
    }

    /// What an update makes of a column.
    ///
    /// @param now the alias of the row that is there
    /// @param with the alias of the row that is written
    public static String updated(TableShape.Column column, String now, String with) {
        String theirs = now + "." + TableName.quote(column.name());
        String ours = with + "." + TableName.quote(column.name());
        return column.write() == Write.MERGE
                ? "coalesce(" + theirs + " || " + ours + ", " + ours + ", " + theirs + ")"
                : ours;
    }

    /// The value of a staged column as the table should hold it: itself, or what its reference or look-up
    /// finds.
    public static String value(TableShape.Column column, String alias) {
        String staged = alias + "." + TableName.quote(column.name()) + cast(column.type());
        Reference reference = column.reference();
        String value = reference == null ? staged : found(reference, column.type(), staged, alias);
        Lookup lookup = column.lookup();
        if (lookup == null) {
            return value;
        }
        return "coalesce(" + value + ", (SELECT r." + TableName.quote(lookup.take()) + " FROM "
                + lookup.table().sql() + " r WHERE r." + TableName.quote(lookup.match()) + " = "
                + cast(alias + "." + TableName.quote(lookup.by()), lookup.matchType()) + " LIMIT 1))";
    }

    private static String found(Reference reference, ColumnType type, String staged, String alias) {
        String take = "r." + TableName.quote(reference.take());
        String table = reference.table().sql();
        if (!(type instanceof ColumnType.Array)) {
            return "(SELECT " + take + " FROM " + table + " r WHERE "
                    + matches(reference.match(), reference.matchType(), reference.and(), staged, alias) + ")";
        }
        String join = reference.orphan() == Reference.Orphan.DROP ? " JOIN " : " LEFT JOIN ";
        return "CASE WHEN " + staged + " IS NOT NULL THEN ARRAY(SELECT " + take + " FROM unnest(" + staged
                + ") WITH ORDINALITY u (v, n)" + join + table + " r ON "
                + matches(reference.match(), reference.matchType(), reference.and(), "u.v", alias)
                + " ORDER BY u.n) END";
    }

    /// The condition that a row `r` of another table is the one a value refers to.
    ///
    /// @param value compared with `match`
    /// @param and further columns of the other table, each with the one of `alias` it has to equal
    static String matches(String match, ColumnType matchType, Map<String, String> and, String value, String alias) {
        StringBuilder condition = new StringBuilder("r." + TableName.quote(match) + " = " + cast(value, matchType));
        and.forEach((theirs, ours) ->
                condition.append(" AND r." + TableName.quote(theirs) + " = " + alias + "." + TableName.quote(ours)));
        return condition.toString();
    }

    /// citext and types by name are staged as text, and compared as what they are.
    public static String cast(String value, ColumnType type) {
        return type instanceof ColumnType.Citext || type instanceof ColumnType.Postgres
                ? value + "::" + type.sql()
                : value;
    }

    /// Text is no inet, and no enum, unless it is told to be.
    public static String cast(ColumnType type) {
        ColumnType element = type instanceof ColumnType.Array(ColumnType of) ? of : type;
        return element instanceof ColumnType.Inet || element instanceof ColumnType.Postgres ? "::" + type.sql() : "";
    }

    /// Whether one of the staged rows, which were just written, is not there under its very key.
    public String isAnyLost() {
        return "SELECT EXISTS (SELECT FROM " + staging + " s WHERE NOT EXISTS (SELECT FROM "
                + shape.table().sql() + " t WHERE t." + keyName() + " = s." + keyName() + " AND " + bytes("t") + " = "
                + bytes("s") + "))";
    }

    /// Whether one of those is there under a key that the table takes for the same.
    public String isAnyMerged() {
        return "SELECT EXISTS (SELECT FROM " + staging + " s JOIN "
                + shape.table().sql() + " t ON t." + keyName() + " = s."
                + keyName() + " WHERE " + bytes("t") + " <> " + bytes("s") + " AND NOT EXISTS (SELECT FROM "
                + shape.table().sql() + " o WHERE o." + keyName() + " = s." + keyName() + " AND " + bytes("o") + " = "
                + bytes("s") + "))";
    }

    /// Whether one of the staged rows, which were just written, is not there under its key.
    public String isAnyAbsent() {
        return isAnyWithoutRow(List.of(), Map.of());
    }

    /// Whether one of them is not there, or differs and was not written in this transaction.
    ///
    /// @param types the types of the table's columns as PostgreSQL writes them
    public String isAnyUndone(Map<String, String> types) {
        return isAnyWithoutRow(comparedOnUpdate(), types);
    }

    private List<TableShape.Column> comparedOnUpdate() {
        return shape.columns().stream()
                .filter(c -> !conflict.contains(c.name()) && c.write() != Write.INSERT && isCompared(c))
                .toList();
    }

    private String isAnyWithoutRow(List<TableShape.Column> compared, Map<String, String> types) {
        List<TableShape.Column> keys = shape.columns().subList(0, shape.keyColumns());
        List<TableShape.Column> values =
                compared.stream().filter(c -> !keys.contains(c)).toList();
        String expected = Stream.concat(
                        keys.stream().map(c -> "s." + TableName.quote(c.name())),
                        values.stream()
                                .map(c -> value(c, "s") + "::" + types.get(c.name()) + " AS "
                                        + TableName.quote(c.name())))
                .collect(Collectors.joining(", "));
        String same = keys.stream()
                .map(c -> "t." + TableName.quote(c.name()) + " = e." + TableName.quote(c.name()))
                .collect(Collectors.joining(" AND "));
        String written =
                values.isEmpty() ? "" : " AND (t.xmin = pg_current_xact_id()::xid OR NOT " + differs(values, "e") + ")";
        return "SELECT EXISTS (SELECT FROM (SELECT " + expected + " FROM " + staging
                + " s) e WHERE NOT EXISTS (SELECT FROM " + shape.table().sql() + " t WHERE " + same + " AND "
                + bytes("t") + " = " + bytes("e") + written + "))";
    }

    private static String differs(List<TableShape.Column> columns, String with) {
        return "ROW("
                + columns.stream().map(c -> "t." + TableName.quote(c.name())).collect(Collectors.joining(", "))
                + ")::record *<> ROW("
                + columns.stream().map(c -> updated(c, "t", with)).collect(Collectors.joining(", ")) + ")::record";
    }

    /// [#upsert] once more, where all rows are there: it writes nothing, and fails with 22012 (division
    /// by zero) where a row is still to be updated that this transaction has not written. It counts in
    /// the setting `sluice.reached` which rows come so far. Only here are values as BEFORE INSERT
    /// triggers make them.
    public String requireUpdated() {
        return insert() + "UPDATE SET " + keyName() + " = t." + keyName() + " WHERE CASE WHEN "
                + differs(comparedOnUpdate(), "EXCLUDED")
                + " AND t.xmin <> pg_current_xact_id()::xid THEN 1 / (t." + keyName() + " IS NULL)::int = 1"
                + " ELSE set_config('sluice.reached', (current_setting('sluice.reached')::bigint + 1)::text, true) IS NULL END";
    }

    /// After that: whether a trigger let some of the rows not come so far.
    public String isAnyLeftOut() {
        return "SELECT current_setting('sluice.reached')::bigint < (SELECT count(*) FROM " + staging + ")";
    }

    /// A key in the order by which one document precedes another: numbers by value, texts by their bytes.
    public String ordered(String key) {
        return keyArrayType().equals("text") ? "(" + key + "::text COLLATE \"C\")" : key;
    }

    /// The key as text that is compared by its bytes.
    String bytes(String alias) {
        return alias + "." + keyName() + "::text COLLATE \"C\"";
    }

    /// Deletes by the first key column; takes one array parameter.
    public String deleteByKey() {
        return "DELETE FROM " + shape.table().sql() + " WHERE " + keyName() + " = ANY (?)";
    }

    /// In a child table: deletes the rows of these parents that are not staged, which is how rows beyond
    /// the end of a shrunken array go; takes one array parameter. By array and not by join, so that the
    /// planner knows how few parents there are and uses the key's index.
    public String deleteUnstaged() {
        return "DELETE" + unstaged();
    }

    /// [#deleteUnstaged] that takes the child rows that are there as they are staged out of the staging
    /// table, too, so that [#upsert] has only those to write that are not: it would lock each row that it
    /// finds equal. A child row that is there is read once. For tables of which [#isStagedAsItIs].
    public String deleteUnstagedAndUnstageEqual() {
        String childKey = childKeyName();
        List<TableShape.Column> compared = comparedOnUpdate();
        String key = "." + keyName();
        return "WITH there AS (SELECT t.ctid AS place, s.ctid AS staged, "
                + (compared.isEmpty() ? "true" : "NOT (" + differs(compared, "s") + ")") + " AS equal FROM "
                + shape.table().sql() + " t LEFT JOIN " + staging + " s ON s" + key + " = t" + key + " AND s."
                + childKey
                + " = t." + childKey + " WHERE t" + key + " = ANY (?)), equal AS (DELETE FROM " + staging
                + " d USING there WHERE d.ctid = there.staged AND there.equal) DELETE FROM "
                + shape.table().sql() + " d USING there WHERE d.ctid = there.place AND there.staged IS NULL";
    }

    /// Asks whether each column is staged in the very type that it has in the table.
    public String isStagedAsItIs() {
        return "SELECT count(*) = " + shape.columns().size()
                + " FROM pg_attribute t JOIN pg_attribute s USING (attname, atttypid, attcollation) WHERE t.attrelid = "
                + TableName.literal(shape.table().sql()) + "::regclass AND s.attrelid = " + TableName.literal(staging)
                + "::regclass AND t.attnum > 0 AND s.attnum > 0 AND NOT t.attisdropped";
    }

    /// The parents whose child rows [#deleteUnstaged] deletes.
    public String keysUnstaged() {
        return "SELECT DISTINCT c." + keyName() + unstaged();
    }

    private String unstaged() {
        String childKey = childKeyName();
        return " FROM " + shape.table().sql() + " c WHERE c." + keyName()
                + " = ANY (?) AND NOT EXISTS (SELECT FROM " + staging + " s WHERE s." + keyName() + " = c." + keyName()
                + " AND s." + childKey + " = c." + childKey + ")";
    }

    /// In a child table, the name of the column that tells a parent's rows apart, quoted.
    private String childKeyName() {
        return TableName.quote(shape.columns().get(1).name());
    }

    /// The type of the key: its own, or in a child table the parent's.
    public ColumnType.Key keyType() {
        return (ColumnType.Key) shape.columns().getFirst().type();
    }

    /// The name of the array element type of the key, for `Connection.createArrayOf`.
    public String keyArrayType() {
        return keyType().arrayElement();
    }

    /// The key in the first column of a result, as rows carry it.
    public Object key(ResultSet row) throws SQLException {
        return switch (keyType()) {
            case ColumnType.Uuid u -> row.getObject(1, UUID.class);
            case ColumnType.Int i -> row.getLong(1);
            case ColumnType.Text t -> row.getString(1);
            case ColumnType.Varchar v -> row.getString(1);
        };
    }

    /// The name of the key column, quoted.
    public String keyName() {
        return TableName.quote(shape.columns().getFirst().name());
    }

    private static String quoted(List<String> columns) {
        return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
