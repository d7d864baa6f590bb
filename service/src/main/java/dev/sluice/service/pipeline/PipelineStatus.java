package dev.sluice.service.pipeline;

import dev.sluice.change.Change;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.LongConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What a running pipeline has done and how fresh it is. Written by the pipeline's threads, read by
/// metrics, status and the demo; any thread.
public final class PipelineStatus {
    /// Latencies are kept from 1 ms to an hour, to three digits.
    private static final long LATENCY_MILLIS_MAX = 3_600_000;

    private static final double CAUGHT_UP_SECONDS = 1;

    /// A stream whose reads are behind by no more than this has read everything.
    private static final double READ_UP_SECONDS = 3;

    /// An idle stream reports its position about once a second, and slightly late: if no changes wait, a lag of
    /// less than this counts as none.
    private static final double IDLE_LAG_SECONDS = 4;

    private final String pipeline;
    private final SequencedMap<String, CollectionStatus> collections = new LinkedHashMap<>();
    private final AtomicReference<PipelineState> state = new AtomicReference<>(new PipelineState.Starting());
    private final SourceClock clock;
    private volatile @Nullable Lease lease;
    private volatile @Nullable Silence source;
    private final CatchUp lagCatchUp = new CatchUp();
    private final CatchUp waitingCatchUp = new CatchUp();
    private final LongAdder applyNanos = new LongAdder();
    private final LongAdder commits = new LongAdder();
    private final AtomicLong waiting = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();

    /// Signalled when the watermark moves or the pipeline ends.
    private final Condition moved = lock.newCondition();

    private volatile Watermark applied = Watermark.UNKNOWN;
    private volatile Watermark read = Watermark.UNKNOWN;
    private volatile @Nullable BsonTimestamp position;
    private volatile @Nullable IntSupplier pending;
    private volatile Headroom headroom = new Headroom(Double.NaN, null);
    private volatile IntConsumer appliedListener = count -> {};
    private volatile Consumer<Committed> committedListener = batch -> {};

    /// How long ago the oplog would have had to begin later for the pipeline's position to be lost.
    ///
    /// @param seconds the position's time minus that of the oplog's oldest entry; NaN when unknown
    /// @param unknownBecause why it is not known, and what to do; null when it is known, or was not asked
    ///     yet
    public record Headroom(double seconds, @Nullable String unknownBecause) {}

    /// The lock of a pipeline that this process writes.
    interface Lease {
        /// Whether PostgreSQL says so.
        boolean isHeld();

        /// When PostgreSQL confirmed it last, by our clock, while it does not answer; null when it does.
        @Nullable
        Instant silentSince();
    }

    /// A server that does not answer.
    ///
    /// @param since when it answered last, by our clock
    /// @param reason why the last question got no answer, in words for brackets; null when it is still
    ///     waited for
    public record Silence(Instant since, @Nullable String reason) {}

    /// Changes that came together and are committed. The times are those of [System#nanoTime()].
    ///
    /// @param changes in source order
    /// @param readNanos when they had come from the stream and were mapped
    /// @param takenNanos when their transaction began
    /// @param committedNanos when PostgreSQL had confirmed the commit
    public record Committed(List<RowChange> changes, long readNanos, long takenNanos, long committedNanos) {}

    /// One collection's counters.
    public static final class CollectionStatus {
        private final LongAdder upserts = new LongAdder();
        private final LongAdder deletes = new LongAdder();
        private final LongAdder skips = new LongAdder();
        private final LongAdder backfilledDocuments = new LongAdder();
        private final LongAdder backfilledRows = new LongAdder();
        private final Map<String, LongAdder> quarantined = new ConcurrentHashMap<>();
        private final Histogram latencyMillis = new ConcurrentHistogram(LATENCY_MILLIS_MAX, 3);
        private volatile long estimatedDocuments = -1;
        private volatile long backfilledBefore;
        private volatile boolean backfillDone;
        private volatile LongConsumer latencyListener = millis -> {};
        private volatile BiConsumer<String, LongAdder> columnListener = (column, count) -> {};

        /// Adds a listener for each latency, milliseconds, on the applier's thread.
        public void onLatency(LongConsumer listener) {
            latencyListener = listener;
        }

        private void recordLatency(long millis) {
            latencyMillis.recordValue(millis);
            latencyListener.accept(millis);
        }

