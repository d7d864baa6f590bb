package dev.sluice.control;

import dev.sluice.change.Chunk;
import java.sql.SQLException;
import java.util.List;

/// How far the copy of each collection is, as the target keeps it. Each call is a transaction of its own. For
/// one thread.
public interface CopyProgress {
    /// Whether the collection is copied.
    boolean done(String collection) throws SQLException;

    /// Notes that a collection is to be copied.
    void begin(String collection) throws SQLException;

    /// Whether the collection is cut into chunks, all of it.
    boolean isCut(String collection) throws SQLException;

    /// Stores how a collection is cut, instead of what there was of it.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when the pipeline is no longer ours
    void cut(String collection, List<Chunk> chunks) throws SQLException;

    /// The chunks that are not done, in their order.
    List<Chunk> unfinished(String collection) throws SQLException;

    /// The number that no chunk of the collection has yet.
    int nextNumber(String collection) throws SQLException;

    /// How many documents are copied so far.
    long copied(String collection) throws SQLException;

    /// Notes that the copy of a collection begins or goes on.
    void start(String collection, long estimatedDocuments) throws SQLException;

    /// Notes that the collection is copied.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when the pipeline is no longer ours
    void finish(String collection) throws SQLException;

    /// Whether a replica of the target is too far behind for the copy to go on at full speed.
    boolean replicasAreLate() throws SQLException;
}
