package dev.sluice.service.ops;

import dev.sluice.gate.Gate;
import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Whether each gate is open, as a metric. The gates are asked once a second. A gate that could not be asked for some
/// seconds is shut.
public final class GateMetrics implements AutoCloseable {
    private static final Pace PACE = new Pace(Duration.ofSeconds(1), 20, Duration.ofSeconds(3));

    private final LatestReading<Map<String, Boolean>> open;

    private GateMetrics(
            String pipeline, Collection<String> collections, Supplier<Gates.All> gates, MeterRegistry registry) {
        this.open = LatestReading.of(
                "sluice-gates",
                PACE,
                () -> gates.get().gates().stream().collect(Collectors.toMap(Gate::collection, Gate::open)));
        for (String collection : collections) {
            Metric.GATE_OPEN.gauge(registry, this, metrics -> metrics.isOpen(collection) ? 1 : 0, pipeline, collection);
        }
    }

    /// @param collections those that have a gauge
    /// @param gates asked by a thread of this class
    public static GateMetrics start(
            String pipeline, Collection<String> collections, Supplier<Gates.All> gates, MeterRegistry registry) {
        GateMetrics metrics = new GateMetrics(pipeline, collections, gates, registry);
        metrics.open.start();
        return metrics;
    }

    private boolean isOpen(String collection) {
        Reading<Map<String, Boolean>> last = open.last();
        return last != null && !last.stale() && last.value().getOrDefault(collection, false);
    }

    @Override
    public void close() {
        open.close();
    }
}
