package dev.sluice.service.ops;

import dev.sluice.failure.SluiceException;
import dev.sluice.gate.Gate;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether each gate is open, as a metric. The gates are asked once a second on a thread of its own. A gate that
/// could not be asked for some seconds is shut.
public final class GateMetrics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GateMetrics.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// After this, and twice the time until the next reading, a gate counts as shut.
    private static final Duration STALE = Duration.ofSeconds(3);

    /// Where reading takes long it is done less often, so that it takes no more than one part in so many of the time.
    private static final int SHARE = 20;

    private final Supplier<Gates.All> gates;
    private final Thread reader;
    private volatile Reading reading = new Reading(Map.of(), System.nanoTime(), 0);

    private record Reading(Map<String, Boolean> open, long nanos, long restNanos) {}

    private GateMetrics(
            String pipeline, Collection<String> collections, Supplier<Gates.All> gates, MeterRegistry registry) {
        this.gates = gates;
        for (String collection : collections) {
            Gauge.builder(MetricNames.GATE_OPEN, this, metrics -> metrics.isOpen(collection) ? 1 : 0)
                    .description("1 while the reads of the collection may move to PostgreSQL")
                    .tags("pipeline", pipeline, "collection", collection)
                    .register(registry);
        }
        this.reader = Thread.ofPlatform().name("sluice-gates").daemon(true).unstarted(this::readAgainAndAgain);
    }

    /// @param collections those that have a gauge
    /// @param gates asked by a thread of this class
    public static GateMetrics start(
            String pipeline, Collection<String> collections, Supplier<Gates.All> gates, MeterRegistry registry) {
        GateMetrics metrics = new GateMetrics(pipeline, collections, gates, registry);
        metrics.reader.start();
        return metrics;
    }

    private boolean isOpen(String collection) {
        Reading last = reading;
        return System.nanoTime() - last.nanos() <= STALE.toNanos() + 2 * last.restNanos()
                && last.open().getOrDefault(collection, false);
    }

    private void readAgainAndAgain() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                long started = System.nanoTime();
                long rest = 0;
                try {
                    Map<String, Boolean> open =
                            gates.get().gates().stream().collect(Collectors.toMap(Gate::collection, Gate::open));
                    rest = SHARE * (System.nanoTime() - started);
                    reading = new Reading(open, System.nanoTime(), rest);
                } catch (SluiceException failure) {
                    LOG.debug("The gates were not read: {}", failure.getMessage());
                }
                Thread.sleep(EVERY.plusNanos(rest));
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        reader.interrupt();
    }
}
