package dev.sluice.service.ops;

import dev.sluice.after.AfterStore;
import dev.sluice.balance.Balance;
import dev.sluice.balance.Term;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.service.ops.LatestReading.Pace;
import dev.sluice.service.ops.LatestReading.Reading;
import dev.sluice.service.ops.LatestReading.Source;
import dev.sluice.verify.Drift;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// Metrics from the control schema, which is read every few seconds. A value that was read too long ago is unknown.
public final class ControlMetrics implements AutoCloseable {
    private static final Pace PACE = new Pace(Duration.ofSeconds(3), 20, Duration.ofSeconds(20));

    private final String pipeline;
    private final MeterRegistry registry;
    private final LatestReading<ControlCounts> latest;

    /// Reasons that have a counter, by collection. Written by the reader's thread, read by any.
    private final Map<String, Set<String>> counted = new ConcurrentHashMap<>();

    /// Kinds of changes that have a counter. The reader's thread alone.
    private final Set<Change> changed = new HashSet<>();

    /// Collections whose late writes have a counter. The reader's thread alone.
    private final Set<String> moved = new HashSet<>();

    private record Change(String collection, String kind) {}

    private ControlMetrics(
            String pipeline, Collection<String> collections, Supplier<ControlCounts> source, MeterRegistry registry) {
        this.pipeline = pipeline;
        this.registry = registry;
        for (String collection : collections) {
            gauge(Metric.DEAD_LETTERS, collection, ControlCounts::deadLetters);
            gauge(Metric.DEAD_LETTERS_OPEN, collection, ControlCounts::deadLettersOpen);
            gauge(Metric.WAITING_DOCUMENTS, collection, ControlCounts::waitingDocuments);
            gauge(Metric.IN_QUARANTINE, collection, ControlCounts::quarantined);
            gauge(Metric.RESYNC_WAITING, collection, ControlCounts::resyncEntries);
            gauge(Metric.UNMAPPED_FIELDS, collection, ControlCounts::unmappedFields);
            verification(collection);
            balance(collection);
            openChanges(collection);
        }
        openChanges(SchemaChangeStore.DATABASE);
        afterCopy();
        Metric.WRITE_BLOCK.gauge(
                registry, this, metrics -> metrics.known(counts -> counts.writeBlock() ? 1 : 0), pipeline);
        Metric.UNMAPPED_COLLECTIONS.gauge(
                registry, this, metrics -> metrics.known(ControlCounts::unmappedCollections), pipeline);
        Metric.MAPPING_VERSION.gauge(registry, this, metrics -> metrics.known(ControlCounts::mappingVersion), pipeline);
        Metric.MAPPING_WANTED.gauge(
                registry, this, metrics -> metrics.known(counts -> counts.mappingWanted() ? 1 : 0), pipeline);
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
        gauge(Metric.SCHEMA_CHANGES_OPEN, collection, ControlCounts::schemaChangesOpen);
    }

    private void afterCopy() {
        for (AfterStore.State state : AfterStore.State.values()) {
            Metric.AFTER_MIGRATIONS.gauge(
                    registry,
                    this,
                    metrics -> metrics.known(
                            counts -> (double) counts.afterMigrations().getOrDefault(state, 0L)),
                    pipeline,
                    state.toString());
        }
        Metric.NOT_ANALYZED.gauge(registry, this, metrics -> metrics.known(ControlCounts::notAnalyzed), pipeline);
    }

    private void gauge(Metric metric, String collection, Function<ControlCounts, Map<String, Long>> counts) {
        metric.gauge(registry, this, metrics -> metrics.value(collection, counts), pipeline, collection);
    }

    private void verification(String collection) {
        for (Drift.Kind kind : Drift.Kind.values()) {
            Metric.DRIFT.gauge(
                    registry,
                    this,
                    metrics -> metrics.known(counts -> (double) counts.driftRows()
                            .getOrDefault(collection, Map.of())
                            .getOrDefault(kind.text(), 0L)),
                    pipeline,
                    collection,
                    kind.text());
        }
        Metric.VERIFIED.gauge(
                registry,
                this,
                metrics -> metrics.known(counts -> counts.verifiedThrough().getOrDefault(collection, Double.NaN)),
                pipeline,
                collection);
    }

    private void balance(String collection) {
        for (Term term : Term.values()) {
            Metric.BALANCE.gauge(
                    registry,
                    this,
                    metrics -> metrics.counted(collection, balance -> (double) balance.of(term)),
                    pipeline,
                    collection,
                    term.text());
        }
        Metric.BALANCE_COUNTED.gauge(
                registry,
                this,
                metrics -> metrics.counted(
                        collection, balance -> balance.countedAt().toEpochMilli() / 1_000.0),
                pipeline,
                collection);
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
                .forEach((collection, reasons) -> reasons.keySet().forEach(reason -> countSkipped(collection, reason)));
        counts.lateWrites().keySet().forEach(this::countLateWrites);
        counts.schemaChanges()
                .forEach((collection, kinds) -> kinds.keySet().forEach(kind -> countChanges(collection, kind)));
    }

    private void countSkipped(String collection, String reason) {
        Set<String> reasons = counted.computeIfAbsent(collection, c -> ConcurrentHashMap.newKeySet());
        if (reasons.contains(reason)) {
            return;
        }
        if (reasons.size() < Metric.LABEL_VALUES_MAX) {
            reasons.add(reason);
            Metric.SKIPPED_DOCUMENTS.counter(
                    registry, this, m -> m.skipped(collection, reason), pipeline, collection, reason);
        } else {
            // The same meter again for each further reason.
            Metric.SKIPPED_DOCUMENTS.counter(
                    registry, this, m -> m.skippedOtherwise(collection), pipeline, collection, Metric.OTHERS);
        }
    }

    private void countLateWrites(String collection) {
        if (moved.add(collection)) {
            Metric.LATE_WRITES.counter(registry, this, m -> m.lateWrites(collection), pipeline, collection);
        }
    }

    private double lateWrites(String collection) {
        Reading<ControlCounts> last = latest.last();
        return last == null ? 0 : last.value().lateWrites().getOrDefault(collection, 0L);
    }

    private void countChanges(String collection, String kind) {
        if (changed.add(new Change(collection, kind))) {
            Metric.SCHEMA_CHANGES.counter(registry, this, m -> m.changes(collection, kind), pipeline, collection, kind);
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
        return skipped(collection).getOrDefault(reason, 0L);
    }

    /// For all reasons that have no counter of their own.
    private double skippedOtherwise(String collection) {
        Set<String> reasons = counted.getOrDefault(collection, Set.of());
        return skipped(collection).entrySet().stream()
                .filter(e -> !reasons.contains(e.getKey()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private Map<String, Long> skipped(String collection) {
        Reading<ControlCounts> last = latest.last();
        Map<String, Long> reasons = last == null ? null : last.value().skipped().get(collection);
        return reasons == null ? Map.of() : reasons;
    }

    @Override
    public void close() {
        latest.close();
    }
}
