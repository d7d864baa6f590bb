package dev.sluice.control;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// The tables that are analyzed after the copy, and again after a whole collection was resynced
/// (`sluice.after_table`). Every method works in the caller's transaction.
public final class AnalyzedTables {
    private final String pipeline;

    public AnalyzedTables(String pipeline) {
        this.pipeline = pipeline;
    }

    /// Notes which tables there are, instead of those that were noted before; what is known of a table
    /// stays.
    ///
    /// @param collections of each table its collection
    /// @param tables quoted where that is needed, in the same order
    public void are(Connection connection, List<String> collections, List<String> tables) throws SQLException {
        for (String sql : new String[] {
            "INSERT INTO sluice.after_table (pipeline, collection, table_name) SELECT ?, u.c, u.t FROM unnest(?, ?) u (c, t)"
                    + " ON CONFLICT DO NOTHING",
            "DELETE FROM sluice.after_table t WHERE pipeline = ?"
                    + " AND NOT EXISTS (SELECT FROM unnest(?, ?) u (c, t) WHERE u.c = collection AND u.t = table_name)"
        }) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, pipeline);
                statement.setArray(2, texts(connection, collections));
                statement.setArray(3, texts(connection, tables));
                statement.executeUpdate();
            }
        }
    }

    private static Array texts(Connection connection, List<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    /// Those of copied collections that were not analyzed since, quoted where that is needed.
    public List<String> missing(Connection connection) throws SQLException {
        List<String> tables = new ArrayList<>();
        String sql =
                "SELECT DISTINCT t.table_name FROM sluice.after_table t JOIN sluice.backfill b USING (pipeline, collection)"
                        + " WHERE t.pipeline = ? AND b.state = 'done' AND NOT sluice.is_analyzed(t) ORDER BY 1";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    tables.add(row.getString(1));
                }
            }
        }
        return tables;
    }

    /// Notes that a table was analyzed.
    ///
    /// @param at as of when, by the clock of PostgreSQL, as it writes it
    public void analyzed(Connection connection, String table, String at) throws SQLException {
        String sql = "UPDATE sluice.after_table SET analyzed_at = ?::timestamptz, message = NULL"
                + " WHERE pipeline = ? AND table_name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, at);
            statement.setString(2, pipeline);
            statement.setString(3, table);
            statement.executeUpdate();
        }
    }

    /// Notes why a table could not be analyzed.
    public void notAnalyzed(Connection connection, String table, String why) throws SQLException {
        String sql = "UPDATE sluice.after_table SET message = ? WHERE pipeline = ? AND table_name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, why);
            statement.setString(2, pipeline);
            statement.setString(3, table);
            statement.executeUpdate();
        }
    }

    /// Notes that all of a collection was resynced, so that its tables are analyzed again.
    void resynced(Connection connection, String collection) throws SQLException {
        String sql =
                "UPDATE sluice.after_table SET resynced_at = clock_timestamp() WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }
}
