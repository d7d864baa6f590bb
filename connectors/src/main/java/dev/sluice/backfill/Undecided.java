package dev.sluice.backfill;

import dev.sluice.evolution.OpenChanges;
import dev.sluice.pipeline.PipelineSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;

/// The collections that were dropped, renamed or replaced and whose rows stay until a user has decided. Reading
/// their documents again would find those of another collection, or none. Asked after documents are read and
/// before anything is written from them: a change that comes in between is found then.
@FunctionalInterface
public interface Undecided {
    /// No collection waits for a decision.
    Undecided NONE = Set::of;

    /// @return their names
    /// @throws dev.sluice.failure.SluiceException when MongoDB can't be asked
    Set<String> now() throws SQLException;

    /// @param connection for the same thread
    static Undecided of(PipelineSpec pipeline, Connection connection) {
        OpenChanges changes = OpenChanges.of(pipeline);
        return () -> changes.undecided(connection, pipeline.source());
    }
}
