package dev.sluice.service.pipeline;

import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Prune;
import dev.sluice.backfill.Resync;
import dev.sluice.positions.PassedChanges;
import dev.sluice.replay.ReplayStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.ChunkSink;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/// The part of a run that resyncs documents while the stream runs: those that waited for others, and those
/// that a user, a replay or a repair has listed.
final class ResyncPart implements DataFlow.Work {
    private static final Duration POLL_EVERY = Duration.ofMillis(250);

    /// How often the sweep runs; less often where it takes long, so
    /// that it takes no more than a fixed share of the time.
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(15);

    private static final int SWEEP_SHARE = 20;

    private final Pipeline pipeline;
    private final DataFlow flow;
    private final long epoch;

    /// @param epoch the one in which this run took the pipeline over
    ResyncPart(Pipeline pipeline, DataFlow flow, long epoch) {
        this.pipeline = pipeline;
        this.flow = flow;
        this.epoch = epoch;
    }

    @Override
    public void run() throws SQLException, InterruptedException {
        try (Connection connection = pipeline.spec().connector().open();
                ChunkSink sink = pipeline.spec().openChunks(epoch, flow::ending)) {
            Fenced fenced = flow.fenced();
            Resync resync = Resync.of(pipeline.spec(), connection, sink, fenced);
            pruneAfterPassing(connection, Prune.asAsked(pipeline.spec(), sink, fenced));
            ReplayStore replays = new ReplayStore(pipeline.name());
            long sweepAt = System.nanoTime();
            while (!flow.ending()) {
                resync.drain();
                long now = System.nanoTime();
                if (now - sweepAt >= 0) {
                    replays.noteEnded(connection);
                    resync.sweep();
                    long took = System.nanoTime() - now;
                    sweepAt = System.nanoTime() + Math.max(SWEEP_EVERY.toNanos(), took * SWEEP_SHARE);
                }
                flow.pause(POLL_EVERY);
            }
        }
    }

    /// Some of the changes that the stream leaves out may be deletes.
    private void pruneAfterPassing(Connection connection, Resync.Pruning pruning) throws SQLException {
        PassedChanges changes = new PassedChanges(pipeline.name());
        List<String> collections = changes.toPrune(connection);
        for (CollectionTarget target : pipeline.spec().targets()) {
            if (collections.contains(target.collection()) && pruning.prune(target)) {
                changes.pruned(connection, target.collection());
            }
        }
    }
}
