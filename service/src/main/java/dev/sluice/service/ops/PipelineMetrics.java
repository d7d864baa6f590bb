package dev.sluice.service.ops;

import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.PipelineStatus.CollectionStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Shows a pipeline's status as metrics. The status keeps the numbers; the registry reads them when it is
/// scraped.
public final class PipelineMetrics {
    private PipelineMetrics() {}

    public static void bind(PipelineStatus status, MeterRegistry registry) {
        for (String state : PipelineState.NAMES) {
            Gauge.builder(MetricNames.STATE, status, s -> s.state().name().equals(state) ? 1 : 0)
                    .description("1 for the state the pipeline is in")
                    .tags("pipeline", status.pipeline(), "state", state)
                    .register(registry);
        }
        Gauge.builder(MetricNames.WAITING, status, PipelineStatus::waiting)
                .description("Changes read and not yet applied")
                .tags("pipeline", status.pipeline())
                .register(registry);
        status.collections().forEach((name, collection) -> bind(status, name, collection, registry));
    }

    private static void bind(PipelineStatus status, String name, CollectionStatus collection, MeterRegistry registry) {
        Tags tags = Tags.of("pipeline", status.pipeline(), "collection", name);
        Gauge.builder(MetricNames.LAG, status, PipelineStatus::lagSeconds)
                .description("How far the rows are behind MongoDB")
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
        Gauge.builder(MetricNames.WATERMARK, status, PipelineMetrics::watermark)
                .description("Everything committed in MongoDB up to this time is applied")
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
        collection
                .applied()
                .forEach((op, count) -> FunctionCounter.builder(MetricNames.CHANGES_APPLIED, count, LongAdder::sum)
                        .description("Changes applied")
                        .tags(tags.and("op", op))
                        .register(registry));
        FunctionCounter.builder(MetricNames.BACKFILL_ROWS, collection, CollectionStatus::backfilledRows)
                .description("Rows written by the backfill")
                .tags(tags)
                .register(registry);
        Gauge.builder(MetricNames.BACKFILL_PROGRESS, collection, CollectionStatus::backfillProgress)
                .description("Share of the documents that are copied")
                .tags(tags)
                .register(registry);
        collection.onQuarantinedColumn(
                (column, count) -> FunctionCounter.builder(MetricNames.QUARANTINED, count, LongAdder::sum)
                        .description("Values that rows of the stream landed without since the process started")
                        .tags(tags.and("column", column))
                        .register(registry));
        Timer latency = Timer.builder(MetricNames.APPLY_LATENCY)
                .description("From MongoDB's commit to PostgreSQL's")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofMinutes(5))
                .tags(tags)
                .register(registry);
        collection.onLatency(millis -> latency.record(millis, TimeUnit.MILLISECONDS));
    }

    private static double watermark(PipelineStatus status) {
        Instant through = status.watermark();
        return through == null ? Double.NaN : through.toEpochMilli() / 1000.0;
    }
}
