package dev.sluice.service.pipeline;

import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One collection's counters, and how far its copy is. Written by the pipeline's threads, read by any.
public final class CollectionStatus {
    /// Latencies are kept from 1 ms to an hour, to three digits.
    static final long LATENCY_MILLIS_MAX = 3_600_000;

    private final LongAdder upserts = new LongAdder();
    private final LongAdder deletes = new LongAdder();
    private final LongAdder skips = new LongAdder();
    private final LongAdder irrelevant = new LongAdder();
    private final LongAdder backfilledDocuments = new LongAdder();
    private final LongAdder backfilledRows = new LongAdder();
    private final Map<String, LongAdder> quarantined = new ConcurrentHashMap<>();
    private final Histogram latencyMillis = new ConcurrentHistogram(LATENCY_MILLIS_MAX, 3);
    private volatile long estimatedDocuments = -1;
    private volatile long backfilledBefore;
    private volatile boolean writesMoved;
    private volatile boolean backfillDone;
    private volatile LongConsumer latencyListener = millis -> {};
    private volatile BiConsumer<String, LongAdder> columnListener = (column, count) -> {};

    /// Adds a listener for each latency, milliseconds, on the applier's thread.
    public void onLatency(LongConsumer listener) {
        latencyListener = listener;
    }

    /// A change of the stream is committed.
    ///
    /// @param now MongoDB's wall clock; null when unknown
    void onApplied(RowChange row, @Nullable Instant now) {
        switch (row.effect()) {
            case RowChange.Effect.Upsert u -> {
                upserts.increment();
                u.misfits().forEach(m -> countQuarantined(m.column()));
            }
            case RowChange.Effect.Delete d -> deletes.increment();
            case RowChange.Effect.Skip s -> skips.increment();
            case RowChange.Effect.Reject r -> {}
            case RowChange.Effect.Forget f -> deletes.increment();
            case RowChange.Effect.Wait w -> {}
        }
        long committedAt = row.change().committedAtMillis();
        if (committedAt > 0 && now != null) {
            recordLatency(Math.clamp(now.toEpochMilli() - committedAt, 0, LATENCY_MILLIS_MAX));
        }
    }

    void onIrrelevant() {
        irrelevant.increment();
    }

    void onEstimate(long documents, long alreadyCopied) {
        estimatedDocuments = documents;
        backfilledBefore = alreadyCopied;
    }

    void onChunk(int documents, WriteSummary summary) {
        backfilledDocuments.add(documents);
        backfilledRows.add(summary.rows());
    }

    void onBackfillDone() {
        backfillDone = true;
    }

    void onWritesMoved() {
        writesMoved = true;
        backfillDone = true;
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

    /// Updates of the stream that were read and touch nothing that the mapping reads: they are not among those applied.
    public long irrelevantUpdates() {
        return irrelevant.sum();
    }

    public long backfilledDocuments() {
        return backfilledDocuments.sum();
    }

    /// How many documents there were when the copy began, about; -1 when unknown.
    public long estimatedDocuments() {
        return estimatedDocuments;
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

    /// Whether its writes have moved to PostgreSQL, so that nothing of it is followed.
    public boolean writesMoved() {
        return writesMoved;
    }

    /// Whether the stream keeps its rows current.
    boolean isFollowed() {
        return backfillDone && !writesMoved;
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

    /// Adds all latencies, milliseconds, that were recorded so far.
    void addLatenciesTo(Histogram all) {
        all.add(latencyMillis);
    }

    /// Milliseconds from MongoDB's commit to ours; NaN before the first change.
    public double latencyMillis(double percentile) {
        return latencyMillis.getTotalCount() == 0 ? Double.NaN : latencyMillis.getValueAtPercentile(percentile);
    }
}