        /// Changes applied by kind: `upsert`, `delete`, `skip`.
        public Map<String, LongAdder> applied() {
            return Map.of("upsert", upserts, "delete", deletes, "skip", skips);
        }

        public long changesApplied() {
            return upserts.sum() + deletes.sum() + skips.sum();
        }

        public long backfilledDocuments() {
            return backfilledDocuments.sum();
        }

        public long backfilledRows() {
            return backfilledRows.sum();
        }

        /// Hears of each column (`table.column`) with the count of values that the stream's rows landed
        /// without, when it has the first.
        public void onQuarantinedColumn(BiConsumer<String, LongAdder> listener) {
            columnListener = listener;
            quarantined.forEach(listener);
        }

        private void countQuarantined(String column) {
            LongAdder count = quarantined.get(column);
            if (count == null) {
                count = new LongAdder();
                quarantined.put(column, count);
                columnListener.accept(column, count);
            }
            count.increment();
        }

        public boolean backfillDone() {
            return backfillDone;
        }

        /// From 0 to 1; NaN when the number of documents is not known.
        public double backfillProgress() {
            if (backfillDone) {
                return 1;
            }
            return estimatedDocuments <= 0
                    ? Double.NaN
                    : Math.min(0.999, (double) (backfilledBefore + backfilledDocuments.sum()) / estimatedDocuments);
        }

        /// Milliseconds from MongoDB's commit to ours; NaN before the first change.
        public double latencyMillis(double percentile) {
            return latencyMillis.getTotalCount() == 0 ? Double.NaN : latencyMillis.getValueAtPercentile(percentile);
        }
    }

    /// Of a pipeline that is not run.
    public PipelineStatus(String pipeline, List<String> names) {
        this(pipeline, names, new SourceClock(InstantSource.system()));
    }

    PipelineStatus(String pipeline, List<String> names, SourceClock clock) {
        this.pipeline = pipeline;
        this.clock = clock;
        names.forEach(name -> collections.put(name, new CollectionStatus()));
    }

    public String pipeline() {
        return pipeline;
    }

    public SequencedMap<String, CollectionStatus> collections() {
        return java.util.Collections.unmodifiableSequencedMap(collections);
    }

    /// The collections that are not copied yet.
    public List<String> notCopied() {
        return collections.entrySet().stream()
                .filter(collection -> !collection.getValue().backfillDone())
                .map(Map.Entry::getKey)
                .toList();
    }

    /// The state now: [PipelineState.Stalled] while a server does not answer that the work under way needs.
    public PipelineState state() {
        PipelineState during = state.get();
        if (!stalls(during)) {
            return during;
        }
        Lease held = lease;
        Instant target = held == null ? null : held.silentSince();
        Silence mongo = source;
        if (target != null) {
            return new PipelineState.Stalled(PipelineState.Server.POSTGRESQL, target, null, during);
        }
        return mongo == null
                ? during
                : new PipelineState.Stalled(PipelineState.Server.MONGODB, mongo.since(), mongo.reason(), during);
    }

    /// Whether a server that does not answer is what is to be said of a state. Of the others more is known, or they
    /// don't need the server.
    private static boolean stalls(PipelineState state) {
        return switch (state) {
            case PipelineState.Starting s -> true;
            case PipelineState.Backfilling b -> true;
            case PipelineState.Streaming s -> true;
            case PipelineState.Stalled s -> true;
            case PipelineState.Standby s -> false;
            case PipelineState.Waiting w -> false;
            case PipelineState.Draining d -> false;
            case PipelineState.Stopped s -> false;
            case PipelineState.Failed f -> false;
        };
    }

    /// What is known of a MongoDB that does not answer; null while it does.
    public @Nullable Silence sourceSilence() {
        return source;
    }

    /// @param silence null when it answers
    void onSource(@Nullable Silence silence) {
        source = silence;
    }

    /// Whether changes are read now, or documents copied.
    boolean works() {
        return switch (state.get()) {
            case PipelineState.Backfilling b -> true;
            case PipelineState.Streaming s -> true;
            case PipelineState.Stalled s -> true;
            case PipelineState.Starting s -> false;
            case PipelineState.Standby s -> false;
            case PipelineState.Waiting w -> false;
            case PipelineState.Draining d -> false;
            case PipelineState.Stopped s -> false;
            case PipelineState.Failed f -> false;
        };
    }

    /// Whether this process writes the pipeline: it has the lock and took it over.
    public boolean leads() {
        Lease held = lease;
        return held != null && held.isHeld();
    }

