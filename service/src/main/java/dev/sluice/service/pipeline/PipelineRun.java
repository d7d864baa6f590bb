package dev.sluice.service.pipeline;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Prune;
import dev.sluice.backfill.Resync;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.evolution.SchemaWatch;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.positions.CheckpointStore;
import dev.sluice.positions.LeftCollections;
import dev.sluice.positions.PassedChanges;
import dev.sluice.positions.PositionStore;
import dev.sluice.replay.ReplayStore;
import dev.sluice.service.pipeline.DataFlow.Part;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.PostgresCopyProgress;
import dev.sluice.sink.postgres.PostgresResyncList;
import dev.sluice.sink.postgres.PostgresSession;
import dev.sluice.sink.postgres.ResyncStore;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.sink.postgres.TargetSession;
import dev.sluice.sink.postgres.TargetTables;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.debezium.DebeziumChangeSource;
import dev.sluice.source.debezium.EngineProperties;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.threads.Threads;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
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

    private static final Duration CLOCK_EVERY = Duration.ofSeconds(1);

    /// A MongoDB that is silent for longer than this hangs; one that is gone or shuts down, which takes it
    /// ten seconds, breaks the stream off sooner.
    private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

    private static final Duration RESYNC_EVERY = Duration.ofMillis(250);

    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    /// How often what waits is looked through for what came unseen; less often where looking takes long, so
    /// that it takes no more than one part in so many of the time.
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(15);

    private static final int SWEEP_SHARE = 20;

    private static final Duration CHECKPOINT_EVERY = Duration.ofMinutes(5);
    private static final Duration CHECKPOINTS_KEPT = Duration.ofDays(7);

    /// What an engine without a heartbeat for this long is: hung.
    private static final Duration SILENCE_MAX = Duration.ofSeconds(90);

    private final Pipeline pipeline;
    private final MongoSource source;
    private final PostgresConnector connector;
    private final List<CollectionTarget> targets;
    private final PipelineStatus status;
    private final CountDownLatch stop;
    private final SourceClock clock;
    private final MemoryBudget memory = MemoryBudget.ofStream();
    private @Nullable TargetTables tables;
    private final SourceCheck sourceCheck;
    private Map<String, BsonTimestamp> passed = Map.of();
    private volatile SchemaWatch.@Nullable Stop stoppedAt;

    PipelineRun(Pipeline pipeline, CountDownLatch stop) {
        this.pipeline = pipeline;
        this.source = pipeline.source();
        this.connector = pipeline.connector();
        this.targets = pipeline.targets();
        this.status = pipeline.status();
        this.clock = pipeline.clock();
        this.stop = stop;
        this.sourceCheck = new SourceCheck(pipeline.name(), source, targets);
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
            Connection bookkeeping = ownership.connection();
            status.enter(new PipelineState.Starting());
            tables = ownership.tables();
            // Before anything else is said of MongoDB: on another one, each position looks lost.
            SourceCheck.Found there = sourceCheck.require(bookkeeping);
            Position from = position(bookkeeping);
            passed = new PassedChanges(pipeline.name()).load(bookkeeping);
            try (SchemaWatch schema = new SchemaWatch(pipeline.name(), source, bookkeeping, targets)) {
                schema.requireNothingOpen(from);
            }
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
            Start start = pipeline.start(ownership);
            status.onPosition(start.from());
            DataFlow flow = new DataFlow(
                    targets,
                    passed.values(),
                    clock,
                    new DataFlow.Setting(
                            new DataFlow.Memory(memory, MemoryBudget.ofProcess()), Threads.SYSTEM, Fence::new, stop),
                    new StatusListener(pipeline));
            status.onLeading(ownership.lock()::isHeld);
            ownership.lock().onLost(flow::breakOff);
            followTheMapping(bookkeeping);
            restoreWatermarks(bookkeeping);
            try (StreamSink sink = new StreamSink(openSession(), start.epoch(), flow.fences())
                    .within(connector.limits(flow::ending))) {
                try {
                    flow.run(
                            sink,
                            start.from(),
                            this::openStream,
                            List.of(
                                    new Part("sluice-backfill", true, () -> backfill(bookkeeping, start.epoch(), flow)),
                                    new Part("sluice-resync", true, () -> resync(start.epoch(), flow)),
                                    new Part("sluice-schema", true, () -> watchSchema(start.from(), flow)),
                                    new Part("sluice-clock", false, () -> watch(flow)),
                                    new Part("sluice-checkpoint", false, () -> keepCheckpoints(flow))),
                            () -> awaitEnd(flow));
                } finally {
                    noteStop(bookkeeping, flow);
                }
            }
            broken = flow.failure();
        } catch (SQLException e) {
            throw explain(e);
        } finally {
            status.onLeadingEnded();
        }
        if (broken != null) {
            throw proved(explain(broken));
        }
    }

    /// Nobody is told that history is lost before it was looked whether it is the same MongoDB, and before
    /// the oplog was asked.
    private SluiceException proved(SluiceException failure) {
        if (failure.kind() != FailureKind.HISTORY_LOST && failure.kind() != FailureKind.POSITION_UNKNOWN) {
            return failure;
        }
        try (Connection connection = connector.open()) {
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

    /// Waits while another process writes the pipeline.
    ///
    /// @return null when it was stopped meanwhile
    private @Nullable Ownership stand() throws SQLException, InterruptedException {
        try (Standby standby = new Standby(pipeline, stop)) {
            if (pipeline.wasFencedOut()) {
                try (Connection connection = connector.open()) {
                    if (!standby.awaitQuiet(connection, ListDrain.PATIENCE)) {
                        return null;
                    }
                }
            }
            return Ownership.take(connector, pipeline.name(), targets, standby).orElse(null);
        }
    }

    /// Where to go on; taken from MongoDB and stored when the pipeline is new, before anything is read.
    private Position position(Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(pipeline.name());
        Position stored = positions.load(connection).orElse(null);
        if (stored != null) {
            return stored;
        }
        Position first = source.currentPosition();
        Failpoint.POSITION_TAKEN.hit();
        positions.initialise(connection, first);
        LOG.info("The pipeline {} is new: its stream starts now, then everything there is is copied.", pipeline.name());
        return positions.load(connection).orElse(first);
    }

    /// Before the position moves: it passes what is not mapped, so a collection that was out of the mapping
    /// has to be copied anew, and rows whose documents are gone have to go.
    private void followTheMapping(Connection connection) throws SQLException {
        List<String> mapped = targets.stream().map(CollectionTarget::collection).toList();
        LeftCollections collections = new LeftCollections(pipeline.name());
        ResyncStore resync = new ResyncStore(pipeline.name());
        connection.setAutoCommit(false);
        try {
            List<String> back = collections.comeBack(connection, mapped);
            for (String collection : back) {
                resync.askForAll(connection, collection, "asked", true);
            }
            List<String> left = collections.leave(connection, mapped);
            for (String collection : left) {
                new BackfillStore(pipeline.name()).restart(connection, collection);
                new PositionStore(pipeline.name()).forgetCollection(connection, collection);
            }
            connection.commit();
            if (!back.isEmpty()) {
                LOG.info(
                        "Back in the mapping: {}. Copied anew, since nothing was followed meanwhile; rows whose documents are gone go.",
                        String.join(", ", back));
            }
            if (!left.isEmpty()) {
                LOG.info(
                        "No longer in the mapping: {}. The rows stay as they are. When a collection comes back it is copied anew.",
                        String.join(", ", left));
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private void restoreWatermarks(Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(pipeline.name());
        for (CollectionTarget target : targets) {
            positions.registerCollection(connection, target.collection());
        }
        status.restoreWatermark(positions.watermark(connection));
    }

    private EngineProperties engine() {
        List<String> collections =
                targets.stream().map(CollectionTarget::collection).toList();
        return EngineProperties.defaults(pipeline.name(), source.uriWithReplicaSet(), source.database(), collections)
                .withPassed(passed);
    }

    private ChangeSource openStream(MemoryBudget held, Position from, ChangeSource.Handler batches) {
        ChangeSource stream = DebeziumChangeSource.start(engine(), held, from, new FromStream(batches));
        status.onReading(stream::pending);
        return stream;
    }

    /// Takes what the stream brings.
    private final class FromStream implements ChangeSource.Handler {
        private final ChangeSource.Handler batches;

        FromStream(ChangeSource.Handler batches) {
            this.batches = batches;
        }

        @Override
        public void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) throws InterruptedException {
            batches.onBatch(batch, lease);
        }

        @Override
        public void onCollectionChange(CollectionChange change) {
            try (Connection connection = connector.open();
                    SchemaWatch schema = new SchemaWatch(pipeline.name(), source, connection, targets)) {
                stoppedAt = schema.arriveAt(change).orElse(null);
            } catch (SQLException e) {
                throw Failures.classify(e);
            }
            if (stoppedAt != null) {
                throw stoppedAt.failure();
            }
        }

        @Override
        public void onReconnected() {
            sourceCheck.require(connector);
        }
    }

    /// Where the stream stopped at a change of a collection, and everything before it is applied: the next
    /// run does not have to come to it again.
    private void noteStop(Connection bookkeeping, DataFlow flow) throws SQLException {
        SchemaWatch.Stop stop = stoppedAt;
        if (stop != null && flow.applier().isDrained()) {
            try (SchemaWatch schema = new SchemaWatch(pipeline.name(), source, bookkeeping, targets)) {
                schema.reached(stop.change());
            }
        }
    }

    private void backfill(Connection bookkeeping, long epoch, DataFlow flow) throws SQLException, InterruptedException {
        BackfillStore store = new BackfillStore(pipeline.name());
        List<CollectionTarget> remaining = new ArrayList<>();
        for (CollectionTarget target : targets) {
            if (store.done(bookkeeping, target.collection())) {
                status.onBackfillDone(target.collection());
            } else {
                remaining.add(target);
            }
        }
        if (!remaining.isEmpty()) {
            status.enter(new PipelineState.Backfilling(
                    remaining.stream().map(CollectionTarget::collection).toList()));
            try (Backfill backfill = new Backfill(
                    source,
                    new PostgresCopyProgress(bookkeeping, pipeline.name()),
                    () -> openChunks(epoch, flow),
                    flow.fenced(),
                    Backfill.Limits.adaptive(),
                    new BackfillListener(status))) {
                for (CollectionTarget target : remaining) {
                    if (!backfill.copy(target)) {
                        return;
                    }
                }
            }
        }
        if (!flow.ending()) {
            status.enter(new PipelineState.Streaming());
            LOG.info(
                    "{}; following the change stream.",
                    remaining.isEmpty() ? "Everything was copied before" : "Everything is copied");
        }
    }

    private TargetSession openSession() throws SQLException {
        return PostgresSession.open(connector.openForWriting(), pipeline.name(), targets);
    }

    private ChunkSink openChunks(long epoch, DataFlow flow) throws SQLException {
        return new ChunkSink(openSession(), epoch).within(connector.limits(flow::ending));
    }

    /// Takes documents anew that waited for others, or that somebody asked for.
    private void resync(long epoch, DataFlow flow) throws SQLException, InterruptedException {
        try (Connection connection = connector.open();
                ChunkSink sink = openChunks(epoch, flow)) {
            Fenced fenced = flow.fenced();
            Resync resync =
                    new Resync(source, new PostgresResyncList(connection, pipeline.name()), sink, targets, fenced);
            Resync.Pruning pruning = Prune.asAsked(source, connector, sink, targets, fenced);
            resync.pruning(pruning);
            pruneAfterPassing(connection, pruning);
            ReplayStore replays = new ReplayStore(pipeline.name());
            long sweepAt = System.nanoTime();
            while (!flow.ending()) {
                resync.drain();
                long now = System.nanoTime();
                if (now - sweepAt >= 0) {
                    replays.settle(connection);
                    resync.sweep();
                    long took = System.nanoTime() - now;
                    sweepAt = System.nanoTime() + Math.max(SWEEP_EVERY.toNanos(), took * SWEEP_SHARE);
                }
                flow.pause(RESYNC_EVERY);
            }
        }
    }

    /// Some of the changes that the stream leaves out may be deletes.
    private void pruneAfterPassing(Connection connection, Resync.Pruning pruning) throws SQLException {
        PassedChanges changes = new PassedChanges(pipeline.name());
        List<String> collections = changes.toPrune(connection);
        for (CollectionTarget target : targets) {
            if (collections.contains(target.collection()) && pruning.prune(target)) {
                changes.pruned(connection, target.collection());
            }
        }
    }

    /// Keeps the committed position under a name, now and again, so that there is somewhere to go back to.
    private void keepCheckpoints(DataFlow flow) throws InterruptedException {
        CheckpointStore checkpoints = new CheckpointStore(pipeline.name());
        while (!flow.ending()) {
            String name = "auto-" + Instant.now().truncatedTo(ChronoUnit.SECONDS);
            try (Connection connection = connector.open()) {
                checkpoints.save(connection, name, CheckpointStore.Kind.AUTOMATIC);
                checkpoints.forget(connection, CHECKPOINTS_KEPT);
            } catch (SQLException e) {
                // No reason to stop: what keeps this from being written keeps rows from it too, and that is said.
                LOG.warn("No checkpoint was written: {}", Failures.describe(e));
            }
            long until = System.nanoTime() + CHECKPOINT_EVERY.toNanos();
            while (!flow.ending() && System.nanoTime() < until) {
                flow.pause(RESYNC_EVERY);
            }
        }
    }

    /// Notices what becomes of collections themselves, and does what the mapping says.
    private void watchSchema(Position from, DataFlow flow) throws SQLException, InterruptedException {
        try (Connection connection = connector.open();
                SchemaWatch schema = new SchemaWatch(pipeline.name(), source, connection, targets)) {
            while (!flow.ending()) {
                try {
                    schema.poll(from, flow.applier()::hasReached);
                } catch (SluiceException e) {
                    if (e.kind() != FailureKind.SOURCE_UNREACHABLE) {
                        throw e;
                    }
                    // Not this thread's to say: the stream breaks off too, or comes back by itself.
                    LOG.debug("MongoDB did not answer: {}", e.getMessage());
                    schema.letGo();
                }
                flow.pause(RESYNC_EVERY);
            }
        }
    }

    /// Asks MongoDB for its time and its newest operation, once a second.
    private void watch(DataFlow flow) throws InterruptedException {
        while (!flow.ending()) {
            try {
                clock.onHello(source.hello());
            } catch (SluiceException away) {
                // Not this thread's to say: the stream breaks off too, or comes back by itself. The lag grows
                // meanwhile.
                LOG.debug("MongoDB did not answer: {}", away.getMessage());
            }
            if (flow.idle().compareTo(SILENCE_MAX) > 0) {
                throw new SluiceException(
                        FailureKind.ENGINE,
                        "No word from the stream for " + SILENCE_MAX.toSeconds() + " s, not even a heartbeat.");
            }
            flow.pause(CLOCK_EVERY);
        }
    }

    private void awaitEnd(DataFlow flow) throws InterruptedException {
        boolean silent = false;
        while (!flow.ending()) {
            flow.pause(LOOK_EVERY);
            if (silent != clock.silence().compareTo(ANSWER_MAX) > 0) {
                silent = !silent;
                if (silent) {
                    LOG.warn(
                            "MongoDB has not answered for {} s. Nothing is lost: what was read is applied, and the stream goes"
                                    + " on from there when it answers.",
                            ANSWER_MAX.toSeconds());
                } else {
                    LOG.info("MongoDB answers again.");
                }
            }
        }
        if (flow.failure() == null) {
            status.enter(new PipelineState.Draining());
        }
    }

    /// Tells the status, and whoever hears of the pipeline's changes, how the stream goes on.
    private record StatusListener(Pipeline pipeline) implements DataFlow.Listener {
        private PipelineStatus status() {
            return pipeline.status();
        }

        @Override
        public void onRead(int changes, Watermark watermark) {
            status().onRead(changes, watermark);
        }

        @Override
        public void onReadingEnded() {
            status().onReadingEnded();
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

    /// Tells the status how the copy goes on.
    record BackfillListener(PipelineStatus status) implements Backfill.Listener {
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
