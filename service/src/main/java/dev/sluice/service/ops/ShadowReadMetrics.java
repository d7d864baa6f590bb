package dev.sluice.service.ops;

import dev.sluice.cutover.ShadowResult;
import io.micrometer.core.instrument.MeterRegistry;
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
            Metric.SHADOW_READS
                    .counter(registry, pipeline, collection, result.text())
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
            Metric.SHADOW_READ_TIME
                    .histogram(registry, pipeline, collection, side)
                    .record(Duration.ofNanos((long) (millis * 1_000_000)));
        }
    }
}
