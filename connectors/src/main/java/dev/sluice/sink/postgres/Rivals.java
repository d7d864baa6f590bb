package dev.sluice.sink.postgres;

import dev.sluice.control.ResyncStore;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Documents of which only one can have its rows, since a unique index allows a value only once: the one
/// with the least `_id` has them, as far as rows hold the `_id`, independent of the order of arrival.
/// The others are dead letters that are retried when the value is free.
///
/// Costs nothing until PostgreSQL refuses a row. Works in the caller's transaction; for one thread.
final class Rivals {
    /// Unique indexes with what they are over, one for each that stands on columns the mapping writes
    /// alone.
    private static final String INDEXES = """
            SELECT i.indexrelid::regclass::text,
                   ARRAY(SELECT '(' || pg_get_indexdef(i.indexrelid, k, true) || ')' || coalesce(' COLLATE '
                           || quote_ident(n.nspname) || '.' || quote_ident(o.collname), '')
                         FROM generate_series(1, i.indnkeyatts) k
                         LEFT JOIN pg_collation o ON o.oid = i.indcollation[k - 1]
                         LEFT JOIN pg_namespace n ON n.oid = o.collnamespace ORDER BY k),
                   pg_get_expr(i.indpred, i.indrelid, true),
                   coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
                   ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid
                         AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) ORDER BY 1)
            FROM pg_index i WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indisvalid
              AND NOT EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname <> ALL (?)
                  AND (a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) OR EXISTS (
                    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                      AND d.refobjsubid = a.attnum)))
            ORDER BY 1
            """;

    private static final String TYPES = """
            SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
            """;

    private final Connection connection;
    private final String pipeline;

    Rivals(Connection connection, String pipeline) {
        this.connection = connection;
        this.pipeline = pipeline;
    }

    /// @param expressions what a row is known by, over its columns
    /// @param predicate of the rows that it is over; null: all
    private record Index(
            String name, List<String> expressions, @Nullable String predicate, boolean nullsToo) {
        String where() {
            return predicate == null ? "" : " WHERE " + predicate;
        }

        String known() {
            return "jsonb_build_array(" + String.join(", ", expressions) + ")::text";
        }

        String numbered() {
            return IntStream.range(0, expressions.size())
                    .mapToObj(i -> expressions.get(i) + " AS sluice_u" + i)
                    .collect(Collectors.joining(", "));
        }

        String same() {
            String equal = nullsToo ? " IS NOT DISTINCT FROM " : " = ";
            return IntStream.range(0, expressions.size())
                    .mapToObj(i -> "t.sluice_u" + i + equal + "n.sluice_u" + i)
                    .collect(Collectors.joining(" AND "));
        }
    }

    /// The rivals of the documents that are staged, in all tables of their collection.
    List<Rival> of(CollectionTarget target, CollectionTables staged) throws SQLException {
        String precedes = precedes(target, staged.own());
        List<Rival> found = new ArrayList<>();
        for (TableSql table : staged.all()) {
            Map<String, String> types = types(table);
            for (Index index : indexes(table)) {
                found.addAll(of(table, types, index, precedes));
            }
        }
        return found;
    }

    /// Whether the document of row `t` comes before the one of staged row `n`: by a text column that
    /// holds the `_id` where there is one, since a key may have been made of it in no order; then by the
    /// key.
    private static String precedes(CollectionTarget target, TableSql own) {
        String column = RowIdentity.idColumn(target);
        String there = own.ordered("t.sluice_key");
        String staged = own.ordered("n.sluice_key");
        if (column == null) {
            return there + " < " + staged;
        }
        String id = "SELECT coalesce(o." + TableName.quote(column) + "::text, '') COLLATE \"C\" FROM ";
        String same = " o WHERE o." + own.keyName() + " = ";
        return "ROW((" + id + own.shape().table().sql() + same + "t.sluice_key), " + there + ") < ROW((" + id
                + own.staging() + same + "n.sluice_key), " + staged + ")";
    }

