package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.Failures;
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
    private final RowWriter writer;

    /// @param connection used by this sink alone from now on, and closed with it
    public ChunkSink(Connection connection, String pipeline, long epoch, List<CollectionTarget> targets)
            throws SQLException {
        this.connection = connection;
        this.positions = new PositionStore(pipeline);
        this.store = new BackfillStore(pipeline);
        this.epoch = epoch;
        this.writer = new RowWriter(connection, pipeline, targets);
        connection.setAutoCommit(false);
        writer.prepare();
        connection.commit();
    }

    /// On return the chunk is done and durable.
    ///
    /// @param rows every document of the chunk, mapped
    public WriteSummary apply(Chunk chunk, List<RowChange> rows, Fence.Flight flight) throws SQLException {
        try (Fence.Held held = flight.hold()) {
            List<RowChange> untouched = without(flight.touched(), rows);
            try {
                return inOneTransaction(chunk, rows.size(), untouched, false);
            } catch (SQLException e) {
                connection.rollback();
                if (!Failures.isAboutData(e)) {
                    throw e;
                }
            } catch (RuntimeException e) {
                connection.rollback();
                throw e;
            }
            try {
                return inOneTransaction(chunk, rows.size(), untouched, true);
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            }
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

    private WriteSummary inOneTransaction(Chunk chunk, int documents, List<RowChange> rows, boolean narrow)
            throws SQLException {
        positions.hold(connection, epoch);
        WriteSummary summary = WriteSummary.NOTHING;
        if (!rows.isEmpty()) {
            summary = narrow ? writer.writeNarrowing(rows) : writer.write(rows);
        }
        Failpoint.CHUNK_WRITTEN.hit();
        store.chunkDone(connection, chunk, documents, summary, documents - rows.size());
        connection.commit();
        Failpoint.CHUNK_COMMITTED.hit();
        return summary;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
