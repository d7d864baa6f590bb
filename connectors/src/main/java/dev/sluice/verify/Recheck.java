package dev.sluice.verify;

import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
            Settlement settlement = Settlement.on(comparing, pipeline, pipeline.targets(), inFlight, stopped);
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
    /// @throws dev.sluice.failure.SluiceException when one of the servers can't be asked; then close
    ///     this
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
    /// @throws dev.sluice.failure.SluiceException when one of the servers can't be asked; then close
    ///     this
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
        Map<BsonValue, Verdict> verdicts = settle(target, ids, LOOKS_MAX);
        long differing = verdicts.values().stream()
                .filter(Verdict.Drifted.class::isInstance)
                .count();
        List<BsonValue> open = ids.stream()
                .filter(id -> target.mapper().key(id) instanceof KeyResult.Key)
                .filter(id -> switch (verdicts.get(id)) {
                    case Verdict.Equal equal -> false;
                    case Verdict.Drifted drifted -> false;
                    case Verdict.Undecided undecided -> true;
                    // Not compared.
                    case null -> true;
                })
                .toList();
        return new Tally(differing, open);
    }

    /// Compares documents until it is known of each whether its rows are the expected ones, and records
    /// which differ and which no longer do.
    ///
    /// @param ids a few thousand at most
    /// @param looksMax how often a document is compared at most that is written each time
    /// @return without those that can have no row, and those that were not compared since it was stopped
    /// @throws dev.sluice.failure.SluiceException when one of the servers can't be asked; then close
    ///     this
    public Map<BsonValue, Verdict> settle(CollectionTarget target, Collection<BsonValue> ids, int looksMax) {
        Map<BsonValue, Suspect> suspects = new LinkedHashMap<>();
        for (BsonValue id : ids) {
            if (target.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                suspects.put(id, new Suspect(key.toString(), RowIdentity.documentKey(id)));
            }
        }
        Map<Suspect, Verdict> found = settlement.settle(target, new LinkedHashSet<>(suspects.values()), looksMax);
        record(target, found);
        Map<BsonValue, Verdict> verdicts = new LinkedHashMap<>();
        suspects.forEach((id, suspect) -> {
            Verdict verdict = found.get(suspect);
            if (verdict != null) {
                verdicts.put(id, verdict);
            }
        });
        return verdicts;
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
