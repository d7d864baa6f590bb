package dev.sluice.verify;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Compares which documents of a collection have a row in its own table, and which of its rows have a document, by
/// their keys alone. For one thread.
final class Counts {
    /// A difference has to be there so often, one after the other.
    private static final int TIMES = 3;

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

    private Counted judged(BalanceCount.Open open, Applied.Outcome outcome) {
        Balance balance = open.balance();
        long missing = balance.withoutRow();
        long extra = balance.withoutDocument();
        long undecided = 0;
        switch (outcome) {
            case APPLIED -> {
                long since = pipeline.source().count(target.collection()) - balance.documents();
                long more = extra - missing;
                if (since != 0) {
                    // Documents that came and went while rows were counted: their number alone is known.
                    missing = Math.max(0, Math.min(0, since) - more);
                    extra = Math.max(0, more - Math.max(0, since));
                }
            }
            case STUCK -> {
                undecided = missing + extra;
                missing = 0;
                extra = 0;
            }
            case ENDED -> {
                long late = inFlight(open.rowless());
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

    /// How many of the keys a change that is not applied yet is about; no process will apply it meanwhile.
    private long inFlight(Collection<Object> keys) {
        Set<Object> found = new HashSet<>(inFlight.among(target, keys));
        found.retainAll(Set.copyOf(keys));
        return found.size();
    }
}
