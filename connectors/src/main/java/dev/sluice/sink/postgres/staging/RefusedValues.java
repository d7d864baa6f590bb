package dev.sluice.sink.postgres.staging;

import dev.sluice.failure.Failures;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.memory.Footprint;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.catalog.ValueCast;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Function;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Finds, among staged rows, the values that PostgreSQL does not take for their columns' types: no label of an enum, no
/// interval, against a rule of a domain. Their documents are mapped once more, with these values as misfits.
///
/// A temporary function for each such column says of a value whether a variable of the type holds it, which is what
/// assigning to the column does; a value that is refused ends the function's block and not the transaction. So it works
/// for every type of every server, and not only where `pg_input_is_valid` does (16, and types changed for it).
/// Collections without such columns cost nothing. For one thread.
public final class RefusedValues {
    /// What a text is that means another value each time that it is read.
    private static final String BY_CLOCK = "clock";

    private static final String CHECK_VIOLATION = "23514";

    private final Connection connection;
    private final Function<TableSql, SortedMap<Integer, ValueCast>> asked;

    public RefusedValues(Connection connection) {
        this(connection, TableSql::casts);
    }

    /// @param asked the columns that are asked about, by their numbers, and how they take their values
    RefusedValues(Connection connection, Function<TableSql, SortedMap<Integer, ValueCast>> asked) {
        this.connection = connection;
        this.asked = asked;
    }

