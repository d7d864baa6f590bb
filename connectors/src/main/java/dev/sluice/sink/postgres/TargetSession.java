package dev.sluice.sink.postgres;

import dev.sluice.change.Chunk;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.ResyncStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.staging.ChunkRows;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One session of the target, with one transaction at a time: the operations that the sinks use. The sinks
/// decide what belongs into a transaction, in which order, and what happens when it fails; a session only
/// executes.
///
/// The first call after [#commit] or [#rollback] begins a transaction. It reads what was committed before
/// each statement (READ COMMITTED), and what it writes is seen by others from its commit on, all of it or
/// nothing. [#hold] and [#advance] lock the row that they read until its end: no process raises the epoch
/// meanwhile. Any call may fail with a [SQLException]; then only [#rollback] is allowed, and after a commit
/// that failed with the connection it is not known whether it was committed.
///
/// For one thread, except [#cancel].
public interface TargetSession extends AutoCloseable {
    /// How long the watermark of a collection without changes may stay behind that of the others, where
    /// there are many.
    Duration WATERMARKS_EVERY = Duration.ofMillis(50);

    /// Holds the epoch for a transaction that does not move the position.
    ///
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when it is no longer ours, WRITES_MOVED when
    ///     writes of collections have moved to PostgreSQL since the session began; the caller rolls back
    void hold(long epoch) throws SQLException;

    /// Moves the position, and holds the epoch.
    ///
    /// @param fenced the collections that the transaction may write while it holds their fences: nobody
    ///     else parks documents of them meanwhile
    /// @throws dev.sluice.failure.SluiceException of kind FENCED_OUT when it is no longer ours, WRITES_MOVED when
    ///     writes of collections have moved to PostgreSQL since the session began; the caller rolls back
    void advance(Position position, long epoch, List<CollectionTarget> fenced) throws SQLException;

    /// Moves the watermark of every collection that is copied, with the commit; never backwards. Where
    /// there are many collections, that of those into which this transaction has written nothing may
    /// stay, for [#WATERMARKS_EVERY] at most while others follow.
    ///
    /// @param sourceTime MongoDB's wall clock now; null when it has not been asked
    void moveWatermark(Watermark watermark, @Nullable Instant sourceTime) throws SQLException;

    /// Writes the rows of changes, the last change of each document.
    ///
    /// @return with what is still to be noted
    Written write(List<RowChange> changes) throws SQLException;

    /// Writes the rows of a chunk.
    ///
    /// @param touched keys of rows that are left out
    /// @param direct whether rows may be copied straight into the tables
    /// @param nothingThere whether it is known that no row of these documents is there yet
    /// @return with what is still to be noted
    Written write(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere) throws SQLException;

    /// Writes dead letters and counts.
    ///
    /// @return the summary, dead letters included
    WriteSummary note(Written written) throws SQLException;

    /// Writes a document that a unique index keeps out, where it comes before those that are in its way. Where
    /// one of them comes before it, the row that it had goes.
    Contest contend(RowChange change) throws SQLException;

    /// Those of the changes whose documents are dead letters already.
    List<RowChange> parked(List<RowChange> changes) throws SQLException;

    /// Deletes rows that have no document any more.
    ///
    /// @return rows deleted from the collection's own table
    int remove(CollectionTarget target, List<Object> keys) throws SQLException;

    /// Lets this transaction's commit not wait for the disk. For a transaction that is followed by another
    /// one of this session on which everything depends: that one's commit waits for both.
    void commitLazily() throws SQLException;

    /// Notes that a chunk is read, and where it ends when that is before its end.
    ///
    /// @param rest what is left of it, a chunk of its own from now on; null when nothing is
    void running(Chunk chunk, @Nullable Chunk rest) throws SQLException;

    /// Records that a chunk which no worker reads is cut.
    ///
    /// @param parts the chunk with an earlier end, then the others
    void cut(List<Chunk> parts) throws SQLException;

    /// Notes that a chunk is done.
    ///
    /// @param leftOut documents that the stream had touched meanwhile
    void chunkDone(Chunk chunk, int documents, WriteSummary summary, int leftOut) throws SQLException;

    /// Strikes entries off the list of documents to be resynced.
    void strike(Collection<ResyncStore.Entry> entries) throws SQLException;

    /// Puts documents on the resync list that wait for rows which another writer has inserted.
    ///
    /// @return how many
    /// @throws dev.sluice.failure.SluiceException when a table no longer keeps keys apart
    int sweep() throws SQLException;

    /// Whether none of the collection's tables has a row.
    boolean isEmpty(CollectionTarget target) throws SQLException;

    /// Whether rows of the collection depend on each other, so that it matters which come first. No
    /// statement.
    boolean dependsOnItself(CollectionTarget target);

    /// Whether somebody waits in PostgreSQL for an operation of MongoDB. The transaction should end at once.
    boolean isAwaited() throws SQLException;

    void commit() throws SQLException;

    void rollback() throws SQLException;

    /// Ends the statement that is running with a failure; does nothing where none is. Any thread.
    void cancel() throws SQLException;

    @Override
    void close() throws SQLException;
}
