package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import dev.sluice.failure.Failures;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;

/// The least that has to be done to bring documents into typed tables, written for these documents alone:
/// no mapping, no chunks to resume from, no concurrent stream, no checks. One connection, a
/// transaction for each batch of the cursor.
final class BareLoop {
    private final RowCodec codec;
    private final Connection connection;
    private final boolean staged;

    /// @param connection used by this loop alone
    /// @param staged by way of a temporary table and `ON CONFLICT`, for rows that are there already;
    ///     straight into the tables otherwise
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

    /// Reads and decodes a batch while the one before is sent by another thread.
    ///
    /// @return how many rows there were, child rows included
    long copy(MongoCollection<?> collection, int batchSize) throws SQLException {
        long[] written = {0};
        List<BinaryCopy> spare =
                codec.tables().stream().map(table -> new BinaryCopy()).toList();
        List<List<BinaryCopy>> empty = new ArrayList<>(List.of(spare));
        Deque<Future<List<BinaryCopy>>> sending = new ArrayDeque<>();
        try (ExecutorService sender = Executors.newSingleThreadExecutor()) {
            codec.readAll(collection, batchSize, () -> {
                if (!sending.isEmpty()) {
                    empty.add(sent(sending.remove()));
                }
                List<BinaryCopy> filled = exchange(empty.removeLast());
                filled.forEach(copy -> written[0] += copy.rows());
                sending.add(sender.submit(() -> {
                    send(filled);
                    connection.commit();
                    return filled;
                }));
            });
            if (!sending.isEmpty()) {
                sent(sending.remove());
            }
        }
        return written[0];
    }

    private static List<BinaryCopy> sent(Future<List<BinaryCopy>> sending) {
        try {
            return sending.get();
        } catch (ExecutionException e) {
            throw Failures.classify(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private List<BinaryCopy> exchange(List<BinaryCopy> empty) {
        List<BinaryCopy> filled = new ArrayList<>();
        for (int table = 0; table < empty.size(); table++) {
            filled.add(codec.tables().get(table).exchange(empty.get(table)));
        }
        return filled;
    }

    /// Writes what the codec has read, in the transaction that is open.
    void write() throws SQLException {
        send(codec.tables().stream().map(RowCodec.Rows::copy).toList());
    }

    private void send(List<BinaryCopy> filled) throws SQLException {
        CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
        for (int table = 0; table < filled.size(); table++) {
            String name = codec.tables().get(table).table();
            BinaryCopy rows = filled.get(table);
            rows.end();
            CopyIn copy = copies.copyIn("COPY " + (staged ? "staged_" : "") + name + " FROM STDIN (FORMAT binary)");
            copy.writeToCopy(rows.bytes(), 0, rows.size());
            copy.endCopy();
            rows.start();
        }
        if (staged) {
            try (Statement statement = connection.createStatement()) {
                for (RowCodec.Rows rows : codec.tables()) {
                    statement.executeUpdate(upsert(rows));
                }
            }
        }
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
