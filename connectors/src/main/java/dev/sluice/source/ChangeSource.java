package dev.sluice.source;

import dev.sluice.change.ChangeBatch;
import dev.sluice.change.CollectionChange;
import dev.sluice.memory.MemoryBudget;
import java.util.concurrent.CompletableFuture;

/// A running change stream. Delivers every change committed behind the position it was started from, in
/// source order. Those committed at the position's own cluster time come too, though the position may be
/// behind them; and some come twice when it breaks off and is started again from an older position.
public interface ChangeSource extends AutoCloseable {

    /// Takes what the stream delivers. Called by one thread at a time.
    interface Handler {
        /// May block, which holds the stream back. Returning says nothing about durability: the source
        /// keeps no position of its own, and is always started from one that was committed with its rows.
        ///
        /// @param lease for the batch's memory until its changes are written; closed by who takes them. While
        ///     too much is held, nothing more is read
        /// @throws InterruptedException when the source is closed meanwhile
        void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) throws InterruptedException;

        /// At its place in the stream: everything before it has been handed over, and nothing behind it. What
        /// it throws ends the stream there. On the thread of [#onBatch].
        default void onCollectionChange(CollectionChange change) {}

        /// The source has connected again by itself, perhaps to other servers behind the same address. Nothing
        /// that was read since is handed over before it returns; what it throws ends the stream. On a thread
        /// of the source's.
        default void onReconnected() {}
    }

    /// How many changes were read from MongoDB and are still to be delivered. Any thread.
    int pending();

    /// Completes when the stream has ended: normally after [#close], exceptionally when it broke off.
    CompletableFuture<Void> ended();

    /// Stops the stream and waits until no more batches can come; not from within the handler. Does nothing
    /// the second time.
    @Override
    void close();
}