    private List<Rival> of(TableSql table, Map<String, String> types, Index index, String precedes)
            throws SQLException {
        String columns = table.shape().columns().stream()
                .map(c -> TableSql.value(c, "s") + "::" + types.get(c.name()) + " AS " + TableName.quote(c.name()))
                .collect(Collectors.joining(", "));
        String sql = "SELECT t.sluice_key, " + precedes
                + ", t.known FROM (SELECT " + table.keyName() + " AS sluice_key, " + index.known() + " AS known, "
                + index.numbered() + " FROM " + table.shape().table().sql() + index.where()
                + ") t JOIN (SELECT sluice_key, " + index.numbered() + " FROM (SELECT s." + table.keyName()
                + " AS sluice_key, " + columns + " FROM " + table.staging() + " s) typed" + index.where() + ") n ON "
                + index.same() + " WHERE t.sluice_key::text COLLATE \"C\" <> n.sluice_key::text COLLATE \"C\"";
        List<Rival> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                found.add(new Rival(table.key(row), row.getBoolean(2), index.name(), row.getString(3)));
            }
        }
        return found;
    }

    /// Lists for a resync the dead letters whose rivals no longer have what they had.
    ///
    /// @return how many
    int sweep(CollectionTarget target, CollectionTables tables) throws SQLException {
        Set<String> behind = behind(target);
        if (behind.isEmpty()) {
            return 0;
        }
        int listed = 0;
        for (TableSql table : tables.all()) {
            for (Index index : indexes(table)) {
                if (behind.remove(index.name())) {
                    String has = " AND NOT EXISTS (SELECT FROM (SELECT " + index.known() + " AS known FROM "
                            + table.shape().table().sql() + " WHERE " + table.keyName() + " = d.behind_key::"
                            + table.keyArrayType()
                            + (index.predicate() == null ? "" : " AND (" + index.predicate() + ")")
                            + ") t WHERE t.known = d.behind_value)";
                    listed += list(target, index.name(), has);
                }
            }
        }
        // The value of the other dead letters is free now.
        for (String gone : behind) {
            listed += list(target, gone, "");
        }
        return listed;
    }

    private int list(CollectionTarget target, String index, String condition) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                ResyncStore.listing("SELECT d.pipeline, d.collection, d.document_key, NULL, 'duplicate'"
                        + " FROM sluice.dead_letter d WHERE d.pipeline = ? AND d.collection = ?"
                        + " AND d.behind_index = ?" + condition))) {
            statement.setString(1, pipeline);
            statement.setString(2, target.collection());
            statement.setString(3, index);
            return statement.executeUpdate();
        }
    }

    private Set<String> behind(CollectionTarget target) throws SQLException {
        Set<String> indexes = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT DISTINCT behind_index FROM"
                + " sluice.dead_letter WHERE pipeline = ? AND collection = ? AND behind_index IS NOT NULL")) {
            statement.setString(1, pipeline);
            statement.setString(2, target.collection());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    indexes.add(row.getString(1));
                }
            }
        }
        return indexes;
    }

    /// Without the one that recognises rows by something else than their keys: there a document takes a
    /// row over.
    private List<Index> indexes(TableSql table) throws SQLException {
        boolean byOthers =
                !table.conflict().contains(table.shape().columns().getFirst().name());
        List<String> conflict = table.conflict().stream().sorted().toList();
        List<Index> indexes = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(INDEXES)) {
            statement.setString(1, table.shape().table().sql());
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text",
                            table.shape().columns().stream()
                                    .map(TableShape.Column::name)
                                    .toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    if (!byOthers || !texts(row, 5).equals(conflict)) {
                        indexes.add(new Index(row.getString(1), texts(row, 2), row.getString(3), row.getBoolean(4)));
                    }
                }
            }
        }
        return indexes;
    }

    private Map<String, String> types(TableSql table) throws SQLException {
        Map<String, String> types = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(TYPES)) {
            statement.setString(1, table.shape().table().sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    types.put(row.getString(1), row.getString(2));
                }
            }
        }
        return types;
    }

    private static List<String> texts(ResultSet row, int column) throws SQLException {
        return Stream.of((Object[]) row.getArray(column).getArray())
                .map(String::valueOf)
                .toList();
    }
}
