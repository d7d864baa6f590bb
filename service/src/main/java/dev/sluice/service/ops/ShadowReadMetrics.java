package dev.sluice.service.ops;

import dev.sluice.cutover.ShadowResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The shadow reads that were reported to this process, as metrics. There once there is one.
public final class ShadowReadMetrics implements ShadowReads.Listener {
    private final String pipeline;
    private final MeterRegistry registry;

    private ShadowReadMetrics(String pipeline, MeterRegistry registry) {
        this.pipeline = pipeline;
        this.registry = registry;
    }

    public static void bind(String pipeline, ShadowReads reads, MeterRegistry registry) {
        reads.onCounted(new ShadowReadMetrics(pipeline, registry));
    }

    @Override
    public void counted(String collection, ShadowResult result, long reads) {
        if (reads > 0) {
            Counter.builder(MetricNames.SHADOW_READS)
                    .description("Reads of both sides that applications reported")
                    .tags("pipeline", pipeline, "collection", collection, "result", result.text())
                    .register(registry)
                    .increment((double) reads);
        }
    }

    @Override
    public void took(String collection, @Nullable Double mongodbMillis, @Nullable Double postgresMillis) {
        record(collection, "mongodb", mongodbMillis);
        record(collection, "postgres", postgresMillis);
    }

    private void record(String collection, String side, @Nullable Double millis) {
        if (millis != null) {
            Timer.builder(MetricNames.SHADOW_READ_TIME)
                    .description("How long applications waited for each side in shadow reads")
                    .publishPercentileHistogram()
                    .minimumExpectedValue(Duration.ofNanos(100_000))
                    .maximumExpectedValue(Duration.ofMinutes(1))
                    .tags("pipeline", pipeline, "collection", collection, "side", side)
                    .register(registry)
                    .record(Duration.ofNanos((long) (millis * 1_000_000)));
        }
    }
}
