package dev.sluice.service.finish;

import dev.sluice.cutover.FinishStore;
import dev.sluice.cutover.FinishStore.Made;
import dev.sluice.failure.Failpoint;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceDuties.Duty;
import dev.sluice.source.mongo.StreamHistory.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.bson.BsonTimestamp;

/// Makes sure that nobody writes collections in MongoDB: by MongoDB's own block, or by a time in which nobody did. For
/// one thread.
final class WriterStop {
    private final FinishStore store;
    private final MongoSource source;
    private final WrittenSince written;
    private final Connection connection;
    private final List<CollectionTarget> chosen;
    private BsonTimestamp from;
    private final String actor;
    private boolean blocked;

    /// @param actor who moves writes
    WriterStop(
            PipelineSpec pipeline,
            WrittenSince written,
            Connection connection,
            List<CollectionTarget> chosen,
            String actor) {
        this.actor = actor;
        this.store = new FinishStore(pipeline.name());
        this.source = pipeline.source();
        this.written = written;
        this.connection = connection;
        this.chosen = chosen;
        this.from = source.newestWrite();
    }

    /// Has MongoDB refuse all writes. A block that somebody else has made is left to them.
    void block() throws SQLException {
        if (store.noted(connection, Made.WRITE_BLOCK).isPresent()
                || !source.writeBlock().isOn()) {
            store.note(connection, Made.WRITE_BLOCK, "", actor);
            blocked = true;
            source.writeBlock().set(true);
            Failpoint.WRITES_BLOCKED.hit();
        }
        from = source.newestWrite();
    }

    /// Waits for so long, in which nobody may write.
    ///
    /// @throws StopException when somebody does
    void awaitQuiet(Duration quiet, Pause pause) throws StopException, InterruptedException {
        from = source.newestWrite();
        long until = System.nanoTime() + quiet.toNanos();
        do {
            pause.rest();
            requireQuiet();
        } while (System.nanoTime() < until);
    }

    /// Waits a moment.
    interface Pause {
        /// @throws StopException when the command was stopped
        void rest() throws StopException, InterruptedException;
    }

    /// @throws StopException when somebody wrote since
    void requireQuiet() throws StopException {
        Optional<Event> event = written.first(chosen, from, source.newestWrite());
        if (event.isPresent()) {
            String collection = event.get().collection();
            boolean expires = source.duties().of(List.of(collection)).stream().anyMatch(Duty.Ttl.class::isInstance);
            throw new StopException(
                    collection,
                    "It was written to in MongoDB, at "
                            + MongoSource.instant(event.get().clusterTime())
                            + " by its clock. Stop its writers first; --block-writes has MongoDB (6.0 and later) refuse them."
                            + (expires
                                    ? " Its TTL index deletes documents, too: drop that index, and have rows deleted in"
                                            + " PostgreSQL from now on."
                                    : ""));
        }
    }

    /// Whether the block is ours.
    boolean isBlocked() {
        return blocked;
    }

    /// Ends the block, if it is ours.
    void release(Connection fresh) throws SQLException {
        if (blocked) {
            source.writeBlock().set(false);
            store.unblocked(fresh, actor);
            blocked = false;
        }
    }

    /// The block stays on purpose, if there is one.
    void keep(Connection fresh) throws SQLException {
        store.keepBlock(fresh);
        blocked = false;
    }
}
