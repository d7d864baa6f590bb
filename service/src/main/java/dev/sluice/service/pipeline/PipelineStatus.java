package dev.sluice.service.pipeline;

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
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What a running pipeline has done and how fresh it is. Written by the pipeline's threads, read by
/// metrics, status and the demo; any thread.
public final class PipelineStatus {
    private final Outage outage = new Outage();
    private final String pipeline;
    private final SequencedMap<String, CollectionStatus> collections = new LinkedHashMap<>();
    private final AtomicReference<PipelineState> state = new AtomicReference<>(new PipelineState.Starting());
    private final SourceClock clock;
    private final Lag lag;
    private volatile @Nullable Lease lease;
    private volatile @Nullable Silence source;
    private final LongAdder applyNanos = new LongAdder();
    private final LongAdder commits = new LongAdder();
    private final ReentrantLock lock = new ReentrantLock();

    private final AtomicInteger waiting = new AtomicInteger();

    /// Signalled when the watermark moves or the pipeline ends.
    private final Condition moved = lock.newCondition();

    private volatile @Nullable BsonTimestamp position;
    private volatile Headroom headroom = new Headroom(Double.NaN, false, null);
    private volatile IntConsumer appliedListener = count -> {};
    private volatile double replicaLag = Double.NaN;
    private volatile LongConsumer transactionListener = nanos -> {};
    private volatile Runnable irrelevantListener = () -> {};
    private volatile Consumer<Committed> committedListener = batch -> {};

    /// How long ago the oplog would have had to begin later for the pipeline's position to be lost.
    ///
    /// @param seconds the position's time minus that of the oplog's oldest entry; NaN when unknown
    /// @param whole whether the oplog has dropped nothing yet, so that the position can't be lost
    ///     soon, however few the seconds are
    /// @param unknownBecause why it is not known, and what to do; null when it is known, or was not
    ///     asked yet
    public record Headroom(
            double seconds, boolean whole, @Nullable String unknownBecause) {}

    /// The lock of a pipeline that this process writes.
    interface Lease {
        /// Whether PostgreSQL says so.
        boolean isHeld();

        /// When PostgreSQL confirmed it last, by our clock, while it does not answer; null when it
        /// does.
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

    /// Of a pipeline that is not run.
    public PipelineStatus(String pipeline, List<String> names) {
        this(pipeline, names, new SourceClock(InstantSource.system()));
    }

