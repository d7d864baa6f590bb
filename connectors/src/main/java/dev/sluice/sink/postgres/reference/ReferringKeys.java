package dev.sluice.sink.postgres.reference;

import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Which foreign keys lead to rows, so that PostgreSQL does not let these be deleted. Not those of columns that
/// Sluice itself empties, or whose rows it deletes, before: the parent's key in a child table, and references of
/// the mapping. For one thread.
public final class ReferringKeys {
    /// Foreign keys that lead to a table and have no action when its rows are deleted. Those of
    /// partitions are their table's.
    private static final String KEYS = """
            SELECT k.conname, format('%I.%I', n.nspname, c.relname), array_agg(quote_ident(own.attname) ORDER BY p.i),
                   array_agg(quote_ident(other.attname) ORDER BY p.i),
                   n.nspname, c.relname, array_agg(own.attname::text)
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN unnest(k.conkey, k.confkey) WITH ORDINALITY p (own, other, i)
            JOIN pg_attribute own ON own.attrelid = k.conrelid AND own.attnum = p.own
            JOIN pg_attribute other ON other.attrelid = k.confrelid AND other.attnum = p.other
            WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = to_regclass(?) AND k.confdeltype IN ('a', 'r')
            GROUP BY k.oid, k.conname, n.nspname, c.relname ORDER BY 2, 1
            """;

    private ReferringKeys() {}

    private record ForeignKey(String name, String table, List<String> own, List<String> other) {}

    /// @param all collections of the mapping
    /// @param rowKeys keys of rows of the collection's own table, as text
    /// @return each foreign key as `badges_holder of public.badges`, by the row's key; without the rows that
    ///     none leads to
    public static Map<String, List<String>> to(
            Connection connection, List<CollectionTarget> all, CollectionTarget target, Collection<String> rowKeys)
            throws SQLException {
        Map<String, List<String>> found = new HashMap<>();
        TableName table = target.mapping().table();
        String key = TableName.quote(target.mapping().key().column());
        String type = target.mapping().key().type().arrayElement();
        Object[] keys =
                rowKeys.stream().map(text -> RowIdentity.rowKey(target, text)).toArray();
        for (ForeignKey foreign : keys(connection, table, followed(all, table))) {
            List<String> joined = new ArrayList<>();
            for (int i = 0; i < foreign.own().size(); i++) {
                joined.add(
                        "r." + foreign.own().get(i) + " = t." + foreign.other().get(i));
            }
            String sql = "SELECT t." + key + "::text FROM " + table.sql() + " t WHERE t." + key
                    + " = ANY (?) AND EXISTS (SELECT FROM " + foreign.table() + " r WHERE "
                    + String.join(" AND ", joined)
                    + ")";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setArray(1, connection.createArrayOf(type, keys));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        found.computeIfAbsent(row.getString(1), k -> new ArrayList<>())
                                .add(foreign.name() + " of " + foreign.table());
                    }
                }
            }
        }
        return found;
    }

    /// The columns whose values lead to rows of the table and that Sluice writes when one of these goes.
    private static Map<TableName, Set<String>> followed(List<CollectionTarget> all, TableName table) {
        Map<TableName, Set<String>> followed = new HashMap<>();
        for (CollectionTarget target : all) {
            add(followed, target.mapping().table(), target.mapping().columns(), table);
            for (ChildMapping child : target.mapping().children()) {
                add(followed, child.table(), child.columns(), table);
                if (target.mapping().table().equals(table)) {
                    followed.computeIfAbsent(child.table(), t -> new HashSet<>())
                            .add(child.parentColumn());
                }
            }
        }
        return followed;
    }

    private static void add(
            Map<TableName, Set<String>> followed, TableName from, List<ColumnMapping> columns, TableName to) {
        for (ColumnMapping column : columns) {
            Reference reference = column.reference();
            if (reference != null && reference.table().equals(to)) {
                followed.computeIfAbsent(from, t -> new HashSet<>()).add(column.column());
            }
        }
    }

    private static List<ForeignKey> keys(Connection connection, TableName table, Map<TableName, Set<String>> followed)
            throws SQLException {
        List<ForeignKey> keys = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(KEYS)) {
            statement.setString(1, table.sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Set<String> columns =
                            followed.getOrDefault(new TableName(row.getString(5), row.getString(6)), Set.of());
                    if (Stream.of((String[]) row.getArray(7).getArray()).anyMatch(columns::contains)) {
                        continue;
                    }
                    keys.add(new ForeignKey(
                            row.getString(1),
                            row.getString(2),
                            List.of((String[]) row.getArray(3).getArray()),
                            List.of((String[]) row.getArray(4).getArray())));
                }
            }
        }
        return keys;
    }
}
