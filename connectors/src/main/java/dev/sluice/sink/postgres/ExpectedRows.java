package dev.sluice.sink.postgres;

import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.Link.Links;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/// The rows that the documents of a whole collection should have, given the rows of other tables as they
/// are: those that documents wait without are taken out. By the same SQL that the sink decides by.
public final class ExpectedRows {
    private final Connection connection;

    public ExpectedRows(Connection connection) {
        this.connection = connection;
    }

    /// @param staged the rows of every document, as mapped
    public void takeOutWaiting(CollectionTarget target, CollectionTables staged) throws SQLException {
        takeOutWaiting(target, staged, false);
    }

    /// The same for some documents of the collection: one that is the same row as another is compared with
    /// that one's row.
    public void takeOutWaitingOfSome(CollectionTarget target, CollectionTables staged) throws SQLException {
        takeOutWaiting(target, staged, true);
    }

    private void takeOutWaiting(CollectionTarget target, CollectionTables staged, boolean withTable)
            throws SQLException {
        for (Link link : new Links(List.of(target), t -> staged).of(target)) {
            if (link.policy() == Orphan.SKIP) {
                String own = "s." + TableName.quote(link.own());
                String orphans = link.isOrphan(own, "s");
                TableSql table = staged.table(link.child());
                String rows = "SELECT s." + table.keyName() + " FROM " + table.staging() + " s WHERE " + orphans;
                if (link.child() < 0) {
                    takeOut(staged, rows);
                } else {
                    execute("DELETE FROM " + table.staging() + " s WHERE " + orphans);
                }
            }
        }
        Duplicates duplicates = Duplicates.of(target, staged.own().shape());
        if (duplicates != null) {
            takeOut(
                    staged,
                    "SELECT key FROM (" + duplicates.ranked(staged.own(), withTable)
                            + ") ranked WHERE staged AND rank > 1");
        }
    }

    /// Child rows first, since the own rows say which.
    private void takeOut(CollectionTables staged, String keys) throws SQLException {
        execute("CREATE TEMP TABLE sluice_taken_out ON COMMIT PRESERVE ROWS AS " + keys);
        for (TableSql table : staged.all()) {
            execute("DELETE FROM " + table.staging() + " WHERE " + table.keyName()
                    + " IN (SELECT * FROM pg_temp.sluice_taken_out)");
        }
        execute("DROP TABLE pg_temp.sluice_taken_out");
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
