package dev.sluice.service.pipeline;

import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Resync;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.postgres.ChunkSink;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;

/// Waits until the list of documents to be resynced (`sluice.resync`) is empty: the process that runs the
/// pipeline resyncs them, or this one if none runs. For one thread.
public final class ListDrain {
    private static final Duration POLL = Duration.ofMillis(200);

    /// A process whose run failed tries again within ten seconds, however long a database is away.
    /// Taking over the pipeline meanwhile would make that process wait until this one is done.
    static final Duration PATIENCE = Duration.ofSeconds(12);

    /// A process that works moves the position twice a second or so. One that stands by takes the pipeline within this.
    private static final Duration STANDING = Duration.ofSeconds(3);

    /// No epoch is so small.
    private static final long NONE = -1;

    private final PipelineSpec pipeline;
    private final PauseStore pauses;
    private boolean althoughPaused;

    /// Of the last time that this one took the pipeline.
    private long ownEpoch = NONE;

    public ListDrain(PipelineSpec pipeline) {
        this.pipeline = pipeline;
        this.pauses = new PauseStore(pipeline.name());
    }

    /// For what a user asks for by hand and that does not wait for the pipeline: a pause does not hold it.
    ///
    /// @return itself
    ListDrain althoughPaused() {
        althoughPaused = true;
        return this;
    }

    /// What is waited for.
    @FunctionalInterface
    public interface Remaining {
        /// @return entries that are still to be taken; 0 ends the wait
        long count(Connection connection) throws SQLException;
    }

    /// Is told the progress.
    public interface Listener {
        /// Called repeatedly while a process runs the pipeline and resyncs them.
        void onLeft(long left);

        /// No process holds the pipeline now; this one waits so long for one that may be coming back. Not
        /// called if none can come back.
        void onNoHolder(Duration patience);

        /// A user has paused the pipeline. What is on the list stays there until it resumes, or is resynced by this
        /// process, if it was told to do so all the same.
        default void onPaused(Pause pause) {}

        /// No process holds the pipeline, so this one resyncs them.
        void onTakenOver();
    }

    /// Reports nothing.
    public static final Listener SILENT = new Listener() {
        @Override
        public void onLeft(long left) {}

        @Override
        public void onNoHolder(Duration patience) {}

        @Override
        public void onTakenOver() {}
    };

    /// @param stopped asked between steps; what is left then stays on the list
    /// @return how many are left; 0 unless it was stopped or the pipeline is paused
    /// @throws SluiceException of kind COLLECTION_CHANGED when this process would resync them, and a change of
    ///     a collection waits for a decision
    public long await(Remaining remaining, Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        try (Connection connection = pipeline.connector().open()) {
            long began = System.nanoTime();
            long freeSince = began;
            boolean said = false;
            boolean wasTaken = false;
            boolean saidPaused = false;
            while (true) {
                long left = remaining.count(connection);
                if (left == 0 || stopped.getAsBoolean()) {
                    return left;
                }
                Pause pause = pauses.load(connection).filter(p -> !p.over()).orElse(null);
                if (pause != null && !saidPaused) {
                    saidPaused = true;
                    listener.onPaused(pause);
                }
                if (pause != null && !althoughPaused) {
                    return left;
                }
                boolean taken = PipelineLock.isTaken(connection, pipeline.name());
                if (taken) {
                    freeSince = System.nanoTime();
                    // PostgreSQL lets go of the lock of a process that has ended a moment after it.
                    if (wasTaken) {
                        listener.onLeft(left);
                    }
                } else if (!standsStill(connection, STANDING) && !isOwn(connection)) {
                    // Another process moves it, whose lock is not visible; or one moved it just before this
                    // command started, and has ended. Only a move that was watched tells them apart.
                    if (System.nanoTime() - began > STANDING.toNanos()) {
                        listener.onLeft(left);
                    }
                } else if (pause != null
                        || noProcessComesBack(connection)
                        || (System.nanoTime() - freeSince > PATIENCE.toNanos() && standsStill(connection, PATIENCE))) {
                    if (drain(pause == null ? listener : SILENT, stopped)) {
                        continue;
                    }
                    freeSince = System.nanoTime();
                } else if (!said) {
                    said = true;
                    listener.onNoHolder(PATIENCE);
                }
                wasTaken = taken;
                Thread.sleep(POLL);
            }
        }
    }

    /// Whether the process that had the pipeline last has certainly ended and no standby has taken it; or this
    /// process has waited already and none has taken it since.
    private boolean noProcessComesBack(Connection connection) throws SQLException {
        return isOwn(connection)
                || LastWriter.find(connection, pipeline.name())
                        .filter(last -> last.fate() == LastWriter.Fate.ENDED)
                        .isPresent();
    }

    private boolean isOwn(Connection connection) throws SQLException {
        return ownEpoch != NONE
                && LastWriter.find(connection, pipeline.name())
                        .filter(last -> last.epoch() == ownEpoch)
                        .isPresent();
    }

    /// Whether the position has not moved for a while: checked in addition to the lock, which is not
    /// visible through some poolers. False where there is no position yet.
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
        OpenChanges.record(pipeline, connection, stopped);
        long epoch = ownership.takeOver(changes -> changes.requireNone(connection), taken -> {});
        ownEpoch = epoch;
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