    /// @param held asked for as long as this process writes the pipeline
    void onLeading(Lease held) {
        lease = held;
    }

    void onLeadingEnded() {
        lease = null;
    }

    void enter(PipelineState next) {
        state.set(next);
        wake();
    }

    /// Up to when, by MongoDB's clock, the stream is applied; null when unknown. Says nothing of
    /// collections that are not copied yet.
    public @Nullable Instant watermark() {
        return applied.time();
    }

    /// Up to where the stream is applied, the exact part too. Says nothing of collections that are not
    /// copied yet.
    public Watermark applied() {
        return applied;
    }

    /// Changes read and not yet applied; NaN while nothing is read: how many there are is not known then.
    public double waiting() {
        IntSupplier behind = pending;
        return behind == null ? Double.NaN : Math.max(0, waiting.get()) + (double) behind.getAsInt();
    }

    /// How far behind MongoDB the stream is: now, by MongoDB's clock, minus the watermark. It grows while
    /// either side is away. NaN when unknown. It is the sum of [#captureLagSeconds()] and
    /// [#applyLagSeconds()].
    public double lagSeconds() {
        return seconds(applied.time(), clock.now());
    }

    /// [#lagSeconds()] of a collection; NaN as long as it is not copied.
    public double lagSeconds(CollectionStatus collection) {
        return collection.backfillDone() ? lagSeconds() : Double.NaN;
    }

    /// How far what is read is behind MongoDB: now, by MongoDB's clock, minus the time up to which all is
    /// read. NaN when unknown.
    public double captureLagSeconds() {
        return seconds(read.time(), clock.now());
    }

    /// How far what is applied is behind what is read. NaN when unknown.
    public double applyLagSeconds() {
        return seconds(applied.time(), read.time());
    }

    /// [#applyLagSeconds()] of a collection; NaN as long as it is not copied.
    public double applyLagSeconds(CollectionStatus collection) {
        return collection.backfillDone() ? applyLagSeconds() : Double.NaN;
    }

    private static double seconds(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null
                ? Double.NaN
                : Math.max(0, Duration.between(from, to).toNanos() / 1e9);
    }

    /// MongoDB's clock minus ours, seconds; NaN before MongoDB was asked.
    public double clockOffsetSeconds() {
        Duration offset = clock.offset();
        return offset == null ? Double.NaN : offset.toNanos() / 1e9;
    }

    /// Seconds until the rows have caught up with MongoDB, if they go on as in the last half minute: 0 when
    /// they have, infinite when they don't gain, NaN when unknown.
    public double catchUpSeconds() {
        Instant now = clock.now();
        double lag = lagSeconds();
        if (now == null || Double.isNaN(lag)) {
            return Double.NaN;
        }
        if (isCaughtUp()) {
            return 0;
        }
        PipelineState shown = state();
        if (shown instanceof PipelineState.Waiting || shown instanceof PipelineState.Stalled) {
            return Double.POSITIVE_INFINITY;
        }
        double byLag = lagCatchUp.seconds(now, lag);
        double waiting = waiting();
        if (Double.isNaN(waiting) || captureLagSeconds() > READ_UP_SECONDS) {
            return byLag;
        }
        // Everything is read, so the waiting changes are all that is left. The watermark lags during a
        // burst that is written faster than it is applied, until the burst's end.
        double byWaiting = waitingCatchUp.seconds(now, waiting);
        return Double.isNaN(byLag) ? byWaiting : Double.isNaN(byWaiting) ? byLag : Math.min(byLag, byWaiting);
    }

    private boolean isCaughtUp() {
        return lagSeconds() < (waiting() == 0 ? IDLE_LAG_SECONDS : CAUGHT_UP_SECONDS);
    }

    /// How many transactions of the stream and of the copy this process has committed so far. Those that only move the
    /// position count too: MongoDB and PostgreSQL have both answered for one.
    long commits() {
        return commits.sum();
    }

    public Headroom headroom() {
        return headroom;
    }

    void onHeadroom(Headroom found) {
        headroom = found;
    }

    /// The cluster time of the committed position; null when unknown.
    @Nullable
    BsonTimestamp position() {
        return position;
    }

    void onPosition(Position committed) {
        position = committed.clusterTime();
    }

    /// A stream is being read.
    ///
    /// @param behind how many changes it has that did not come here yet
    void onReading(IntSupplier behind) {
        waiting.set(0);
        pending = behind;
    }

