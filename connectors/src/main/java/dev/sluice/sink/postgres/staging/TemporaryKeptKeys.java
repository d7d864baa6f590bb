package dev.sluice.sink.postgres.staging;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// In a temporary table.
final class TemporaryKeptKeys implements KeptKeys {
    private static final String KEPT = "pg_temp.sluice_kept";

    private final Connection connection;
    private final CollectionTarget target;
    private final CollectionTables tables;
    private final EncodedRows rows;
    private boolean looked;

    private TemporaryKeptKeys(Connection connection, CollectionTarget target, CollectionTables tables) {
        this.connection = connection;
        this.target = target;
        this.tables = tables;
        this.rows = new EncodedRows(List.of(new TableShape(
                tables.own().shape().table(),
                1,
                List.of(TableShape.Column.plain("key", tables.own().keyType())))));
    }

    static KeptKeys create(Connection connection, CollectionTarget target) throws SQLException {
        TargetCheck.keys(connection, List.of(target));
        CollectionTables tables = CollectionTables.of(target, "sluice_kept_", connection);
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TEMP TABLE sluice_kept (key " + tables.own().keyArrayType() + ")");
        }
        return new TemporaryKeptKeys(connection, target, tables);
    }

    @Override
    public void add(List<Object> keys) throws SQLException {
        rows.clear();
        keys.forEach(key -> rows.addRow(0, key));
        RowCopy.copy(connection, "COPY " + KEPT + " FROM STDIN (FORMAT binary)", rows, 0, null);
    }

    @Override
    public List<Object> others(@Nullable Object after, int most) throws SQLException {
        if (target.mapping().onDelete() == OnDelete.KEEP) {
            return List.of();
        }
        if (!looked) {
            try (Statement statement = connection.createStatement()) {
                // A B-tree holds no text of more than some kilobytes, and an _id may be as long as it likes.
                String method = tables.own().keyArrayType().equals("text") ? " USING hash" : "";
                statement.execute("CREATE INDEX ON " + KEPT + method + " (key); ANALYZE " + KEPT);
            }
            looked = true;
        }
        StringBuilder candidates = new StringBuilder();
        for (TableSql table : tables.all()) {
            candidates
                    .append(candidates.isEmpty() ? "" : " UNION ")
                    .append("(SELECT t." + table.keyName() + " AS key FROM "
                            + table.shape().table().sql() + " t WHERE NOT EXISTS (SELECT FROM " + KEPT
                            + " k WHERE k.key = t." + table.keyName() + ")"
                            + exceptNotOurs(table)
                            + (after == null
                                    ? ""
                                    : " AND t." + table.keyName() + " > ?::"
                                            + tables.own().keyArrayType())
                            + " ORDER BY 1 LIMIT " + most + ")");
        }
        List<Object> keys = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT key FROM (" + candidates + ") candidate ORDER BY key LIMIT " + most)) {
            for (int i = 1; after != null && i <= tables.all().size(); i++) {
                statement.setObject(i, after);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    keys.add(tables.own().key(rows));
                }
            }
        }
        return keys;
    }

    private String exceptNotOurs(TableSql table) {
        String notOurs = ExpectedRows.notOurs(target, tables.own(), table, "t");
        return notOurs == null ? "" : " AND NOT " + notOurs;
    }

    @Override
    public void close() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS " + KEPT);
        }
    }
}
