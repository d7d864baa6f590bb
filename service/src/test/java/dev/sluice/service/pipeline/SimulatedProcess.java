package dev.sluice.service.pipeline;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Prune;
import dev.sluice.backfill.Resync;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.service.pipeline.DataFlow.Part;
import dev.sluice.service.simulation.Rule;
import dev.sluice.service.simulation.SimulatedServers;
import dev.sluice.service.simulation.World;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// `run`, as [PipelineRun] and [Supervisor] make it of its parts, without what only looks on (status,
/// metrics, schema, checkpoints) and without the lock, which may be lost and is not the guarantee.
public final class SimulatedProcess {
    private static final Duration EVERY = Duration.ofMillis(250);
    private static final long MEMORY = 1L << 40;

    /// What the servers' failures come to.
    private static final Set<FailureKind> EXPECTED = EnumSet.of(
            FailureKind.FENCED_OUT,
            FailureKind.SOURCE_UNREACHABLE,
            FailureKind.TARGET_UNREACHABLE,
            FailureKind.TARGET_CONFLICT,
            FailureKind.TARGET_UNWELL);

    private final World world;
    private final int process;
    private final SimulatedServers servers;
    private final Threads threads;
    private final List<CollectionTarget> targets;
    private final CountDownLatch stop = new CountDownLatch(1);
    private long epoch;

    private SimulatedProcess(World world, int process) {
        this.world = world;
        this.process = process;
        this.servers = world.servers(process);
        this.threads = world.threads(process);
        this.targets = world.targets();
    }

    /// Starts it.
    public static void start(World world, int process, World.Command command) {
        SimulatedProcess simulated = new SimulatedProcess(world, process);
        switch (command) {
            case RUN -> simulated.threads.start("main", simulated::run);
            case BACKFILL -> simulated.threads.start("main", simulated::backfillAlone);
        }
    }

