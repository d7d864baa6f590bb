package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Takes mapped batches from the queue and applies them, one transaction at a time, until the queue is
/// closed and empty. One thread runs it; the position may be asked by any.
final class Applier {
    /// Most changes in one transaction.
    private static final int CHANGES_MAX = 10_000;

    /// A stream that brings more than this is busy: then each transaction waits a little for more, since a
    /// transaction costs more than its rows, and what it costs the stream could use. A stream that brings
    /// less is applied at once, for the latency. By rate and not by what one transaction held, which after
    /// a pause of either server is much for any stream.
    private static final double BUSY_PER_SECOND = 5_000;

    private static final int CHANGES_WANTED = 2_000;
    private static final Duration BUSY_LINGER = Duration.ofMillis(25);

    private final ByteBoundedQueue queue;
    private final StreamSink sink;
    private final SourceClock clock;
    private final PipelineStatus status;
    private final Consumer<List<RowChange>> written;
    private volatile Position position;

    /// @param written hears of the changes of each transaction once it is committed
    Applier(
            ByteBoundedQueue queue,
            StreamSink sink,
            SourceClock clock,
            PipelineStatus status,
            Position from,
            Consumer<List<RowChange>> written) {
        this.written = written;
        this.queue = queue;
        this.sink = sink;
        this.clock = clock;
        this.status = status;
        this.position = from;
    }

    /// The newest operation that can be applied: see [Position#newestOperation()]; null when unknown.
    @Nullable
    BsonTimestamp newestOperation() {
        return position.newestOperation();
    }

    /// Whether everything up to and with a cluster time is applied.
    boolean hasReached(BsonTimestamp time) {
        BsonTimestamp here = position.clusterTime();
        return here != null && here.compareTo(time) >= 0;
    }

    /// @throws SQLException when a batch could not be applied; nothing of it is
    void run() throws SQLException, InterruptedException {
        boolean busy = false;
        long before = System.nanoTime();
        while (true) {
            List<MappedBatch> taken = queue.take(CHANGES_MAX, CHANGES_WANTED, busy ? BUSY_LINGER : Duration.ZERO);
            if (taken.isEmpty()) {
                return;
            }
            long now = System.nanoTime();
            int changes;
            try {
                changes = apply(taken);
            } finally {
                taken.forEach(batch -> batch.lease().close());
            }
            busy = changes * 1e9 >= BUSY_PER_SECOND * (now - before);
            before = now;
        }
    }

    /// @return how many changes it applied
    private int apply(List<MappedBatch> batches) throws SQLException {
        List<RowChange> changes = new ArrayList<>();
        Position upTo = null;
        Watermark watermark = Watermark.UNKNOWN;
        for (MappedBatch batch : batches) {
            changes.addAll(batch.changes());
            if (batch.upTo() != null) {
                upTo = batch.upTo();
            }
            watermark = watermark.max(batch.watermark());
        }
        if (upTo == null && changes.isEmpty()) {
            return 0;
        }
        long started = System.nanoTime();
        sink.apply(changes, upTo, watermark, clock.now());
        if (upTo != null && upTo.clusterTime() != null) {
            position = upTo;
            status.onPosition(upTo);
        }
        long committed = System.nanoTime();
        status.onApplied(changes, watermark, committed - started);
        written.accept(changes);
        for (MappedBatch batch : batches) {
            status.onCommitted(new PipelineStatus.Committed(batch.changes(), batch.readNanos(), started, committed));
        }
        return changes.size();
    }
}
