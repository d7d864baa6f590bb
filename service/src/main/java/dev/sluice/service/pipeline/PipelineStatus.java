package dev.sluice.service.pipeline;

import dev.sluice.change.Change;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// What a running pipeline has done and how fresh it is. Written by the pipeline's threads, read by
/// metrics, status and the demo; any thread.
public final class PipelineStatus {
    /// Latencies are kept from 1 ms to an hour, to three digits.
    private static final long LATENCY_MILLIS_MAX = 3_600_000;

    private final String pipeline;
    private final SequencedMap<String, CollectionStatus> collections = new LinkedHashMap<>();
    private final AtomicReference<PipelineState> state = new AtomicReference<>(new PipelineState.Starting());
    private final AtomicReference<@Nullable Instant> watermark = new AtomicReference<>();
    private final LongAdder applyNanos = new LongAdder();
    private final AtomicLong waiting = new AtomicLong();
    private volatile IntConsumer appliedListener = count -> {};
    private volatile Consumer<Committed> committedListener = batch -> {};
    private volatile Duration clockOffset = Duration.ZERO;

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

        /// Hears each latency, milliseconds, on the applier's thread.
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

    public PipelineStatus(String pipeline, List<String> names) {
        this.pipeline = pipeline;
        names.forEach(name -> collections.put(name, new CollectionStatus()));
    }

    public String pipeline() {
        return pipeline;
    }

    public SequencedMap<String, CollectionStatus> collections() {
        return java.util.Collections.unmodifiableSequencedMap(collections);
    }

    public PipelineState state() {
        return state.get();
    }

    void enter(PipelineState next) {
        state.set(next);
    }

    /// Up to when, by MongoDB's clock, everything is applied; null when unknown.
    public @Nullable Instant watermark() {
        return watermark.get();
    }

    /// Changes read and not yet applied.
    public long waiting() {
        return waiting.get();
    }

    void setWaiting(long changes) {
        waiting.set(changes);
    }

    void setClockOffset(Duration offset) {
        clockOffset = offset;
    }

    /// How far behind MongoDB the rows are: now, by MongoDB's clock, minus the watermark. It grows while
    /// either side is away. NaN when the watermark is unknown.
    public double lagSeconds() {
        Instant through = watermark.get();
        if (through == null) {
            return Double.NaN;
        }
        return Math.max(
                0, Duration.between(through, Instant.now().plus(clockOffset)).toMillis() / 1000.0);
    }

    void restoreWatermark(Instant stored) {
        watermark.accumulateAndGet(stored, PipelineStatus::later);
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || (b != null && b.isAfter(a)) ? b : a;
    }

    /// Hears how many changes each transaction of the stream applied, on the applier's thread.
    public void onApplied(IntConsumer listener) {
        appliedListener = listener;
    }

    /// Hears of every batch of the stream once it is committed, on the applier's thread, which it holds up.
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

    void onApplied(List<RowChange> changes, @Nullable Instant through, long nanos) {
        applyNanos.add(changes.isEmpty() ? 0 : nanos);
        long now = Instant.now().plus(clockOffset).toEpochMilli();
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
            if (change.committedAtMillis() > 0) {
                status.recordLatency(Math.clamp(now - change.committedAtMillis(), 0, LATENCY_MILLIS_MAX));
            }
        }
        if (through != null) {
            restoreWatermark(through);
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
        }
    }

    void onBackfillDone(String collection) {
        CollectionStatus status = collections.get(collection);
        if (status != null) {
            status.backfillDone = true;
        }
    }
}