    /// `backfill`, as [CopyRun] makes it of its parts, and what [ListDrain] does: takes over, copies what is
    /// left, and takes what is on the list, while nobody streams.
    private void backfillAlone() {
        try {
            if (servers.position() == null) {
                servers.initialise(servers.currentPosition());
            }
            BsonTimestamp before = servers.currentPosition().newestOperation();
            epoch = servers.claim(0);
            BsonTimestamp notBefore = world.broken(Rule.POSITION_AFTER_EPOCH)
                    ? before
                    : servers.currentPosition().newestOperation();
            Fenced alone = new Fenced(fences(), () -> notBefore, new MemoryBudget(MEMORY), threads, () -> false);
            copy(alone);
            try (ChunkSink sink = new ChunkSink(servers.openSession(), epoch)) {
                resync(alone, sink).drain();
            }
        } catch (SQLException | SluiceException e) {
            requireExpected(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        world.ended(process);
    }

    /// A run after the other, until another process has taken over.
    private void run() {
        try {
            while (true) {
                Throwable failure;
                try {
                    failure = runOnce();
                } catch (SQLException | SluiceException e) {
                    failure = e;
                }
                if (failure != null && requireExpected(failure) == FailureKind.FENCED_OUT) {
                    world.ended(process);
                    return;
                }
                threads.await(stop, EVERY);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FailureKind requireExpected(Throwable failure) {
        FailureKind kind = Failures.classify(failure).kind();
        if (!EXPECTED.contains(kind)) {
            throw new IllegalStateException("a run ends with what it should not", failure);
        }
        return kind;
    }

    private @Nullable Throwable runOnce() throws SQLException, InterruptedException {
        Position stored = servers.position();
        if (stored == null) {
            servers.initialise(servers.currentPosition());
        }
        Start start = Start.take(claim(stored), epoch);
        epoch = start.epoch();
        SourceClock clock = new SourceClock(servers::wall);
        DataFlow flow = new DataFlow(
                targets,
                List.of(),
                clock,
                new DataFlow.Setting(
                        new DataFlow.Memory(new MemoryBudget(MEMORY), new MemoryBudget(MEMORY)),
                        threads,
                        this::fence,
                        stop),
                SILENT);
        List<Fence> noted = world.broken(Rule.FENCE_NOTED) ? fences() : flow.fences();
        try (StreamSink sink = new StreamSink(servers.openSession(), epoch, noted)) {
            flow.run(
                    sink,
                    start.from(),
                    servers::openStream,
                    List.of(
                            part("sluice-backfill", flow, () -> copy(fenced(flow))),
                            part("sluice-resync", flow, () -> resync(flow)),
                            new Part("sluice-clock", false, () -> watch(flow, clock))),
                    () -> {
                        while (!flow.ending()) {
                            flow.pause(EVERY);
                        }
                    });
        }
        return flow.failure();
    }

    private Fence fence() {
        if (world.broken(Rule.FENCE_SPOILED)) {
            return new Fence() {
                @Override
                public void spoil() {}
            };
        }
        return world.broken(Rule.FENCE_HELD) ? new Fence(new NoLock()) : new Fence();
    }

    private List<Fence> fences() {
        return targets.stream().map(t -> new Fence()).toList();
    }

    private Part part(String name, DataFlow flow, DataFlow.Work work) {
        if (!world.broken(Rule.PARTS_AWAITED)) {
            return new Part(name, true, work);
        }
        return new Part(
                name,
                true,
                () -> threads.start(name, () -> {
                    try {
                        work.run();
                    } catch (SQLException | InterruptedException | SluiceException broken) {
                        flow.breakOff(broken);
                    }
                }));
    }

    private Start.Claim claim(@Nullable Position before) {
        return new Start.Claim() {
            @Override
            public long takeOver() throws SQLException {
                return servers.claim(0);
            }

            @Override
            public long hold(long held) throws SQLException {
                return servers.claim(held);
            }

            @Override
            public Position position() {
                Position now = servers.position();
                if (now == null) {
                    throw new IllegalStateException("there is no position");
                }
                return world.broken(Rule.POSITION_AFTER_EPOCH) && before != null ? before : now;
            }
        };
    }

    private void copy(Fenced fenced) throws SQLException, InterruptedException {
        try (Backfill backfill = new Backfill(
                servers.documents(),
                servers.copyProgress(epoch),
                new Backfill.Writing(() -> new ChunkSink(servers.openSession(), epoch), fenced),
                Backfill.Limits.adaptive()
                        .withDocuments(World.DOCUMENTS_AT_ONCE)
                        .withWorkers(2),
                new NoProgress())) {
            for (CollectionTarget target : targets) {
                if (!backfill.copy(target)) {
                    return;
                }
            }
        }
    }

    private Resync resync(Fenced fenced, ChunkSink sink) {
        Fenced pruned = world.broken(Rule.PRUNE_LEAVES_TOUCHED)
                ? new Fenced(fences(), () -> fenced.streamPosition().get(), fenced.memory(), threads, fenced.stopped())
                : fenced;
        Prune prune = new Prune(servers.documents(), servers::keptKeys, sink, targets, pruned);
        return new Resync(servers.documents(), servers.resyncList(), sink, targets, fenced)
                .pruning(target -> prune.prune(target).complete());
    }

    private void resync(DataFlow flow) throws SQLException, InterruptedException {
        try (ChunkSink sink = new ChunkSink(servers.openSession(), epoch)) {
            Resync resync = resync(fenced(flow), sink);
            while (!flow.ending()) {
                resync.drain();
                flow.pause(EVERY);
            }
        }
    }

    private void watch(DataFlow flow, SourceClock clock) throws InterruptedException {
        while (!flow.ending()) {
            clock.onHello(servers.hello());
            flow.pause(EVERY);
        }
    }

    private Fenced fenced(DataFlow flow) {
        Fenced fenced = flow.fenced();
        if (!world.broken(Rule.FLIGHT_BEFORE_POSITION)) {
            return fenced;
        }
        List<@Nullable BsonTimestamp> asked = new ArrayList<>();
        return new Fenced(
                fenced.fences(),
                () -> {
                    asked.add(fenced.streamPosition().get());
                    return asked.get(Math.max(0, asked.size() - 2));
                },
                fenced.memory(),
                threads,
                fenced.stopped());
    }

    private static final DataFlow.Listener SILENT = new DataFlow.Listener() {
        @Override
        public void onRead(int changes, Watermark watermark) {}

        @Override
        public void onReadingEnded() {}

        @Override
        public void onPosition(Position position) {}

        @Override
        public void onApplied(List<RowChange> changes, Watermark watermark, long nanos) {}

        @Override
        public void onCommitted(PipelineStatus.Committed batch) {}

        @Override
        public boolean isAwaited() {
            return false;
        }
    };

    /// One for each copy, which locks it: a lock that two schedules share would be something that they wait
    /// for.
    private static final class NoProgress implements Backfill.Listener {
        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {}

        @Override
        public void onDone(CollectionTarget target) {}
    }

    /// A fence that keeps nobody out.
    private static final class NoLock implements ReadWriteLock, Lock {
        @Override
        public Lock readLock() {
            return this;
        }

        @Override
        public Lock writeLock() {
            return this;
        }

        @Override
        public void lock() {}

        @Override
        public void lockInterruptibly() {}

        @Override
        public boolean tryLock() {
            return true;
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) {
            return true;
        }

        @Override
        public void unlock() {}

        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException();
        }
    }
}
