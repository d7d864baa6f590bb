package dev.sluice.verify;

import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.RowIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.bson.BsonValue;

/// Compares single documents again as the stream touches them, and records what differs. For one thread.
public final class Recheck implements AutoCloseable {
    private static final int LOOKS_MAX = 30;

    private final Connection comparing;
    private final Connection bookkeeping;
    private final Settlement settlement;
    private final VerificationStore store;

    private Recheck(Connection comparing, Connection bookkeeping, Settlement settlement, VerificationStore store) {
        this.comparing = comparing;
        this.bookkeeping = bookkeeping;
        this.settlement = settlement;
        this.store = store;
    }

    /// @param stopped asked while it waits
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public static Recheck open(PipelineSpec pipeline, InFlight inFlight, BooleanSupplier stopped) {
        try {
            Connection comparing = pipeline.connector().openForLongWork();
            comparing.setAutoCommit(false);
            Settlement settlement = new Settlement(
                    pipeline,
                    comparing,
                    RowComparison.createLasting(comparing, pipeline.targets(), pipeline.targets()),
                    inFlight,
                    stopped);
            return new Recheck(
                    comparing,
                    pipeline.connector().openForLongWork(),
                    settlement,
                    new VerificationStore(pipeline.name()));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Compares once, and records which documents differ and which no longer do.
    ///
    /// @param suspects a few thousand at most
    /// @return without those that were not compared: there were too many, or it was stopped
    /// @throws dev.sluice.failure.SluiceException when one of the servers can't be asked; then close this
    public Map<Suspect, Verdict> look(CollectionTarget target, List<Suspect> suspects) {
        Map<Suspect, Verdict> verdicts = settlement.look(target, suspects);
        record(target, verdicts);
        return verdicts;
    }

    private void record(CollectionTarget target, Map<Suspect, Verdict> verdicts) {
        try {
            store.record(bookkeeping, target.collection(), verdicts);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Compares documents until it is known of each whether its rows are the expected ones.
    ///
    /// @param ids a few thousand at most, each once
    /// @return how many have rows that are not; one that is written each time it is looked at does not
    ///     count
    /// @throws dev.sluice.failure.SluiceException when one of the servers can't be asked; then close this
    public long differing(CollectionTarget target, List<BsonValue> ids) {
        return tally(target, ids).differing();
    }

    /// What became of comparing documents.
    ///
    /// @param differing how many have rows that are not the expected ones
    /// @param open the `_id`s of those of which it is not known: each was written whenever it was looked at, or the
    ///     stream stands still, or it was stopped
    public record Tally(long differing, List<BsonValue> open) {
        public Tally {
            open = List.copyOf(open);
        }
    }

    /// As [#differing], and says which could not be decided.
    public Tally tally(CollectionTarget target, List<BsonValue> ids) {
        Map<Suspect, BsonValue> open = new LinkedHashMap<>();
        for (BsonValue id : ids) {
            if (target.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                open.put(new Suspect(key.toString(), RowIdentity.documentKey(id)), id);
            }
        }
        Map<Suspect, Verdict> verdicts = settlement.settle(target, open.keySet(), LOOKS_MAX);
        record(target, verdicts);
        long differing = 0;
        for (Map.Entry<Suspect, Verdict> entry : verdicts.entrySet()) {
            switch (entry.getValue()) {
                case Verdict.Equal e -> open.remove(entry.getKey());
                case Verdict.Drifted d -> {
                    open.remove(entry.getKey());
                    differing++;
                }
                case Verdict.Undecided u -> {}
            }
        }
        return new Tally(differing, List.copyOf(open.values()));
    }

    @Override
    public void close() {
        try (comparing;
                bookkeeping) {
            comparing.rollback();
        } catch (SQLException away) {
            // The server closes them by itself.
        }
    }
}
