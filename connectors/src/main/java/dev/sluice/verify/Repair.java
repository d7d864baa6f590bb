package dev.sluice.verify;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.control.ResyncStore;
import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Repairs what a verification found: the process that runs the pipeline resyncs the documents that differ,
/// fenced and while the stream runs, and deletes rows that no document explains. Then they are compared again.
/// For one thread.
public final class Repair {
    private static final int AT_ONCE = 1_000;

    /// A document that still differs after so many repairs is given up.
    private static final int LOOKS_MAX = 30;

    private final PipelineSpec pipeline;
    private final InFlight inFlight;
    private final Writer writer;
    private final BooleanSupplier stopped;

    /// Who resyncs documents (`sluice.resync`).
    @FunctionalInterface
    public interface Writer {
        /// Returns when none is left that a repair has asked for, or when it was stopped.
        ///
        /// @param left how many there are
        void await(Left left) throws SQLException, InterruptedException;
    }

    /// How many documents of a repair are not resynced yet.
    @FunctionalInterface
    public interface Left {
        long count(Connection connection) throws SQLException;
    }

    /// @param stopped asked between steps, from any thread
    public Repair(PipelineSpec pipeline, InFlight inFlight, Writer writer, BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.inFlight = inFlight;
        this.writer = writer;
        this.stopped = stopped;
    }

    /// The result of a repair.
    ///
    /// @param repaired documents that are equal now
    /// @param left documents that still differ
    /// @param complete false when it was stopped
    public record Repaired(long repaired, long left, boolean complete) {}

    /// Repairs every document of a collection that is known to differ (`sluice.drift`).
    ///
    /// @param actor who asked for it, for the audit
    /// @param verification the one that found it, to count it there
    /// @throws dev.sluice.failure.SluiceException when it could not go on; what is repaired stays so
    public Repaired repair(CollectionTarget target, String actor, long verification) throws InterruptedException {
        VerificationStore store = new VerificationStore(pipeline.name());
        Set<String> left = new HashSet<>();
        long repaired = 0;
        try (Connection bookkeeping = pipeline.connector().openForLongWork();
                Connection comparing = pipeline.connector().openForLongWork()) {
            Settlement settlement = Settlement.on(comparing, pipeline, List.of(target), inFlight, stopped);
            ResyncStore resync = new ResyncStore(pipeline.name());
            for (List<Suspect> drifted = store.drifted(bookkeeping, target.collection(), AT_ONCE, left);
                    !drifted.isEmpty();
                    drifted = store.drifted(bookkeeping, target.collection(), AT_ONCE, left)) {
                ask(bookkeeping, resync, target, drifted);
                Map<Suspect, Verdict> verdicts = takeAndLook(resync, settlement, target, drifted);
                store.record(bookkeeping, target.collection(), verdicts);
                int equal = 0;
                for (Suspect suspect : drifted) {
                    if (verdicts.get(suspect) instanceof Verdict.Equal) {
                        equal++;
                    } else {
                        left.add(suspect.rowKey());
                    }
                }
                store.repaired(bookkeeping, verification, equal);
                repaired += equal;
                if (stopped.getAsBoolean()) {
                    return new Repaired(repaired, left.size(), false);
                }
            }
            if (repaired > 0 || !left.isEmpty()) {
                audit(bookkeeping, target, actor, repaired, left.size());
            }
            return new Repaired(repaired, left.size(), true);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static void ask(Connection connection, ResyncStore resync, CollectionTarget target, List<Suspect> drifted)
            throws SQLException {
        Map<String, @Nullable String> documentKeys = new LinkedHashMap<>();
        drifted.forEach(s -> documentKeys.put(s.rowKey(), s.documentKey()));
        resync.askRepair(connection, target.collection(), documentKeys);
    }

    private Map<Suspect, Verdict> takeAndLook(
            ResyncStore resync, Settlement settlement, CollectionTarget target, List<Suspect> drifted)
            throws SQLException, InterruptedException {
        writer.await(asked -> resync.repairsLeft(asked, target.collection()));
        return settlement.settle(target, drifted, LOOKS_MAX);
    }

    private void audit(Connection connection, CollectionTarget target, String actor, long repaired, long left)
            throws SQLException {
        new Audit(pipeline.name())
                .add(
                        connection,
                        AuditAction.REPAIR,
                        target.collection(),
                        actor,
                        Map.of("repaired", repaired, "left", left));
    }
}
