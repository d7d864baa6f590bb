package dev.sluice.service.pipeline;

import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Resync;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.postgres.ChunkSink;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;

/// Sees to it that the list of documents to be taken anew (`sluice.resync`) becomes empty: waits for the
/// process that runs the pipeline, and does it itself where none runs. For one thread.
public final class ListDrain {
    private static final Duration POLL = Duration.ofMillis(200);

    /// A process whose pipeline broke off tries again within ten seconds, however long a database is away.
    /// Taking the pipeline over meanwhile would make that process wait until this one is done.
    static final Duration PATIENCE = Duration.ofSeconds(12);

    /// A process that works moves the position once a second or so.
    private static final Duration STANDING = Duration.ofSeconds(3);

    private final PipelineSpec pipeline;

    public ListDrain(PipelineSpec pipeline) {
        this.pipeline = pipeline;
    }

    /// What is waited for.
    @FunctionalInterface
    public interface Remaining {
        /// @return entries that are still to be taken; 0 ends the wait
        long count(Connection connection) throws SQLException;
    }

    /// Hears how it goes on.
    public interface Listener {
        /// Said again and again while somebody else takes them.
        void onLeft(long left);

        /// No process runs the pipeline now; one that is coming back is waited for so long.
        void onNobodyThere(Duration patience);

        /// No process runs the pipeline, so this one takes them.
        void onTakenOver();
    }

    /// For when nobody looks on.
    public static final Listener SILENT = new Listener() {
        @Override
        public void onLeft(long left) {}

        @Override
        public void onNobodyThere(Duration patience) {}

        @Override
        public void onTakenOver() {}
    };

    /// @param stopped asked between steps; what is left then stays on the list
    /// @return how many are left; 0 unless it was stopped
    public long await(Remaining remaining, Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        try (Connection connection = pipeline.connector().open()) {
            long freeSince = System.nanoTime();
            boolean said = false;
            while (true) {
                long left = remaining.count(connection);
                if (left == 0 || stopped.getAsBoolean()) {
                    return left;
                }
                if (PipelineLock.isTaken(connection, pipeline.name())) {
                    freeSince = System.nanoTime();
                } else if (System.nanoTime() - freeSince > PATIENCE.toNanos() && standsStill(connection, PATIENCE)) {
                    if (drain(listener, stopped)) {
                        continue;
                    }
                    freeSince = System.nanoTime();
                } else if (!said && standsStill(connection, STANDING)) {
                    said = true;
                    listener.onNobodyThere(PATIENCE);
                }
                listener.onLeft(left);
                Thread.sleep(POLL);
            }
        }
    }

    /// Nobody has moved the position for a while: asked beside the lock, which can't be seen through some
    /// poolers. Where there is no position yet, nothing stands still.
    private boolean standsStill(Connection connection, Duration how) throws SQLException {
        PositionStore positions = new PositionStore(pipeline.name());
        return positions.load(connection).isPresent() && positions.isQuiet(connection, how);
    }

    /// @return false when another process was faster
    private boolean drain(Listener listener, BooleanSupplier stopped) throws SQLException, InterruptedException {
        try (Ownership ownership =
                Ownership.take(pipeline, (holder, connection) -> false).orElse(null)) {
            if (ownership == null) {
                return false;
            }
            listener.onTakenOver();
            try {
                drain(ownership, stopped);
            } catch (SQLException | SluiceException e) {
                throw ownership.tables().explain(e);
            }
            return true;
        }
    }

    private void drain(Ownership ownership, BooleanSupplier stopped) throws SQLException {
        Connection connection = ownership.connection();
        SourceCheck.of(pipeline).require(connection);
        long epoch = ownership.takeOver(taken -> {});
        BsonTimestamp notBefore = pipeline.source().currentPosition().newestOperation();
        Fenced fenced = Fenced.alone(pipeline.targets(), notBefore, stopped);
        try (ChunkSink sink = pipeline.openChunks(epoch, stopped)) {
            Resync resync = Resync.of(pipeline, connection, sink, fenced);
            resync.drain();
            if (!stopped.getAsBoolean()) {
                resync.sweep();
            }
        }
    }
}
