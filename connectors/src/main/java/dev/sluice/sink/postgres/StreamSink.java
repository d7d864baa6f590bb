package dev.sluice.sink.postgres;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.Failpoint;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Applies the stream: rows, child rows, dead letters, quarantined values, the position and the watermark
/// in one transaction, fenced by the epoch (promises 1 and 4). For one thread.
public final class StreamSink implements AutoCloseable {
    private final Connection connection;
    private final PositionStore positions;
    private final long epoch;
    private final List<Fence> fences;
    private final RowWriter writer;
    private final WriteTransaction transaction;

    /// @param connection used by this sink alone from now on, and closed with it
    /// @param fences one for each collection, by its number
    public StreamSink(
            Connection connection, String pipeline, long epoch, List<CollectionTarget> targets, List<Fence> fences)
            throws SQLException {
        this.connection = connection;
        this.positions = new PositionStore(pipeline);
        this.epoch = epoch;
        this.fences = List.copyOf(fences);
        this.transaction = new WriteTransaction(connection);
        connection.setAutoCommit(false);
        this.writer = RowWriter.create(connection, pipeline, targets);
        connection.commit();
    }

    /// As the other, where MongoDB's clock is not known.
    public WriteSummary apply(List<RowChange> changes, @Nullable Position upTo, @Nullable Watermark watermark)
            throws SQLException {
        return apply(changes, upTo, watermark, null);
    }

    /// On return the changes and the position are durable, together. When it throws, nothing of them is.
    ///
    /// @param upTo where the stream is after these changes; null leaves the stored position as it is
    /// @param watermark all that was committed in MongoDB up to here is applied with this batch; null when
    ///     unknown
    /// @param sourceTime MongoDB's wall clock now; null when it has not been asked
    public WriteSummary apply(
            List<RowChange> changes,
            @Nullable Position upTo,
            @Nullable Watermark watermark,
            @Nullable Instant sourceTime)
            throws SQLException {
        List<Fence.Held> held = holdAndNote(changes);
        try {
            return transaction.run(
                    () -> inOneTransaction(changes, upTo, watermark, sourceTime, false),
                    () -> inOneTransaction(changes, upTo, watermark, sourceTime, true));
        } finally {
            held.forEach(Fence.Held::close);
        }
    }

    private List<Fence.Held> holdAndNote(List<RowChange> changes) {
        // By number, so that two threads never take the same two fences in opposite orders.
        Map<Integer, List<Object>> touched = new TreeMap<>();
        for (RowChange change : changes) {
            Object key = change.fenceKey();
            if (key != null) {
                touched.computeIfAbsent(change.target().index(), i -> new ArrayList<>())
                        .add(key);
            }
        }
        List<Fence.Held> held = new ArrayList<>(touched.size());
        touched.forEach((collection, keys) -> {
            Fence fence = fences.get(collection);
            held.add(fence.hold());
            fence.note(keys);
        });
        return held;
    }

    private WriteSummary inOneTransaction(
            List<RowChange> changes,
            @Nullable Position upTo,
            @Nullable Watermark watermark,
            @Nullable Instant sourceTime,
            boolean narrow)
            throws SQLException {
        if (upTo == null) {
            positions.hold(connection, epoch);
        } else {
            positions.advance(connection, upTo, epoch);
        }
        Failpoint.POSITION_WRITTEN.hit();
        WriteSummary summary = WriteSummary.NOTHING;
        if (!changes.isEmpty()) {
            summary = narrow ? writer.writeNarrowing(changes) : writer.write(changes);
        }
        if (watermark != null && !watermark.isUnknown()) {
            positions.moveWatermark(connection, watermark, sourceTime);
        }
        Failpoint.ROWS_WRITTEN.hit();
        connection.commit();
        Failpoint.COMMITTED.hit();
        return summary;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
