package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PassedChanges;
import dev.sluice.positions.PauseStore;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.positions.Transaction;
import dev.sluice.service.pipeline.DataFlow.Part;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.threads.Threads;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One run of the pipeline, from taking it over to its end: by request, or by the first failure of any of
/// its parts. The [Supervisor] makes a new one after a failure. Nothing of a run outlives it.
final class PipelineRun {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineRun.class);

    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    private final Pipeline pipeline;
    private final PipelineSpec spec;
    private final MongoSource source;
    private final PipelineStatus status;
    private final CountDownLatch stop;
    private final SourceClock clock;
    private final MemoryBudget memory = MemoryBudget.ofStream();
    private final SourceCheck sourceCheck;
    private @Nullable TargetTables tables;

    PipelineRun(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.spec = pipeline.spec();
        this.source = spec.source();
        this.status = pipeline.status();
        this.clock = pipeline.clock();
        this.stop = stop;
        this.sourceCheck = SourceCheck.of(spec);
    }

    /// Runs until `stop` is counted down, then drains and returns.
    ///
    /// @throws SluiceException with the first failure of any part
    void run() throws InterruptedException {
        Throwable broken = null;
        try (memory;
                Ownership ownership = stand()) {
            if (ownership == null) {
                return;
            }
            // A process that stood by gets the pipeline because of the pause, too, and must not take it over.
            if (isPaused(ownership.connection())) {
                return;
            }
            pipeline.onOwned();
            status.enter(new PipelineState.Starting());
            tables = ownership.tables();
            requireSource(ownership.connection());
            Start start = pipeline.start(ownership);
            status.onPosition(start.from());
            broken = flow(ownership, start);
        } catch (SQLException e) {
            throw explain(e);
        } finally {
            status.onLeadingEnded();
        }
        if (broken != null) {
            throw proved(explain(broken));
        }
    }

    /// Waits while another process writes the pipeline.
    ///
    /// @return null when it was stopped meanwhile
    private @Nullable Ownership stand() throws SQLException, InterruptedException {
        try (Standby standby = new Standby(pipeline, stop)) {
            if (pipeline.wasFencedOut()) {
                try (Connection connection = spec.connector().open()) {
                    if (!standby.awaitQuiet(connection, ListDrain.PATIENCE)) {
                        return null;
                    }
                }
            }
            return Ownership.take(spec, standby).orElse(null);
        }
    }

    /// Whether a user holds the pipeline; the next run waits for its end ([Paused]).
    private boolean isPaused(Connection connection) throws SQLException {
        return new PauseStore(spec.name()).load(connection).isPresent();
    }

    /// Checks that MongoDB is the one that was copied, and that its stream can resume from the position.
    private void requireSource(Connection bookkeeping) throws SQLException {
        // Before any other check of MongoDB: on another one, each position looks lost.
        SourceCheck.Found there = sourceCheck.require(bookkeeping);
        Position from = position(bookkeeping);
        OpenChanges.of(spec).requireNoneBefore(bookkeeping, from);
        status.onPosition(from);
        BsonTimestamp time = from.clusterTime();
        if (time != null) {
            // At once: a run whose position is lost ends here, and its metrics say by how much.
            status.onHeadroom(OplogWatch.headroom(source.oplog().start(), time));
        }
        if (there.lost() != null) {
            throw there.lost();
        }
        sourceCheck.note(bookkeeping, there.deployment());
        clock.onHello(source.hello());
    }

    /// Where to resume; taken from MongoDB and stored when the pipeline is new, before anything is read.
    private Position position(Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(spec.name());
        Position stored = positions.load(connection).orElse(null);
        if (stored != null) {
            return stored;
        }
        Position first = source.currentPosition();
        Failpoint.POSITION_TAKEN.hit();
        positions.initialise(connection, first);
        LOG.info("The pipeline {} is new: its stream starts now, then the existing documents are copied.", spec.name());
        return positions.load(connection).orElse(first);
    }

    /// Reads, writes and copies until the end.
    ///
    /// @return the failure that ended it; null when there was none
    private @Nullable Throwable flow(Ownership ownership, Start start) throws SQLException, InterruptedException {
        Connection bookkeeping = ownership.connection();
        Map<String, BsonTimestamp> passed = new PassedChanges(spec.name()).load(bookkeeping);
        DataFlow flow = new DataFlow(
                spec.targets(),
                passed.values(),
                clock,
                new DataFlow.Setting(
                        new DataFlow.Memory(memory, MemoryBudget.ofProcess()), Threads.SYSTEM, Fence::new, stop),
                new StatusListener(pipeline));
        status.onLeading(new HeldLock(ownership.lock()));
        ownership.lock().onLost(flow::breakOff);
        Transaction.run(bookkeeping, () -> pipeline.writtenWith().follow(bookkeeping, spec.name()));
        Failpoint.MAPPING_FOLLOWED.hit();
        new MappedCollections(spec).follow(bookkeeping);
        restoreWatermarks(bookkeeping);
        StreamReader reader = new StreamReader(pipeline, sourceCheck, passed);
        try (StreamSink sink = new StreamSink(spec.openSession(), start.epoch(), flow.fences())
                .within(spec.connector().limits(flow::ending))) {
            try {
                flow.run(sink, start.from(), reader, parts(flow, bookkeeping, start), () -> awaitEnd(flow));
            } finally {
                reader.noteStop(bookkeeping, flow);
            }
        }
        return flow.failure();
    }

    private List<Part> parts(DataFlow flow, Connection bookkeeping, Start start) {
        return List.of(
                new Part("sluice-backfill", true, new BackfillPart(pipeline, flow, bookkeeping, start.epoch())),
                new Part("sluice-resync", true, new ResyncPart(pipeline, flow, start.epoch())),
                new Part("sluice-schema", true, new SchemaPart(pipeline, flow, start.from())),
                new Part("sluice-clock", false, new ClockPart(pipeline, flow)),
                new Part("sluice-checkpoint", false, new CheckpointPart(pipeline, flow)),
                new Part("sluice-pause", false, EachSecond.pause(pipeline, flow)),
                new Part("sluice-mapping", false, EachSecond.mapping(pipeline, flow)));
    }

    private void restoreWatermarks(Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(spec.name());
        for (CollectionTarget target : spec.targets()) {
            positions.registerCollection(connection, target.collection());
        }
        status.restoreWatermark(positions.watermark(connection));
    }

    private void awaitEnd(DataFlow flow) throws InterruptedException {
        while (!flow.ending()) {
            flow.pause(LOOK_EVERY);
        }
        if (flow.failure() == null) {
            status.enter(new PipelineState.Draining());
        }
    }

    /// A lost history is reported only after checking that it is the same MongoDB, and after asking
    /// the oplog.
    private SluiceException proved(SluiceException failure) {
        if (failure.kind() != FailureKind.HISTORY_LOST && failure.kind() != FailureKind.POSITION_UNKNOWN) {
            return failure;
        }
        try (Connection connection = spec.connector().open()) {
            SluiceException lost = sourceCheck.require(connection).lost();
            return lost != null
                    ? lost
                    : new SluiceException(FailureKind.ENGINE, String.valueOf(failure.getMessage()), failure);
        } catch (SluiceException known) {
            return known;
        } catch (SQLException e) {
            return Failures.classify(e);
        }
    }

    private SluiceException explain(Throwable failure) {
        return tables == null ? Failures.classify(failure) : tables.explain(failure);
    }

    /// What the status asks of the pipeline's lock.
    private record HeldLock(PipelineLock lock) implements PipelineStatus.Lease {
        @Override
        public boolean isHeld() {
            return lock.isHeld();
        }

        @Override
        public @Nullable Instant silentSince() {
            return lock.silentSince();
        }
    }

    /// Reports the progress of the stream to the status and to the listeners of the pipeline's changes.
    private record StatusListener(Pipeline pipeline) implements DataFlow.Listener {
        private PipelineStatus status() {
            return pipeline.status();
        }

        @Override
        public void onRead(int changes, Watermark watermark) {
            status().lag().onRead(changes, watermark);
        }

        @Override
        public void onReadingEnded() {
            status().lag().onReadingEnded();
        }

        @Override
        public boolean isAwaited() {
            return status().isAwaited();
        }

        @Override
        public void onPosition(Position position) {
            status().onPosition(position);
        }

        @Override
        public void onApplied(List<RowChange> changes, Watermark watermark, long nanos) {
            status().onApplied(changes, watermark, nanos);
            pipeline.onWritten(changes);
        }

        @Override
        public void onCommitted(PipelineStatus.Committed batch) {
            status().onCommitted(batch);
        }
    }
}
