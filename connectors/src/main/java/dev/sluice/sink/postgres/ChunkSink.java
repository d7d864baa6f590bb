package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.failure.Failpoint;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Applies chunks: the rows of a chunk and the word that it is done are committed together, fenced by the
/// epoch, without the documents that the stream has touched since the chunk's flight opened. For one
/// thread.
public final class ChunkSink implements AutoCloseable {
    private final Connection connection;
    private final PositionStore positions;
    private final BackfillStore store;
    private final long epoch;
    private final ResyncStore resync;
    private final RowWriter writer;
    private final WriteTransaction transaction;

    /// @param connection used by this sink alone from now on, and closed with it
    public ChunkSink(Connection connection, String pipeline, long epoch, List<CollectionTarget> targets)
            throws SQLException {
        this.connection = connection;
        this.positions = new PositionStore(pipeline);
        this.store = new BackfillStore(pipeline);
        this.resync = new ResyncStore(pipeline);
        this.epoch = epoch;
        this.transaction = new WriteTransaction(connection);
        connection.setAutoCommit(false);
        this.writer = RowWriter.create(connection, pipeline, targets);
        connection.commit();
    }

    /// On return the chunk is done and durable.
    ///
    /// @param rows every document of the chunk, mapped
    public WriteSummary apply(Chunk chunk, List<RowChange> rows, Fence.Flight flight) throws SQLException {
        return apply(rows, flight, (summary, leftOut) -> {
            Failpoint.CHUNK_WRITTEN.hit();
            store.chunkDone(connection, chunk, rows.size(), summary, leftOut);
        });
    }

    /// Writes documents that were read anew. On return they are durable, and struck off the list.
    ///
    /// @param rows the documents that were found; a delete for each that is gone
    /// @param entries of the list, all of one collection, that are done with it
    public WriteSummary retake(List<RowChange> rows, List<ResyncStore.Entry> entries, Fence.Flight flight)
            throws SQLException {
        return apply(rows, flight, (summary, leftOut) -> resync.done(connection, entries));
    }

    /// Lists for taking anew the documents that wait for what somebody else has brought.
    ///
    /// @return how many
    public int sweep() throws SQLException {
        int[] listed = {0};
        transaction.run(narrow -> {
            listed[0] = writer.sweep();
            connection.commit();
            return WriteSummary.NOTHING;
        });
        return listed[0];
    }

    /// What is written with the rows.
    private interface Bookkeeping {
        void write(WriteSummary summary, int leftOut) throws SQLException;
    }

    private WriteSummary apply(List<RowChange> rows, Fence.Flight flight, Bookkeeping bookkeeping) throws SQLException {
        try (Fence.Held held = flight.hold()) {
            List<RowChange> untouched = without(flight.touched(), rows);
            return transaction.run(narrow -> {
                positions.hold(connection, epoch);
                WriteSummary summary = WriteSummary.NOTHING;
                if (!untouched.isEmpty()) {
                    summary = narrow ? writer.writeNarrowing(untouched) : writer.write(untouched);
                }
                bookkeeping.write(summary, rows.size() - untouched.size());
                connection.commit();
                Failpoint.CHUNK_COMMITTED.hit();
                return summary;
            });
        }
    }

    private static List<RowChange> without(Set<Object> touched, List<RowChange> rows) {
        if (touched.isEmpty()) {
            return rows;
        }
        List<RowChange> untouched = new ArrayList<>(rows.size());
        for (RowChange row : rows) {
            if (!touched.contains(row.fenceKey())) {
                untouched.add(row);
            }
        }
        return untouched;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
