package dev.sluice.service.ops;

import dev.sluice.after.AfterStore;
import dev.sluice.balance.Balance;
import dev.sluice.balance.Term;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import dev.sluice.service.ops.LatestReading.Source;
import dev.sluice.verify.Drift;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// Metrics from the control schema, which is read every few seconds. A value that was read too long ago is unknown.
public final class ControlMetrics implements AutoCloseable {
    private static final Pace PACE = new Pace(Duration.ofSeconds(3), 20, Duration.ofSeconds(20));

    private final String pipeline;
    private final MeterRegistry registry;
    private final LatestReading<ControlCounts> latest;

    /// Reasons that have a counter: collection and reason. The reader's thread alone.
    private final Set<Labels> counted = new HashSet<>();

    /// Kinds of changes that have a counter. The reader's thread alone.
    private final Set<Labels> changed = new HashSet<>();

    /// Collections whose late writes have a counter. The reader's thread alone.
    private final Set<String> moved = new HashSet<>();

    private record Labels(String collection, String reason) {}

    private ControlMetrics(
            String pipeline, Collection<String> collections, Supplier<ControlCounts> source, MeterRegistry registry) {
        this.pipeline = pipeline;
        this.registry = registry;
        for (String collection : collections) {
            gauge(MetricNames.DEAD_LETTERS, "Dead letters now", collection, ControlCounts::deadLetters);
            gauge(
                    MetricNames.WAITING_DOCUMENTS,
                    "Documents that wait for a row which they refer to",
                    collection,
                    ControlCounts::waitingDocuments);
            gauge(MetricNames.UNMAPPED_FIELDS, "Fields no column reads", collection, ControlCounts::unmappedFields);
            verification(collection);
            balance(collection);
            openChanges(collection);
        }
        openChanges(SchemaChangeStore.DATABASE);
        afterCopy();
        Gauge.builder(MetricNames.WRITE_BLOCK, this, metrics -> metrics.known(counts -> counts.writeBlock() ? 1 : 0))
                .description("Whether MongoDB refuses all writes, as finish made it do")
                .tags("pipeline", pipeline)
                .register(registry);
        this.latest = LatestReading.of("sluice-counts", PACE, new Source<>() {
            @Override
            public ControlCounts read() {
                return source.get();
            }

            @Override
            public void hasRead(ControlCounts counts) {
                countWhatIsNew(counts);
            }
        });
    }

    /// @param collections those that have a gauge, whether there is anything to count or not
    /// @param source reads the counts; asked by a thread of this class
    public static ControlMetrics start(
            String pipeline, Collection<String> collections, Supplier<ControlCounts> source, MeterRegistry registry) {
        ControlMetrics metrics = new ControlMetrics(pipeline, collections, source, registry);
        metrics.latest.start();
        return metrics;
    }

    private void openChanges(String collection) {
        gauge(
                MetricNames.SCHEMA_CHANGES_OPEN,
                "Changes of collections that wait for a decision",
                collection,
                ControlCounts::schemaChangesOpen);
    }

    private void afterCopy() {
        for (AfterStore.State state : AfterStore.State.values()) {
            Gauge.builder(
                            MetricNames.AFTER_MIGRATIONS,
                            this,
                            metrics -> metrics.known(
                                    counts -> (double) counts.afterMigrations().getOrDefault(state, 0L)))
                    .description("Statements that come after the copy")
                    .tags("pipeline", pipeline, "state", state.toString())
                    .register(registry);
        }
        Gauge.builder(MetricNames.NOT_ANALYZED, this, metrics -> metrics.known(ControlCounts::notAnalyzed))
                .description("Tables that were not analyzed since the copy and the last after-migration")
                .tags("pipeline", pipeline)
                .register(registry);
    }

    private void gauge(
            String name, String description, String collection, Function<ControlCounts, Map<String, Long>> counts) {
        Gauge.builder(name, this, metrics -> metrics.value(collection, counts))
                .description(description)
                .tags("pipeline", pipeline, "collection", collection)
                .register(registry);
    }

