package dev.sluice.sink.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Looks, before anything is read or written, whether the target has what the mapping names and whether the
/// role may write it. All that is missing is reported at once.
public final class TargetCheck {
    private TargetCheck() {}

    /// @throws SluiceException of kind MISSING_TABLE or MISSING_RIGHT with every table and column that is
    ///     not as needed
    public static void check(Connection connection, List<CollectionTarget> targets) throws SQLException {
        List<String> missing = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        for (String control : List.of(
                "position",
                "watermark",
                "backfill",
                "backfill_chunk",
                "dead_letter",
                "quarantine",
                "waiting",
                "resync",
                "unmapped_field",
                "skipped")) {
            table(connection, new TableName("sluice", control), missing, refused);
        }
        for (CollectionTarget target : targets) {
            List<String> conflict = target.mapping().conflict();
            shape(connection, target.mapper().shape(), conflict, target, missing, refused);
            for (TableShape child : target.mapper().childShapes()) {
                shape(
                        connection,
                        child,
                        child.columns().subList(0, 2).stream()
                                .map(TableShape.Column::name)
                                .toList(),
                        target,
                        missing,
                        refused);
            }
        }
        for (Link link : new Link.Links(targets).all()) {
            linked(connection, link, missing, refused);
        }
        temporaryTables(connection, refused);
        if (!missing.isEmpty()) {
            throw new SluiceException(FailureKind.MISSING_TABLE, String.join("; ", missing) + ".");
        }
        if (!refused.isEmpty()) {
            throw new SluiceException(FailureKind.MISSING_RIGHT, String.join("; ", refused) + ".");
        }
    }

    /// A table that a column refers to is there, with the columns that are asked for.
    private static void linked(Connection connection, Link link, List<String> missing, List<String> refused)
            throws SQLException {
        String referring = ", to which " + link.label() + " refers (collection "
                + link.target().collection() + ")";
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT c.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),"
                        + " false) FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = ?"
                        + " LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = ?")) {
            statement.setString(1, link.to().schema());
            statement.setString(2, link.to().table());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (!row.getBoolean(1)) {
                    missing.add("table " + link.to() + referring + " does not exist");
                    return;
                }
                if (!row.getBoolean(2)) {
                    refused.add("the role may not select in " + link.to() + referring);
                    return;
                }
            }
        }
        Set<String> live = columns(connection, link.to());
        List<String> named = new ArrayList<>(link.and().keySet());
        named.add(link.match());
        named.add(link.take());
        named.stream()
                .filter(name -> !live.contains(name))
                .distinct()
                .forEach(name -> missing.add("table " + link.to() + referring + " has no column " + name));
    }

    /// Rows are staged in temporary tables.
    private static void temporaryTables(Connection connection, List<String> refused) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT has_database_privilege(current_database(), 'TEMPORARY')")) {
            row.next();
            if (!row.getBoolean(1)) {
                refused.add("the role may not create temporary tables in the database");
            }
        }
    }

    private static void shape(
            Connection connection,
            TableShape shape,
            List<String> conflict,
            CollectionTarget target,
            List<String> missing,
            List<String> refused)
            throws SQLException {
        if (!table(connection, shape.table(), missing, refused)) {
            return;
        }
        Set<String> live = columns(connection, shape.table());
        for (TableShape.Column column : shape.columns()) {
            if (!live.contains(column.name())) {
                missing.add("table " + shape.table() + " has no column " + column.name() + " (collection "
                        + target.collection() + ")");
            }
        }
        if (live.containsAll(conflict) && !hasUniqueIndex(connection, shape.table(), conflict)) {
            missing.add("table " + shape.table() + " has no unique index on (" + String.join(", ", conflict)
                    + "), by which rows of the collection " + target.collection() + " are recognised");
        }
    }

    private static boolean table(Connection connection, TableName table, List<String> missing, List<String> refused)
            throws SQLException {
        String sql = "SELECT c.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false),"
                + " coalesce(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')"
                + " AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'), false)"
                + " FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = ?"
                + " LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = ? AND c.relkind IN ('r', 'p')";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, table.schema());
            statement.setString(2, table.table());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (!row.getBoolean(1)) {
                    missing.add("table " + table + " does not exist");
                    return false;
                }
                if (!row.getBoolean(2) || !row.getBoolean(3)) {
                    refused.add("the role may not select, insert, update and delete in " + table);
                    return false;
                }
                return true;
            }
        }
    }

    private static Set<String> columns(Connection connection, TableName table) throws SQLException {
        Set<String> names = new HashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet empty = statement.executeQuery("SELECT * FROM " + table.sql() + " LIMIT 0")) {
            for (int i = 1; i <= empty.getMetaData().getColumnCount(); i++) {
                names.add(empty.getMetaData().getColumnName(i));
            }
        }
        return names;
    }

    private static boolean hasUniqueIndex(Connection connection, TableName table, List<String> columns)
            throws SQLException {
        String sql =
                "SELECT 1 FROM pg_index i WHERE i.indrelid = ?::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate"
                        + " AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = ANY (SELECT '(' || quote_ident(x) || ' IS NOT NULL)' FROM unnest(?) x))"
                        + " AND i.indexprs IS NULL AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a"
                        + " WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))"
                        + " = (SELECT array_agg(x ORDER BY x) FROM unnest(?) x)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, table.sql());
            statement.setArray(2, connection.createArrayOf("text", columns.toArray()));
            statement.setArray(3, connection.createArrayOf("text", columns.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }
}
