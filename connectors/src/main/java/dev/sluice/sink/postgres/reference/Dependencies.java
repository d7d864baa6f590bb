package dev.sluice.sink.postgres.reference;

import dev.sluice.sink.postgres.staging.StagedTables;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link.Links;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// Which rows depend on which, with the connection and the staging tables on which that is kept. For one thread.
///
/// @param links from each collection, by references and look-ups
/// @param duplicates of the collections that have some, by their index
/// @param waiting what documents wait for
record Dependencies(
        Connection connection, StagedTables tables, Links links, Map<Integer, Duplicates> duplicates, Waiting waiting) {
    /// The first column of what a query gives whose one parameter is the keys.
    List<Object> keysOf(String sql, TableSql table, List<Object> keys) throws SQLException {
        List<Object> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, array(table, keys));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getObject(1));
                }
            }
        }
        return found;
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /// Executes a statement whose one parameter is the keys.
    void update(String sql, TableSql table, Collection<Object> keys) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, array(table, keys));
            statement.execute();
        }
    }

    Array array(TableSql table, Collection<Object> keys) throws SQLException {
        return connection.createArrayOf(table.keyArrayType(), keys.toArray());
    }
}
