package dev.sluice.service.ops;

import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

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
        Gauge.builder(MetricNames.LEADER, status, s -> s.leads() ? 1 : 0)
                .description("1 when this process writes the pipeline")
                .tags("pipeline", status.pipeline())
                .register(registry);
        Gauge.builder(MetricNames.WAITING, status, s -> s.lag().waiting())
                .description("Changes read and not yet applied")
                .tags("pipeline", status.pipeline())
                .register(registry);
        seconds(
                MetricNames.CAPTURE_LAG,
                "How far what is read is behind MongoDB",
                status,
                s -> s.lag().captureSeconds(),
                registry);
        seconds(
                MetricNames.CATCH_UP,
                "Time until the rows have caught up, at the current rate",
                status,
                PipelineStatus::catchUpSeconds,
                registry);
        seconds(
                MetricNames.HEADROOM,
                "The position's time minus that of the oplog's oldest entry",
                status,
                s -> s.headroom().seconds(),
                registry);
        seconds(
                MetricNames.CLOCK_OFFSET,
                "MongoDB's clock minus ours",
                status,
                s -> s.lag().clockOffsetSeconds(),
                registry);
        status.collections().forEach((name, collection) -> bind(status, name, collection, registry));
    }

    private static void seconds(
            String name,
            String description,
            PipelineStatus status,
            ToDoubleFunction<PipelineStatus> value,
            MeterRegistry registry) {
        Gauge.builder(name, status, value)
                .description(description)
                .baseUnit("seconds")
                .tags("pipeline", status.pipeline())
                .register(registry);
    }

    private static void bind(PipelineStatus status, String name, CollectionStatus collection, MeterRegistry registry) {
        Tags tags = Tags.of("pipeline", status.pipeline(), "collection", name);
        Gauge.builder(MetricNames.LAG, collection, c -> status.lagSeconds(c))
                .description("How far the rows are behind MongoDB")
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
        Gauge.builder(MetricNames.APPLY_LAG, collection, c -> status.applyLagSeconds(c))
                .description("How far what is applied is behind what is read")
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
        Gauge.builder(MetricNames.WATERMARK, collection, c -> watermark(status, c))
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

    private static double watermark(PipelineStatus status, CollectionStatus collection) {
        Instant through = status.lag().watermark();
        return through == null || !collection.backfillDone() ? Double.NaN : through.toEpochMilli() / 1000.0;
    }
}
