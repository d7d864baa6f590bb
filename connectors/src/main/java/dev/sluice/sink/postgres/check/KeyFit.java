package dev.sluice.sink.postgres.check;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whether a table distinguishes all keys that MongoDB distinguishes: two documents whose keys are
/// equal in the table would share one row, as would two entries of one document in a child table. Types
/// that do are listed; any other type counts as one that may not.
final class KeyFit {
    private static final Pattern BOUNDED = Pattern.compile("character varying\\((\\d+)\\)");
    /// Those that hold whole numbers exactly.
    static final Pattern WHOLE = Pattern.compile("bigint|integer|smallint|numeric(\\(\\d+,\\d+\\))?");

    private KeyFit() {}

    /// @param conflict the columns by which rows are recognised
    /// @return empty where keys stay apart, or where the table has no such column
    static Optional<TableFault> fault(TableReader reader, LiveTable table, TableShape shape, List<String> conflict)
            throws SQLException {
        for (TableShape.Column key : shape.columns().subList(0, shape.keyColumns())) {
            boolean isOwn = key.equals(shape.columns().getFirst());
            // An ordinal is a whole number in any case.
            if (isOwn || !shape.hasOrdinals()) {
                Optional<TableFault> fault =
                        fault(reader, table, new Key(key, isOwn ? "the key" : "in the key", isOwn), conflict);
                if (fault.isPresent()) {
                    return fault;
                }
            }
        }
        return Optional.empty();
    }

    /// A column of the key.
    ///
    /// @param is what the column is
    /// @param isOwn whether it says which document a row is of; else, which entry of that
    private record Key(TableShape.Column column, String is, boolean isOwn) {
        /// What two of MongoDB become one row.
        String two() {
            return isOwn ? "two documents in MongoDB" : "two elements or entries of a document in MongoDB";
        }
    }

    private static Optional<TableFault> fault(TableReader reader, LiveTable table, Key of, List<String> conflict)
            throws SQLException {
        TableShape.Column key = of.column();
        Optional<LiveTable.Column> found = table.column(key.name());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        String name = table.name() + "." + key.name();
        String type = found.get().baseType();
        String holds = found.get().type().equals(type) ? type : found.get().type() + ", a " + type;
        Matcher bounded = BOUNDED.matcher(type);
        if (bounded.matches() && !isApart(reader, key.type(), found.get())) {
            return Optional.of(new TableFault(
                    TableFault.Kind.KEY,
                    name,
                    name + " is " + of.is() + " and is " + holds + ", and the mapping writes "
                            + key.type().sql() + ": PostgreSQL refuses keys of more than " + bounded.group(1)
                            + " characters (22001), except that it cuts off blanks at their end, and two keys that differ"
                            + " by those alone are one row.",
                    remedy(reader, table, of, found.get())));
        }
        if (!isApart(reader, key.type(), found.get())) {
            return Optional.of(new TableFault(
                    TableFault.Kind.KEY,
                    name,
                    name + " is " + of.is() + " and is " + holds + ": " + equal(type) + " are one key there and "
                            + of.two() + ", so one would take the other's row.",
                    remedy(reader, table, of, found.get())));
        }
        Optional<String> collation = reader.undetermined(table.name(), key.name(), conflict);
        return collation.map(c -> new TableFault(
                TableFault.Kind.KEY,
                name,
                name + " is " + of.is() + " and is compared by the nondeterministic collation " + c
                        + ": texts that differ are one key there and " + of.two()
                        + ", so one would take the other's row.",
                c.contains("index")
                        ? "Drop that index, or make it one over an expression: a document that has what another one has"
                                + " there is a dead letter then."
                        : "ALTER TABLE " + table.name().sql() + " ALTER COLUMN " + TableName.quote(key.name())
                                + " TYPE " + type + " COLLATE \"C\", or map the key to another column."));
    }

    private static boolean isApart(TableReader reader, ColumnType mapped, LiveTable.Column column) throws SQLException {
        String type = column.baseType();
        if (mapped instanceof ColumnType.Int) {
            return WHOLE.matcher(type).matches() || type.equals("text") || type.startsWith("character varying");
        }
        if (mapped instanceof ColumnType.Uuid) {
            return type.equals("uuid") || type.equals("text") || type.startsWith("character varying");
        }
        Matcher bounded = BOUNDED.matcher(type);
        if (bounded.matches()) {
            // Blanks beyond its length are cut off without an error.
            return mapped instanceof ColumnType.Varchar varchar
                    && varchar.length() <= Integer.parseInt(bounded.group(1));
        }
        return type.equals("text") || type.equals("character varying") || reader.isEnum(column.oid());
    }

    private static String equal(String type) {
        if (type.equals("citext")) {
            return "texts that differ in upper and lower case";
        }
        if (type.startsWith("character") || type.equals("bpchar")) {
            return "texts that differ in blanks at their end";
        }
        return type.equals("name") ? "texts that begin with the same 63 bytes" : "values that differ";
    }

    private static String remedy(TableReader reader, LiveTable table, Key of, LiveTable.Column live)
            throws SQLException {
        Matcher bounded = BOUNDED.matcher(live.baseType());
        String alter = new KeyRemedy(reader, table, of.column()).alter(live);
        return bounded.matches()
                ? "Give the key the type varchar(" + bounded.group(1)
                        + ") in the mapping: "
                        + (of.isOwn()
                                ? "a document with a longer key is a dead letter then, and the others are copied."
                                : "an element or entry with a longer key is in quarantine then, and the others are copied.")
                        + " Or " + alter
                : alter + " Or map the key to another column.";
    }
}