    private void verification(String collection) {
        for (Drift.Kind kind : Drift.Kind.values()) {
            Gauge.builder(
                            MetricNames.DRIFT,
                            this,
                            metrics -> metrics.known(counts -> (double) counts.driftRows()
                                    .getOrDefault(collection, Map.of())
                                    .getOrDefault(kind.text(), 0L)))
                    .description("Rows known to be other than their documents say")
                    .tags("pipeline", pipeline, "collection", collection, "kind", kind.text())
                    .register(registry);
        }
        Gauge.builder(
                        MetricNames.VERIFIED,
                        this,
                        metrics ->
                                metrics.known(counts -> counts.verifiedThrough().getOrDefault(collection, Double.NaN)))
                .description("Every row was compared as of this time or later")
                .baseUnit("seconds")
                .tags("pipeline", pipeline, "collection", collection)
                .register(registry);
    }

    private void balance(String collection) {
        for (Term term : Term.values()) {
            Gauge.builder(
                            MetricNames.BALANCE,
                            this,
                            metrics -> metrics.counted(collection, balance -> (double) balance.of(term)))
                    .description("Documents, rows, and what lies between the two when it was last counted")
                    .tags("pipeline", pipeline, "collection", collection, "term", term.text())
                    .register(registry);
        }
        Gauge.builder(
                        MetricNames.BALANCE_COUNTED,
                        this,
                        metrics -> metrics.counted(
                                collection, balance -> balance.countedAt().toEpochMilli() / 1_000.0))
                .description("When documents and rows were last counted")
                .baseUnit("seconds")
                .tags("pipeline", pipeline, "collection", collection)
                .register(registry);
    }

    private double counted(String collection, ToDoubleFunction<Balance> value) {
        return known(counts -> {
            Balance balance = counts.balances().get(collection);
            return balance == null ? Double.NaN : value.applyAsDouble(balance);
        });
    }

    /// NaN when nothing was read for too long.
    private double known(ToDoubleFunction<ControlCounts> value) {
        Reading<ControlCounts> last = latest.last();
        return last == null || last.stale() ? Double.NaN : value.applyAsDouble(last.value());
    }

    private double value(String collection, Function<ControlCounts, Map<String, Long>> counts) {
        return known(all -> counts.apply(all).getOrDefault(collection, 0L));
    }

    /// Makes a counter for each reason and kind that was not read before.
    private void countWhatIsNew(ControlCounts counts) {
        counts.skipped()
                .forEach((collection, reasons) -> reasons.keySet().forEach(reason -> {
                    if (counted.add(new Labels(collection, reason))) {
                        FunctionCounter.builder(MetricNames.SKIPPED_DOCUMENTS, this, m -> m.skipped(collection, reason))
                                .description("Documents that had no row by a rule of the mapping")
                                .tags(Tags.of("pipeline", pipeline, "collection", collection, "reason", reason))
                                .register(registry);
                    }
                }));
        counts.lateWrites().keySet().forEach(this::countLateWrites);
        counts.schemaChanges()
                .forEach((collection, kinds) -> kinds.keySet().forEach(kind -> countChanges(collection, kind)));
    }

    private void countLateWrites(String collection) {
        if (moved.add(collection)) {
            FunctionCounter.builder(MetricNames.LATE_WRITES, this, m -> m.lateWrites(collection))
                    .description("Writes that reached MongoDB after those of the collection had moved to PostgreSQL")
                    .tags(Tags.of("pipeline", pipeline, "collection", collection))
                    .register(registry);
        }
    }

    private double lateWrites(String collection) {
        Reading<ControlCounts> last = latest.last();
        return last == null ? 0 : last.value().lateWrites().getOrDefault(collection, 0L);
    }

    private void countChanges(String collection, String kind) {
        if (changed.add(new Labels(collection, kind))) {
            FunctionCounter.builder(MetricNames.SCHEMA_CHANGES, this, m -> m.changes(collection, kind))
                    .description(
                            "Changes of collections in MongoDB: dropped, renamed or replaced, new fields and types")
                    .tags(Tags.of("pipeline", pipeline, "collection", collection, "kind", kind))
                    .register(registry);
        }
    }

    private double changes(String collection, String kind) {
        Reading<ControlCounts> last = latest.last();
        Map<String, Long> kinds =
                last == null ? null : last.value().schemaChanges().get(collection);
        return kinds == null ? 0 : kinds.getOrDefault(kind, 0L);
    }

    /// A counter keeps what it last knew: it can't be unknown.
    private double skipped(String collection, String reason) {
        Reading<ControlCounts> last = latest.last();
        Map<String, Long> reasons = last == null ? null : last.value().skipped().get(collection);
        return reasons == null ? 0 : reasons.getOrDefault(reason, 0L);
    }

    @Override
    public void close() {
        latest.close();
    }
}
