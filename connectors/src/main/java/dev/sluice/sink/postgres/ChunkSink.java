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
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Applies chunks: the rows of a chunk and the word that it is done are committed together, fenced by the
/// epoch, without the documents that the stream has touched since the chunk's flight opened. For one
/// thread; several sinks may apply chunks of one collection at once.
public final class ChunkSink implements AutoCloseable {
    private final Connection connection;
    private final PositionStore positions;
    private final BackfillStore store;
    private final long epoch;
    private final ResyncStore resync;
    private final RowWriter writer;
    private final WriteTransaction transaction;
    private long commitNanos;

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

    /// Whether rows of the collection depend on each other, so that chunks of it are better not applied at
    /// once.
    public boolean dependsOnItself(CollectionTarget target) {
        return writer.dependsOnItself(target);
    }

    /// Whether none of the collection's tables has a row.
    public boolean isEmpty(CollectionTarget target) throws SQLException {
        boolean empty = writer.isEmpty(target);
        connection.rollback();
        return empty;
    }

    /// Notes that a chunk is read, and where it ends when that is before its end.
    ///
    /// @param rest what is left of it, a chunk of its own from now on; null when nothing is
    public void running(Chunk chunk, @Nullable Chunk rest) throws SQLException {
        transaction.run(() -> {
            positions.hold(connection, epoch);
            store.running(connection, chunk, rest);
            connection.commit();
            Failpoint.CHUNK_CUT.hit();
            return WriteSummary.NOTHING;
        });
    }

    /// Notes that a chunk that nobody is at is cut.
    ///
    /// @param parts the chunk with an earlier end, then the others
    public void cut(List<Chunk> parts) throws SQLException {
        transaction.run(() -> {
            positions.hold(connection, epoch);
            store.cut(connection, parts);
            connection.commit();
            return WriteSummary.NOTHING;
        });
    }

    /// Notes that there is nothing in some chunks.
    public void empty(List<Chunk> chunks) throws SQLException {
        transaction.run(() -> {
            positions.hold(connection, epoch);
            for (Chunk chunk : chunks) {
                store.chunkDone(connection, chunk, 0, WriteSummary.NOTHING, 0);
            }
            connection.commit();
            return WriteSummary.NOTHING;
        });
    }

    /// On return the chunk is done and durable.
    ///
    /// @param rows the chunk's documents
    /// @param startedEmpty whether the collection's tables had no row when its copy began, in this process
    public WriteSummary apply(Chunk chunk, ChunkRows rows, boolean startedEmpty, Fence.Flight flight)
            throws SQLException {
        try (Fence.Held held = flight.hold()) {
            Set<Object> touched = flight.touched();
            BitSet chosen = rows.without(touched);
            int leftOut =
                    rows.size() - chosen.cardinality() - rows.rowless(touched).size();
            // What the stream has not brought and no other chunk can have: nobody else writes these tables.
            boolean nothingThere = startedEmpty && !flight.everTouched();
            return transaction.run(
                    () -> commit(chunk, rows.size(), leftOut, writeChunk(rows, touched, true, nothingThere)),
                    () -> commit(chunk, rows.size(), leftOut, writeChunk(rows, touched, false, false)),
                    () -> {
                        positions.hold(connection, epoch);
                        List<RowChange> changes = rows.changes(chosen, touched);
                        return commit(chunk, rows.size(), leftOut, writer.writeNarrowing(changes));
                    });
        }
    }

    private WriteSummary writeChunk(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere)
            throws SQLException {
        positions.hold(connection, epoch);
        return writer.write(rows, touched, direct, nothingThere);
    }

    private WriteSummary commit(Chunk chunk, int documents, int leftOut, WriteSummary summary) throws SQLException {
        Failpoint.CHUNK_WRITTEN.hit();
        store.chunkDone(connection, chunk, documents, summary, leftOut);
        long before = System.nanoTime();
        connection.commit();
        commitNanos = System.nanoTime() - before;
        Failpoint.CHUNK_COMMITTED.hit();
        return summary;
    }

    /// How long PostgreSQL took for the last chunk's commit, nanoseconds.
    public long commitNanos() {
        return commitNanos;
    }

    /// Writes documents that were read anew. On return they are durable, and struck off the list.
    ///
    /// @param rows the documents that were found; a delete for each that is gone
    /// @param entries of the list, all of one collection, that are done with it
    public WriteSummary retake(List<RowChange> rows, List<ResyncStore.Entry> entries, Fence.Flight flight)
            throws SQLException {
        try (Fence.Held held = flight.hold()) {
            List<RowChange> untouched = without(flight.touched(), rows);
            return transaction.run(() -> retake(untouched, entries, false), () -> retake(untouched, entries, true));
        }
    }

    private WriteSummary retake(List<RowChange> rows, List<ResyncStore.Entry> entries, boolean narrow)
            throws SQLException {
        positions.hold(connection, epoch);
        WriteSummary summary = WriteSummary.NOTHING;
        if (!rows.isEmpty()) {
            summary = narrow ? writer.writeNarrowing(rows) : writer.write(rows);
        }
        resync.done(connection, entries);
        connection.commit();
        Failpoint.CHUNK_COMMITTED.hit();
        return summary;
    }

    /// Deletes rows whose documents are gone, but for those that the stream has touched since the flight
    /// opened.
    ///
    /// @param keys of the collection's rows
    /// @return rows deleted from the collection's own table
    public int prune(CollectionTarget target, List<Object> keys, Fence.Flight flight) throws SQLException {
        try (Fence.Held held = flight.hold()) {
            Set<Object> touched = flight.touched();
            List<Object> untouched =
                    keys.stream().filter(key -> !touched.contains(key)).toList();
            int[] deleted = {0};
            transaction.run(() -> {
                positions.hold(connection, epoch);
                deleted[0] = untouched.isEmpty() ? 0 : writer.remove(target, untouched);
                connection.commit();
                return WriteSummary.NOTHING;
            });
            return deleted[0];
        }
    }

    /// Lists for taking anew the documents that wait for what somebody else has brought.
    ///
    /// @return how many
    public int sweep() throws SQLException {
        int[] listed = {0};
        transaction.run(() -> {
            listed[0] = writer.sweep();
            connection.commit();
            return WriteSummary.NOTHING;
        });
        return listed[0];
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
