package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// The least that has to be done to bring documents into typed tables, written for these documents alone:
/// no mapping, no chunks to go on from, no stream beside it, no check of anything. One thread, one
/// connection, a transaction for each batch of the cursor.
final class BareLoop {
    private final RowCodec codec;
    private final Connection connection;
    private final boolean staged;

    /// @param connection used by this loop alone
    /// @param staged by way of a temporary table and `ON CONFLICT`, for rows that are there already; straight
    ///     into the tables otherwise
    BareLoop(RowCodec codec, Connection connection, boolean staged) throws SQLException {
        this.codec = codec;
        this.connection = connection;
        this.staged = staged;
        connection.setAutoCommit(false);
        if (staged) {
            try (Statement statement = connection.createStatement()) {
                for (RowCodec.Rows rows : codec.tables()) {
                    statement.execute("CREATE TEMP TABLE staged_" + rows.table() + " (LIKE " + rows.table()
                            + ") ON COMMIT DELETE ROWS");
                }
            }
            connection.commit();
        }
    }

    /// @return how many rows there were, child rows included
    long copy(MongoCollection<?> collection, int batchSize) throws SQLException {
        long[] written = {0};
        codec.readAll(collection, batchSize, () -> written[0] += flush());
        return written[0];
    }

    /// Writes what the codec has read, in the transaction that is open, and commits it.
    long flush() throws SQLException {
        long written = write();
        connection.commit();
        return written;
    }

    /// Writes what the codec has read, in the transaction that is open.
    long write() throws SQLException {
        long written = 0;
        for (RowCodec.Rows rows : codec.tables()) {
            send(connection, "COPY " + (staged ? "staged_" : "") + rows.table() + " FROM STDIN (FORMAT binary)", rows);
            written += rows.copy().rows();
            rows.copy().start();
        }
        if (staged) {
            try (Statement statement = connection.createStatement()) {
                for (RowCodec.Rows rows : codec.tables()) {
                    statement.executeUpdate(upsert(rows));
                }
            }
        }
        return written;
    }

    private static void send(Connection connection, String sql, RowCodec.Rows rows) throws SQLException {
        rows.copy().end();
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
        copy.writeToCopy(rows.copy().bytes(), 0, rows.copy().size());
        copy.endCopy();
    }

    /// As Sluice does, a row that would not change is not written: without that clause the limit would do
    /// more work than what is measured against it.
    private static String upsert(RowCodec.Rows rows) {
        List<String> set =
                rows.columns().subList(rows.keyColumns(), rows.columns().size());
        return "INSERT INTO " + rows.table() + " AS t SELECT * FROM staged_" + rows.table() + " ON CONFLICT ("
                + String.join(", ", rows.columns().subList(0, rows.keyColumns())) + ") DO UPDATE SET "
                + set.stream().map(c -> c + " = EXCLUDED." + c).collect(Collectors.joining(", ")) + " WHERE ROW("
                + set.stream().map(c -> "t." + c).collect(Collectors.joining(", ")) + ")::record *<> ROW("
                + set.stream().map(c -> "EXCLUDED." + c).collect(Collectors.joining(", ")) + ")::record";
    }
}
