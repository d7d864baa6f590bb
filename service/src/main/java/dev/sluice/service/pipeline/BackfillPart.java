package dev.sluice.service.pipeline;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Lanes;
import dev.sluice.backfill.Undecided;
import dev.sluice.control.BackfillStore;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that copies the documents that existed before the stream, in fenced chunks while it runs.
final class BackfillPart implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(BackfillPart.class);

    private static final Duration POLL_EVERY = Duration.ofMillis(250);

    private final Pipeline pipeline;
    private final DataFlow flow;
    private final Connection bookkeeping;
    private final long epoch;

    /// @param bookkeeping in auto-commit mode, for this part alone while it runs
    /// @param epoch the one in which this run took the pipeline over
    BackfillPart(Pipeline pipeline, DataFlow flow, Connection bookkeeping, long epoch) {
        this.pipeline = pipeline;
        this.flow = flow;
        this.bookkeeping = bookkeeping;
        this.epoch = epoch;
    }

    @Override
    public void run() throws SQLException, InterruptedException {
        PipelineStatus status = pipeline.status();
        List<CollectionTarget> remaining = remaining();
        if (!remaining.isEmpty()) {
            status.enter(new PipelineState.Backfilling(
                    remaining.stream().map(CollectionTarget::collection).toList()));
            CopyLane.Copy copy = new CopyLane.Copy(
                    pipeline.spec(), epoch, flow.fenced(), Backfill.Limits.adaptive(), new ToStatus(status));
            if (!copy.lanes(bookkeeping)
                    .copy(
                            pipeline.spec().targets(),
                            remaining,
                            ending -> new BesideTheStream(CopyLane.open(copy, ending), ending))) {
                return;
            }
        }
        if (!flow.ending()) {
            status.enter(new PipelineState.Streaming());
            LOG.info(
                    "{}; following the change stream.",
                    remaining.isEmpty() ? "Everything was copied before" : "Everything is copied");
        }
    }

    /// Copies a collection once nothing about it waits for a decision.
    private final class BesideTheStream implements Lanes.Lane {
        private final CopyLane lane;
        private final BooleanSupplier ending;

        BesideTheStream(CopyLane lane, BooleanSupplier ending) {
            this.lane = lane;
            this.ending = ending;
        }

        @Override
        public boolean copy(CollectionTarget target) throws SQLException, InterruptedException {
            awaitDecided(target);
            return !isEnding() && lane.copy(target);
        }

        private boolean isEnding() {
            return flow.ending() || ending.getAsBoolean();
        }

        /// A change from before this run, at which the mapping says to stop: the stream stops there, and no
        /// document behind it is copied.
        private void awaitDecided(CollectionTarget target) throws SQLException, InterruptedException {
            Undecided undecided = Undecided.of(pipeline.spec(), lane.connection());
            boolean said = false;
            while (!isEnding() && undecided.now().contains(target.collection())) {
                if (!said) {
                    LOG.info(
                            "{} was dropped, renamed or replaced: its copy waits until the stream has reached that.",
                            target.collection());
                    said = true;
                }
                flow.pause(POLL_EVERY);
            }
        }

        @Override
        public void close() throws SQLException {
            lane.close();
        }
    }

    private List<CollectionTarget> remaining() throws SQLException {
        BackfillStore store = new BackfillStore(pipeline.name());
        List<CollectionTarget> remaining = new ArrayList<>();
        for (CollectionTarget target : pipeline.spec().targets()) {
            if (store.done(bookkeeping, target.collection())) {
                pipeline.status().onBackfillDone(target.collection());
            } else {
                remaining.add(target);
            }
        }
        return remaining;
    }

    /// Reports the progress of the copy to the status.
    private record ToStatus(PipelineStatus status) implements Backfill.Listener {
        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {
            status.onEstimate(target.collection(), documents, alreadyCopied);
        }

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {
            status.onChunk(target.collection(), done.documents(), done.summary());
        }

        @Override
        public void onDone(CollectionTarget target) {
            status.onBackfillDone(target.collection());
        }
    }
}