    /// Changes that were read and not applied are read again by the next run.
    void onReadingEnded() {
        pending = null;
        read = applied;
    }

    /// @param through up to where everything is read
    void onRead(int changes, Watermark through) {
        waiting.addAndGet(changes);
        read = read.max(through);
    }

    void restoreWatermark(Watermark stored) {
        move(stored);
        read = applied;
    }

    private void move(Watermark to) {
        lock.lock();
        try {
            applied = applied.max(to);
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Whether an operation is applied: its rows are committed.
    ///
    /// @param operation the operation time MongoDB gave for it
    /// @param collection null for all of them
    public boolean isApplied(BsonTimestamp operation, @Nullable String collection) {
        return applied.covers(operation)
                && collections.entrySet().stream()
                        .filter(c -> collection == null || c.getKey().equals(collection))
                        .allMatch(c -> c.getValue().backfillDone());
    }

    /// Waits until an operation is applied, the pipeline has ended, or the time is over. Any number of
    /// threads.
    ///
    /// @return whether it is applied
    public boolean awaitApplied(BsonTimestamp operation, @Nullable String collection, Duration timeout)
            throws InterruptedException {
        long remaining = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (!isApplied(operation, collection)) {
                if (remaining <= 0 || hasEnded()) {
                    return false;
                }
                remaining = moved.awaitNanos(remaining);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasEnded() {
        return switch (state.get()) {
            case PipelineState.Failed f -> true;
            case PipelineState.Stopped s -> true;
            case PipelineState.Starting s -> false;
            case PipelineState.Standby s -> false;
            case PipelineState.Backfilling b -> false;
            case PipelineState.Streaming s -> false;
            case PipelineState.Stalled s -> false;
            case PipelineState.Waiting w -> false;
            case PipelineState.Draining d -> false;
        };
    }

    /// Adds a listener for the number of changes of each transaction of the stream, on the applier's thread.
    public void onApplied(IntConsumer listener) {
        appliedListener = listener;
    }

    /// Adds a listener for every batch of the stream after its commit, on the applier's thread, which waits
    /// for it.
    public void onCommitted(Consumer<Committed> listener) {
        committedListener = listener;
    }

    void onCommitted(Committed batch) {
        if (!batch.changes().isEmpty()) {
            committedListener.accept(batch);
        }
    }

    /// Time spent in transactions that applied changes, nanoseconds: what the sink alone would take for
    /// them.
    public long applyNanos() {
        return applyNanos.sum();
    }

    void onApplied(List<RowChange> changes, Watermark through, long nanos) {
        applyNanos.add(changes.isEmpty() ? 0 : nanos);
        commits.increment();
        waiting.addAndGet(-changes.size());
        Instant now = clock.now();
        for (RowChange row : changes) {
            CollectionStatus status = collections.get(row.change().collection());
            if (status == null) {
                continue;
            }
            switch (row.effect()) {
                case RowChange.Effect.Upsert u -> {
                    status.upserts.increment();
                    u.rows().misfits().forEach(m -> status.countQuarantined(m.column()));
                }
                case RowChange.Effect.Delete d -> status.deletes.increment();
                case RowChange.Effect.Skip s -> status.skips.increment();
                case RowChange.Effect.Reject r -> {}
                case RowChange.Effect.Forget f -> status.deletes.increment();
                case RowChange.Effect.Wait w -> {}
            }
            Change change = row.change();
            if (change.committedAtMillis() > 0 && now != null) {
                status.recordLatency(
                        Math.clamp(now.toEpochMilli() - change.committedAtMillis(), 0, LATENCY_MILLIS_MAX));
            }
        }
        move(through);
        double lag = lagSeconds();
        double waits = waiting();
        if (now != null && !Double.isNaN(lag)) {
            lagCatchUp.onMoved(now, lag);
        }
        if (now != null && !Double.isNaN(waits)) {
            waitingCatchUp.onMoved(now, waits);
        }
        appliedListener.accept(changes.size());
    }

    void onEstimate(String collection, long documents, long alreadyCopied) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.estimatedDocuments = documents;
            status.backfilledBefore = alreadyCopied;
        }
    }

    void onChunk(String collection, int documents, WriteSummary summary) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.backfilledDocuments.add(documents);
            status.backfilledRows.add(summary.rows());
            commits.increment();
        }
    }

    void onBackfillDone(String collection) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.backfillDone = true;
            wake();
        }
    }
}