    PipelineStatus(String pipeline, List<String> names, SourceClock clock) {
        this.pipeline = pipeline;
        this.clock = clock;
        this.lag = new Lag(clock);
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

    /// The state now: [PipelineState.Stalled] while a server does not answer that the work under
    /// way needs.
    public PipelineState state() {
        PipelineState during = state.get();
        if (!during.mayStall()) {
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
        return state.get().works();
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

    /// How far the stream is behind.
    public Lag lag() {
        return lag;
    }

    /// [Lag#seconds()] of a collection; NaN as long as it is not copied, and once its writes have
    /// moved.
    public double lagSeconds(CollectionStatus collection) {
        return collection.isFollowed() ? lag.seconds() : Double.NaN;
    }

    /// [Lag#applySeconds()] of a collection; NaN as long as it is not copied, and once its writes
    /// have moved.
    public double applyLagSeconds(CollectionStatus collection) {
        return collection.isFollowed() ? lag.applySeconds() : Double.NaN;
    }

    /// Seconds until the rows have caught up with MongoDB, if they go on as in the last half
    /// minute: 0 when they have, infinite when they don't gain, NaN when unknown.
    public double catchUpSeconds() {
        PipelineState shown = state();
        return lag.catchUpSeconds(!(shown instanceof PipelineState.Waiting
                || shown instanceof PipelineState.Stalled
                || shown instanceof PipelineState.Paused));
    }

    /// Changes of the stream that this process has applied, of all collections.
    public long changesApplied() {
        return collections.values().stream()
                .mapToLong(CollectionStatus::changesApplied)
                .sum();
    }

    /// Runs that failed and were tried again, since the process began.
    public long retries() {
        return outage.retries();
    }

    Outage outage() {
        return outage;
    }

    /// How many transactions of the stream and of the copy this process has committed so far. Those
    /// that only move the position count too: MongoDB and PostgreSQL have both answered for one.
    long commits() {
        return commits.sum();
    }

    public Headroom headroom() {
        return headroom;
    }

    /// How late the latest of MongoDB's secondaries is, seconds; NaN when unknown.
    public double replicaLagSeconds() {
        return replicaLag;
    }

    void onReplicaLag(Optional<Duration> found) {
        replicaLag = found.map(lag -> lag.toMillis() / 1_000.0).orElse(Double.NaN);
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

    /// What an earlier process, or the leader, has applied.
    void restoreWatermark(Watermark stored) {
        lag.onRestored(stored);
        wake();
    }

    private void wake() {
        lock.lock();
        try {
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Whether an operation is applied: its rows are committed. Always true of a collection whose
    /// writes have moved to PostgreSQL.
    ///
    /// @param operation the operation time MongoDB gave for it
    /// @param collection null for all of them
    public boolean isApplied(BsonTimestamp operation, @Nullable String collection) {
        boolean covered = lag.applied().covers(operation);
        return collections.entrySet().stream()
                .filter(c -> collection == null || c.getKey().equals(collection))
                .map(Map.Entry::getValue)
                .allMatch(c -> c.writesMoved() || (covered && c.backfillDone()));
    }

    /// Waits until an operation is applied, the pipeline has ended, or the time is over. Any number of
    /// threads.
    ///
    /// @return whether it is applied
    public boolean awaitApplied(BsonTimestamp operation, @Nullable String collection, Duration timeout)
            throws InterruptedException {
        long remaining = timeout.toNanos();
        lock.lockInterruptibly();
        waiting.incrementAndGet();
        try {
            while (!isApplied(operation, collection)) {
                if (remaining <= 0 || state.get().hasEnded()) {
                    return false;
                }
                remaining = moved.awaitNanos(remaining);
            }
            return true;
        } finally {
            waiting.decrementAndGet();
            lock.unlock();
        }
    }

    /// Whether somebody is in [#awaitApplied].
    boolean isAwaited() {
        return waiting.get() > 0;
    }

    /// Adds a listener for the number of changes of each transaction of the stream, on the
    /// applier's thread.
    public void onApplied(IntConsumer listener) {
        appliedListener = listener;
    }

    /// Adds a listener for how long each transaction of the stream took that wrote changes, in nanoseconds, its commit
    /// included; on the applier's thread.
    public void onTransaction(LongConsumer listener) {
        transactionListener = listener;
    }

    /// Adds a listener for each update of the stream that touches nothing that the mapping reads, when it is read, on
    /// the thread that reads.
    public void onIrrelevant(Runnable listener) {
        irrelevantListener = listener;
    }

    /// Adds a listener for every batch of the stream after its commit, on the applier's thread,
    /// which waits for it.
    public void onCommitted(Consumer<Committed> listener) {
        committedListener = listener;
    }

    void onCommitted(Committed batch) {
        if (!batch.changes().isEmpty()) {
            committedListener.accept(batch);
        }
    }

    /// Time spent in transactions that applied changes, nanoseconds: what the sink alone would take
    /// for them.
    public long applyNanos() {
        return applyNanos.sum();
    }

    void onApplied(List<RowChange> changes, Watermark through, long nanos) {
        if (!changes.isEmpty()) {
            applyNanos.add(nanos);
            transactionListener.accept(nanos);
        }
        commits.increment();
        Instant now = clock.now();
        for (RowChange row : changes) {
            CollectionStatus status = collections.get(row.change().collection());
            if (status != null) {
                status.onApplied(row, now);
            }
        }
        lag.onApplied(changes.size(), through);
        wake();
        appliedListener.accept(changes.size());
    }

    /// An update was read that touches nothing that the mapping reads.
    void onIrrelevant(String collection) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.onIrrelevant();
        }
        irrelevantListener.run();
    }

    void onEstimate(String collection, long documents, long alreadyCopied) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.onEstimate(documents, alreadyCopied);
        }
    }

    void onChunk(String collection, int documents, WriteSummary summary) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.onChunk(documents, summary);
            commits.increment();
        }
    }

    /// @param moved the collections whose writes have moved to PostgreSQL
    void onWritesMoved(Set<String> moved) {
        for (String collection : moved) {
            CollectionStatus status = collections.get(collection);
            if (status != null) {
                status.onWritesMoved();
            }
        }
        wake();
    }

    void onBackfillDone(String collection) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.onBackfillDone();
            wake();
        }
    }
}