    /// Makes the session's functions for the tables. Before their staging tables are used.
    public void prepare(CollectionTables tables) throws SQLException {
        for (TableSql table : tables.all()) {
            for (Map.Entry<Integer, ValueCast> cast : asked.apply(table).entrySet()) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(function(table, cast.getKey(), cast.getValue()));
                }
            }
        }
    }

    /// Errors that are not about the value are passed on.
    private static String function(TableSql table, int column, ValueCast cast) {
        StringBuilder declared = new StringBuilder();
        ColumnType given = given(table, column, cast);
        // As the statement that writes the row has it.
        String value = "given" + TableSql.cast(given);
        for (int i = 0; i < cast.held().size(); i++) {
            declared.append("held")
                    .append(i)
                    .append(' ')
                    .append(cast.held().get(i))
                    .append(" := ")
                    .append(value)
                    .append("; ");
            value = "held" + i;
        }
        String clock = cast.isByClock()
                ? "IF given::text ~* '\\m(now|today|tomorrow|yesterday)\\M' THEN RETURN '" + BY_CLOCK + "'; END IF; "
                : "";
        return "CREATE OR REPLACE FUNCTION " + name(table, column) + "(given " + TableSql.stagingType(given)
                + ") RETURNS text LANGUAGE plpgsql STABLE STRICT AS $sluice$ BEGIN " + clock + "DECLARE " + declared
                + "BEGIN RETURN NULL; END; EXCEPTION WHEN OTHERS THEN"
                + " IF SQLSTATE ~ '" + Failures.NOT_OF_A_VALUE + "' THEN RAISE; END IF;"
                + " RETURN SQLSTATE; END $sluice$";
    }

    private static ColumnType given(TableSql table, int column, ValueCast cast) {
        ColumnType type = table.shape().columns().get(column).type();
        return cast.elements() && type instanceof ColumnType.Array(ColumnType of) ? of : type;
    }

    private static String name(TableSql table, int column) {
        return "pg_temp."
                + TableName.quote("sluice_refusal_" + table.staging().replaceAll("^pg_temp\\.|\"", "") + "_" + column);
    }

    /// What is refused of the rows that are staged, by the keys of their documents.
    SequencedMap<Object, Refusals> among(CollectionTables staged) throws SQLException {
        SequencedMap<Object, Refusals> refused = new LinkedHashMap<>();
        for (TableSql table : staged.all()) {
            SortedMap<Integer, ValueCast> casts = asked.apply(table);
            if (casts.isEmpty()) {
                continue;
            }
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(query(table, casts))) {
                while (row.next()) {
                    int column = row.getInt(3);
                    String reason = reason(casts.get(column), row.getString(5));
                    refused.computeIfAbsent(table.key(row), k -> new Refusals())
                            .add(
                                    table.shape().table(),
                                    table.shape().columns().get(column).name(),
                                    rowKey(table, row),
                                    row.getInt(4),
                                    reason);
                }
            }
        }
        return refused;
    }

    /// As [Refusals] has it.
    private static Object rowKey(TableSql table, ResultSet row) throws SQLException {
        TableShape shape = table.shape();
        if (shape.keyColumns() == 1) {
            return row.getLong(2);
        }
        return switch (shape.columns().get(1).type()) {
            case ColumnType.Int _ -> row.getLong(2);
            case ColumnType.Uuid _ -> row.getObject(2, UUID.class);
            default -> row.getString(2);
        };
    }

    private static String query(TableSql table, SortedMap<Integer, ValueCast> casts) {
        TableShape shape = table.shape();
        String rowKey = shape.keyColumns() > 1
                ? "s." + TableName.quote(shape.columns().get(1).name())
                : "0";
        List<String> branches = new ArrayList<>();
        casts.forEach((column, cast) -> {
            String value = "s." + TableName.quote(shape.columns().get(column).name());
            String refusal = name(table, column);
            branches.add(
                    cast.elements()
                            ? "SELECT " + column + " AS c, (u.n - 1)::integer AS e, " + refusal
                                    + "(u.v) AS state FROM unnest(" + value + ") WITH ORDINALITY u (v, n)"
                            : "SELECT " + column + " AS c, " + Refusals.WHOLE + " AS e, " + refusal + "(" + value
                                    + ") AS state");
        });
        return "SELECT s." + table.keyName() + ", " + rowKey + ", r.c, r.e, r.state FROM " + table.staging()
                + " s CROSS JOIN LATERAL (" + String.join(" UNION ALL ", branches) + ") r WHERE r.state IS NOT NULL";
    }

    private static String reason(@Nullable ValueCast cast, String state) {
        String type = cast == null ? "the column" : cast.held().getLast();
        return switch (state) {
            case BY_CLOCK -> "is another value each time that PostgreSQL reads it as " + type;
            case CHECK_VIOLATION -> "is against a rule of " + type;
            default -> "is not what PostgreSQL takes for " + type + " (SQLSTATE " + state + ")";
        };
    }

    /// The documents whose rows are staged.
    @FunctionalInterface
    public interface Staged {
        /// Gives those whose rows have one of these keys.
        void ofKeys(Set<Object> keys, Taker taker) throws SQLException;
    }

    /// Takes one document after the other.
    @FunctionalInterface
    public interface Taker {
        void take(Object key, BsonDocument document) throws SQLException;
    }

    /// Corrects the staged rows: documents with refused values are mapped again, and their new rows replace the
    /// staged ones.
    ///
    /// @param staged the collection's
    /// @param documents whose rows are staged
    /// @return the result for each document that was mapped again: its rows with the misfits, or why it has
    ///     none; then no row of it is staged
    public SequencedMap<Object, MappingResult> mapAgain(
            CollectionTarget target, CollectionTables staged, Staged documents) throws SQLException {
        SequencedMap<Object, MappingResult> results = new LinkedHashMap<>();
        Map<Object, Refusals> refused = among(staged);
        if (refused.isEmpty()) {
            return results;
        }
        unstage(staged, refused.keySet());
        EncodedRows rows = new EncodedRows(target.mapper().shapes());
        documents.ofKeys(refused.keySet(), (key, document) -> {
            MappingResult result = map(target, document, Objects.requireNonNull(refused.get(key)));
            results.put(key, result);
            if (result instanceof MappingResult.Mapped mapped) {
                add(rows, mapped);
            }
            if (rows.bytes() >= RowCopy.STAGED_BYTES) {
                stage(staged, rows);
            }
        });
        stage(staged, rows);
        // What the mapping puts in the place of a value may be refused as well.
        Map<Object, Refusals> again = among(staged);
        if (!again.isEmpty()) {
            unstage(staged, again.keySet());
            again.forEach((key, refusals) -> results.put(key, refusals.asRejection()));
        }
        return results;
    }

    static MappingResult map(CollectionTarget target, BsonDocument document, Refusals refusals) {
        return document instanceof RawBsonDocument raw && isLarge(raw)
                ? target.mapper().mapLarge(raw, refusals)
                : target.mapper().map(document, refusals);
    }

    private static boolean isLarge(BsonDocument document) {
        return document instanceof RawBsonDocument raw
                && Footprint.isLarge(raw.getByteBuffer().remaining());
    }

    private void unstage(CollectionTables staged, Collection<Object> keys) throws SQLException {
        for (TableSql table : staged.all()) {
            try (PreparedStatement statement = connection.prepareStatement(
                    "DELETE FROM " + table.staging() + " WHERE " + table.keyName() + " = ANY (?)")) {
                statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
                statement.executeUpdate();
            }
        }
    }

    private static void add(EncodedRows rows, MappingResult.Mapped document) {
        rows.addRow(0, document.row());
        for (int i = 0; i < document.children().size(); i++) {
            for (@Nullable Object[] row : document.children().get(i)) {
                rows.addRow(i + 1, row);
            }
        }
    }

    /// Stages the rows and forgets them.
    private void stage(CollectionTables staged, EncodedRows rows) throws SQLException {
        RowCopy.stage(connection, staged.all(), rows, null);
        rows.clear();
    }
}
