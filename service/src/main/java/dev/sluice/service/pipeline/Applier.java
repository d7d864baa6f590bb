package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes mapped batches from the queue and applies them, one transaction at a time, until the queue is
/// closed and empty. One thread runs it; the position may be asked by any.
final class Applier {
    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    /// Most changes in one transaction, where PostgreSQL takes them fast.
    private static final int CHANGES_MAX = 10_000;

    private static final int CHANGES_LEAST = 100;

    /// A transaction that takes longer makes the next ones smaller; fast ones make them larger again.
    private static final Duration SLOW = Duration.ofSeconds(2);

    /// A stream with more changes than this is busy: then each transaction waits a little for more,
    /// since a transaction costs more than its rows, and takes CPU time that the stream could use.
    /// Changes of a slower stream are applied at once, for the latency.
    private static final double BUSY_PER_SECOND = 5_000;

    /// So many changes have to have waited for it, besides: by the rate alone a few single changes
    /// that come within a millisecond of each other would make a stream busy. By their number alone
    /// any stream would be after a pause of either server.
    private static final int BUSY_CHANGES = 100;

    /// How often the position is written when nothing else is, and nobody waits for it.
    static final Duration POSITION_EVERY = Duration.ofMillis(400);

    /// How often it is asked whether somebody waits, while there is a position to write.
    private static final Duration ASK_EVERY = Duration.ofMillis(25);

    private static final int CHANGES_WANTED = 2_000;
    private static final Duration BUSY_LINGER = Duration.ofMillis(25);

    private final BatchQueue queue;
    private final StreamSink sink;
    private final SourceClock clock;
    private final Threads threads;
    private final Listener listener;
    private int changesMax = CHANGES_MAX;
    private volatile Position position;
    private volatile boolean drained;
    private long written;

    /// Is told what is applied, on the applier's thread, after its commit and in this order.
    interface Listener {
        void onPosition(Position position);

        /// @param watermark up to where everything is applied
        /// @param nanos the transaction took
        void onApplied(List<RowChange> changes, Watermark watermark, long nanos);

        /// One call for each batch of the transaction.
        void onCommitted(PipelineStatus.Committed batch);

        /// Whether somebody waits in this process for an operation of MongoDB to be applied.
        boolean isAwaited();
    }

    /// @param from the position that the queue's batches follow
    Applier(BatchQueue queue, StreamSink sink, SourceClock clock, Position from, Listener listener) {
        this.queue = queue;
        this.sink = sink;
        this.clock = clock;
        this.threads = queue.threads();
        this.position = from;
        this.listener = listener;
        this.written = threads.nanoTime() - POSITION_EVERY.toNanos();
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

    /// Returns when the queue is closed and empty, or when the pipeline stops while PostgreSQL
    /// takes long for a batch; changes that are not applied then are read again from the committed
    /// position.
    ///
    /// @throws SQLException when a batch could not be applied
    void run() throws SQLException, InterruptedException {
        try {
            applyAll();
            drained = true;
        } catch (StoppedException e) {
            LOG.info("Stopped in the middle of a batch. It is read again from the committed position.");
            queue.abandon();
        }
    }

    /// Whether everything that was in the queue when it was closed is applied.
    boolean isDrained() {
        return drained;
    }

    private void applyAll() throws SQLException, InterruptedException {
        boolean busy = false;
        long before = threads.nanoTime();
        while (true) {
            List<MappedBatch> taken = queue.take(changesMax, CHANGES_WANTED, busy ? BUSY_LINGER : Duration.ZERO);
            if (taken.isEmpty()) {
                return;
            }
            taken = withWhatFollows(taken);
            long now = threads.nanoTime();
            int changes = apply(taken);
            taken.forEach(batch -> batch.lease().close());
            busy = isBusy(changes, now - before);
            before = now;
        }
    }

    /// Whether the next transaction waits a little for more changes.
    ///
    /// @param changes of a transaction
    /// @param nanos from the beginning of the one before it to its own
    static boolean isBusy(int changes, long nanos) {
        return changes >= BUSY_CHANGES && changes * 1e9 >= BUSY_PER_SECOND * nanos;
    }

    /// What only says how far the stream has looked is not worth a transaction each time: it waits
    /// for changes, until it is time to write it, or somebody waits for it.
    private List<MappedBatch> withWhatFollows(List<MappedBatch> taken) throws SQLException, InterruptedException {
        List<MappedBatch> all = new ArrayList<>(taken);
        while (all.stream().allMatch(batch -> batch.changes().isEmpty())
                && threads.nanoTime() - written < POSITION_EVERY.toNanos()
                && !listener.isAwaited()
                && !sink.isAwaited()) {
            if (queue.awaitNext(ASK_EVERY)) {
                List<MappedBatch> more = queue.take(changesMax, CHANGES_WANTED, Duration.ZERO);
                if (more.isEmpty()) {
                    return all;
                }
                all.addAll(more);
            }
        }
        return all;
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
        long started = threads.nanoTime();
        sink.apply(changes, upTo, watermark, clock.now());
        if (upTo != null && upTo.clusterTime() != null) {
            position = upTo;
            listener.onPosition(upTo);
        }
        long committed = threads.nanoTime();
        written = committed;
        pace(changes.size(), committed - started);
        listener.onApplied(changes, watermark, committed - started);
        for (MappedBatch batch : batches) {
            listener.onCommitted(new PipelineStatus.Committed(batch.changes(), batch.readNanos(), started, committed));
        }
        return changes.size();
    }

    private void pace(int changes, long nanos) {
        if (nanos > SLOW.toNanos()) {
            changesMax = Math.max(CHANGES_LEAST, Math.min(changes, changesMax) / 2);
        } else if (nanos < SLOW.toNanos() / 4) {
            changesMax = Math.min(CHANGES_MAX, changesMax * 2);
        }
    }
}
