package dev.sluice.sink.postgres;

import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// What the target's tables do by themselves, as far as writing has to know.
final class LiveTables {
    private final Connection connection;

    LiveTables(Connection connection) {
        this.connection = connection;
    }

    /// Whether a trigger may change columns on every update: one that fires before updates, and does not
    /// ask for `sluice.applying`.
    boolean isOverwritten(TableName table) throws SQLException {
        // tgtype: 1 row, 2 before, 16 update.
        String sql = "SELECT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid"
                + " WHERE g.tgrelid = to_regclass(?) AND NOT g.tgisinternal AND g.tgenabled <> 'D'"
                + " AND g.tgtype & 19 = 19 AND strpos(p.prosrc, 'sluice.applying') = 0)";
        return isTrue(sql, table.sql());
    }

    /// Whether a foreign key of the column holds the row it refers to.
    boolean isForeignKey(TableName table, String column) throws SQLException {
        String sql = "SELECT EXISTS (SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid"
                + " AND a.attnum = ANY (k.conkey) WHERE k.contype = 'f' AND k.conrelid = to_regclass(?) AND a.attname = ?)";
        return isTrue(sql, table.sql(), column);
    }

    private boolean isTrue(String sql, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setString(i + 1, parameters[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
