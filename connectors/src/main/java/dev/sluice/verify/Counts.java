package dev.sluice.verify;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Compares which documents of a collection have a row in its own table, and which of its rows have a document, by
/// their keys alone. For one thread.
final class Counts {
    /// A difference has to be there so often, one after the other.
    private static final int TIMES = 3;

    private static final int AT_ONCE = 2_000;
    private static final int LOOKS_MAX = 10;

    private final PipelineSpec pipeline;
    private final Connection connection;
    private final CollectionTarget target;
    private final InFlight inFlight;
    private final BooleanSupplier stopped;

    /// @param connection not in auto-commit mode
    Counts(
            PipelineSpec pipeline,
            Connection connection,
            CollectionTarget target,
            InFlight inFlight,
            BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.connection = connection;
        this.target = target;
        this.inFlight = inFlight;
        this.stopped = stopped;
    }

    /// @param differing how many rows are missing or extra, by kind; a kind that is not in it has none
    /// @param undecided documents and rows that a change explains which is not applied yet
    /// @param complete false when it was stopped
    record Counted(long documents, long rows, Map<Drift.Kind, Long> differing, long undecided, boolean complete) {
        Counted {
            differing = Map.copyOf(differing);
        }

        boolean equal() {
            return complete && differing.isEmpty() && undecided == 0;
        }
    }

    Counted count() throws SQLException {
        Applied applied = new Applied(pipeline.source(), connection, pipeline.name(), stopped);
        BalanceCount balances = new BalanceCount(pipeline);
        Counted counted = new Counted(0, 0, Map.of(), 0, false);
        try (Connection counting = pipeline.connector().openForLongWork()) {
            for (int time = 0; time < TIMES && !counted.equal() && !stopped.getAsBoolean(); time++) {
                Applied.Outcome[] outcome = {Applied.Outcome.ENDED};
                // Every document that was read is applied before rows are looked at.
                Optional<BalanceCount.Open> open = balances.open(
                        counting,
                        target,
                        () -> {
                            outcome[0] = applied.await(target.collection());
                            connection.rollback();
                        },
                        stopped);
                if (open.isEmpty()) {
                    return new Counted(0, 0, Map.of(), 0, false);
                }
                counted = judged(open.get(), outcome[0]);
            }
        }
        return counted;
    }

    private Counted judged(BalanceCount.Open open, Applied.Outcome outcome) throws SQLException {
        Balance balance = open.balance();
        long missing = balance.withoutRow();
        long extra = balance.withoutDocument();
        long undecided = 0;
        switch (outcome) {
            case APPLIED -> {
                // Documents came and went while the others were counted: what is open is decided one by one.
                Decided decided = decide(open);
                missing = decided.of(missing, decided.missing(), open.rowless().size());
                extra = decided.of(extra, decided.extra(), open.documentless().size());
                undecided = decided.undecided();
            }
            case STUCK -> {
                undecided = missing + extra;
                missing = 0;
                extra = 0;
            }
            case ENDED -> {
                long late = inFlight(open.rowless().keySet());
                long toGo = inFlight(open.documentless());
                missing -= late;
                extra -= toGo;
                undecided = late + toGo;
            }
        }
        Map<Drift.Kind, Long> differing = new EnumMap<>(Drift.Kind.class);
        if (missing > 0) {
            differing.put(Drift.Kind.MISSING, missing);
        }
        if (extra > 0) {
            differing.put(Drift.Kind.EXTRA, extra);
        }
        return new Counted(balance.documents(), balance.rows(), differing, undecided, true);
    }

    /// What became of the keys that were open.
    private record Decided(long missing, long extra, long undecided) {
        /// All of a kind: keys are given of some ten thousand at most, and where each of those is a difference, the
        /// others are taken for one too.
        long of(long all, long differing, long looked) {
            return differing == looked ? all : differing;
        }
    }

    private Decided decide(BalanceCount.Open open) throws SQLException {
        List<Suspect> suspects = new ArrayList<>();
        open.rowless().forEach((key, documentKey) -> suspects.add(new Suspect(key.toString(), documentKey)));
        open.documentless().forEach(key -> suspects.add(new Suspect(key.toString(), null)));
        if (suspects.isEmpty()) {
            return new Decided(0, 0, 0);
        }
        long missing = 0;
        long extra = 0;
        long undecided = 0;
        try (Connection comparing = pipeline.connector().openForLongWork()) {
            Settlement settlement = Settlement.on(comparing, pipeline, List.of(target), inFlight, stopped);
            for (int from = 0; from < suspects.size() && !stopped.getAsBoolean(); from += AT_ONCE) {
                List<Suspect> page = suspects.subList(from, Math.min(suspects.size(), from + AT_ONCE));
                for (Verdict verdict :
                        settlement.settle(target, page, LOOKS_MAX).values()) {
                    switch (verdict) {
                        case Verdict.Equal e -> {}
                        case Verdict.Undecided u -> undecided++;
                        case Verdict.Drifted drifted -> {
                            missing += has(drifted, Drift.Kind.MISSING);
                            extra += has(drifted, Drift.Kind.EXTRA);
                        }
                    }
                }
            }
        }
        return new Decided(missing, extra, undecided);
    }

    /// 1 where the document's own row is of that kind, else 0.
    private long has(Verdict.Drifted drifted, Drift.Kind kind) {
        return drifted.found().stream()
                        .anyMatch(drift -> drift.kind() == kind
                                && drift.table().equals(target.mapping().table()))
                ? 1
                : 0;
    }

    /// How many of the keys a change that is not applied yet is about; no process will apply it meanwhile.
    private long inFlight(Collection<Object> keys) {
        Set<Object> found = new HashSet<>(inFlight.among(target, keys));
        found.retainAll(Set.copyOf(keys));
        return found.size();
    }
}
