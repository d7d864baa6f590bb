package dev.sluice.service.ops;

import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.source.mongo.ReadLimit;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Shows a pipeline's status as metrics. The status keeps the numbers; the registry reads them when it is
/// scraped.
public final class PipelineMetrics {
    private PipelineMetrics() {}

    /// @param version the program's, for people
    public static void bind(PipelineStatus status, String version, MeterRegistry registry) {
        String pipeline = status.pipeline();
        Metric.BUILD_INFO.gauge(
                registry, version, v -> 1, version, Runtime.version().toString());
        for (String state : PipelineState.NAMES) {
            Metric.STATE.gauge(registry, status, s -> s.state().name().equals(state) ? 1 : 0, pipeline, state);
        }
        Metric.LEADER.gauge(registry, status, s -> s.leads() ? 1 : 0, pipeline);
        Metric.WAITING.gauge(registry, status, s -> s.lag().waiting(), pipeline);
        Metric.CAPTURE_LAG.gauge(registry, status, s -> s.lag().captureSeconds(), pipeline);
        Metric.APPLY_LAG.gauge(registry, status, s -> s.lag().applySeconds(), pipeline);
        Metric.CATCH_UP.gauge(registry, status, PipelineStatus::catchUpSeconds, pipeline);
        Metric.RETRIES.counter(registry, status, PipelineStatus::retries, pipeline);
        Timer transactions = Metric.TRANSACTION_TIME.histogram(registry, pipeline);
        status.onTransaction(nanos -> transactions.record(nanos, TimeUnit.NANOSECONDS));
        Metric.HEADROOM.gauge(registry, status, s -> s.headroom().seconds(), pipeline);
        Metric.SOURCE_REPLICA_LAG.gauge(registry, status, PipelineStatus::replicaLagSeconds, pipeline);
        Metric.CLOCK_OFFSET.gauge(registry, status, s -> s.lag().clockOffsetSeconds(), pipeline);
        status.collections().forEach((name, collection) -> bind(status, name, collection, registry));
    }

    /// What this process reads beside the stream.
    public static void bind(String pipeline, ReadLimit limit, MeterRegistry registry) {
        Metric.DOCUMENTS_READ.counter(registry, limit, ReadLimit::documentsRead, pipeline);
        Metric.BYTES_READ.counter(registry, limit, ReadLimit::bytesRead, pipeline);
        Metric.DOCUMENTS_LIMIT.gauge(registry, limit, l -> number(l.rate().documents()), pipeline);
        Metric.BYTES_LIMIT.gauge(registry, limit, l -> number(l.rate().bytes()), pipeline);
    }

    private static double number(@Nullable Long limit) {
        return limit == null ? Double.NaN : limit;
    }

    private static void bind(PipelineStatus status, String name, CollectionStatus collection, MeterRegistry registry) {
        String pipeline = status.pipeline();
        Metric.LAG.gauge(registry, collection, c -> status.lagSeconds(c), pipeline, name);
        Metric.WATERMARK.gauge(registry, collection, c -> watermark(status, c), pipeline, name);
        collection
                .applied()
                .forEach((op, count) ->
                        Metric.CHANGES_APPLIED.counter(registry, count, LongAdder::sum, pipeline, name, op));
        Metric.IRRELEVANT_UPDATES.counter(registry, collection, CollectionStatus::irrelevantUpdates, pipeline, name);
        Metric.BACKFILL_ROWS.counter(registry, collection, CollectionStatus::backfilledRows, pipeline, name);
        Metric.BACKFILL_PROGRESS.gauge(registry, collection, CollectionStatus::backfillProgress, pipeline, name);
        collection.onQuarantinedColumn(new QuarantinedColumns(pipeline, name, registry)::add);
        Timer latency = Metric.APPLY_LATENCY.histogram(registry, pipeline, name);
        Timer ofAll = Metric.PIPELINE_LATENCY.histogram(registry, pipeline);
        collection.onLatency(millis -> {
            latency.record(millis, TimeUnit.MILLISECONDS);
            ofAll.record(millis, TimeUnit.MILLISECONDS);
        });
    }

    /// The columns of one collection that have a counter of their own, and the counter of all others.
    static final class QuarantinedColumns {
        private final String pipeline;
        private final String collection;
        private final MeterRegistry registry;
        private final List<LongAdder> others = new CopyOnWriteArrayList<>();
        private int columns;

        QuarantinedColumns(String pipeline, String collection, MeterRegistry registry) {
            this.pipeline = pipeline;
            this.collection = collection;
            this.registry = registry;
        }

        synchronized void add(String column, LongAdder count) {
            columns++;
            if (columns <= Metric.LABEL_VALUES_MAX) {
                Metric.QUARANTINED.counter(registry, count, LongAdder::sum, pipeline, collection, column);
                return;
            }
            others.add(count);
            if (others.size() == 1) {
                Metric.QUARANTINED.counter(
                        registry, this, QuarantinedColumns::sum, pipeline, collection, Metric.OTHERS);
            }
        }

        private double sum() {
            return others.stream().mapToLong(LongAdder::sum).sum();
        }
    }

    private static double watermark(PipelineStatus status, CollectionStatus collection) {
        Instant through = status.lag().watermark();
        return through == null || !collection.backfillDone() ? Double.NaN : through.toEpochMilli() / 1000.0;
    }
}
