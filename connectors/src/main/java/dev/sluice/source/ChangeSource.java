package dev.sluice.source;

import dev.sluice.change.ChangeBatch;
import dev.sluice.change.CollectionChange;
import dev.sluice.memory.MemoryBudget;
import java.util.concurrent.CompletableFuture;

/// A running change stream. Delivers every change committed after the position it was started from, in
/// source order; updates that change nothing for the mapping may be left out. Changes committed at the
/// position's own cluster time are delivered too, although the position may be after them; and some are
/// delivered twice when it fails and is started again from an older position.
public interface ChangeSource extends AutoCloseable {

    /// Takes what the stream delivers. Called by one thread at a time.
    interface Handler {
        /// May block, which holds the stream back. Returning says nothing about durability: the source
        /// keeps no position of its own, and is always started from one that was committed with its rows.
        ///
        /// @param lease for the batch's memory until its changes are written; closed by the handler. While
        ///     too much is held, nothing more is read
        /// @throws InterruptedException when the source is closed meanwhile
        void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) throws InterruptedException;

        /// Called at the change's position in the stream: everything before it has been delivered, and
        /// nothing after it. An exception ends the stream there. On the thread of [#onBatch].
        default void onCollectionChange(CollectionChange change) {}

        /// The source has reconnected, perhaps to other servers behind the same address. Nothing
        /// that was read since is delivered before this returns; an exception ends the stream. On a thread
        /// of the source.
        default void onReconnected() {}

        /// An update was read that touches nothing that the mapping reads. It is in no batch; the position moves
        /// over it. On a thread of the source.
        default void onIrrelevant(String collection) {}
    }

    /// How many changes were read from MongoDB and are still to be delivered. Any thread.
    int pending();

    /// Completes when the stream has ended: normally after [#close], exceptionally when it failed.
    CompletableFuture<Void> ended();

    /// Stops the stream and waits until no more batches can come; not from within the handler. Does nothing
    /// the second time.
    @Override
    void close();
}
