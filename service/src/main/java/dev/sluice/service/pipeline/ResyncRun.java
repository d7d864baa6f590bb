package dev.sluice.service.pipeline;

import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditAction;
import dev.sluice.control.ResyncStore;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.WithoutChanges;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// The resync of whole collections while the stream runs: lists them, and waits until they are read. For
/// one thread.
public final class ResyncRun {
    private final PipelineSpec pipeline;

    public ResyncRun(PipelineSpec pipeline) {
        this.pipeline = pipeline;
    }

    /// Puts collections on the list, all at once.
    ///
    /// @param prune whether rows whose documents are gone are deleted then
    /// @return the newest entry
    /// @throws WrongUseException when the pipeline never had a position
    /// @throws dev.sluice.failure.SluiceException of kind HISTORY_LOST when the stream can't resume: then
    ///     a resync alone does not make the rows current; of kind COLLECTION_CHANGED when a change of a
    ///     collection waits for a decision; of kind MAPPING when one of them is none that can be copied
    public long list(List<CollectionTarget> chosen, boolean prune, String actor) throws SQLException {
        try (Connection connection = pipeline.connector().open()) {
            if (new PositionStore(pipeline.name()).load(connection).isEmpty()) {
                throw new WrongUseException("The pipeline '" + pipeline.name()
                        + "' has no position yet: the first `sluice run` or `sluice backfill` takes it.");
            }
            SluiceException lost = SourceCheck.of(pipeline).require(connection).lost();
            // As `run` does: a copy from a new position, which a lost one needs, is refused for it too.
            OpenChanges.requireNoneSoFar(pipeline, connection, () -> false);
            if (lost != null) {
                throw lost;
            }
            chosen.forEach(target -> WithoutChanges.refuse(pipeline.source(), target.collection()));
            connection.setAutoCommit(false);
            ResyncStore store = new ResyncStore(pipeline.name());
            Audit audit = new Audit(pipeline.name());
            for (CollectionTarget target : chosen) {
                store.askForAll(connection, target.collection(), "asked", prune);
                audit.add(connection, AuditAction.RESYNC, target.collection(), actor, Map.of("prune", prune));
            }
            long last = store.last(connection);
            connection.commit();
            return last;
        }
    }

    /// Waits until all entries up to one are resynced.
    ///
    /// @return how many are left; 0 unless it was stopped or the pipeline is paused
    public long await(long last, ListDrain.Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        ResyncStore store = new ResyncStore(pipeline.name());
        return new ListDrain(pipeline).await(connection -> store.left(connection, last), listener, stopped);
    }
}
