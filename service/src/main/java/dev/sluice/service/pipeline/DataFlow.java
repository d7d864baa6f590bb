package dev.sluice.service.pipeline;

import dev.sluice.backfill.Fenced;
import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.source.ChangeSource;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The threads of a run, and the order in which they begin and end: one reads and maps the stream, the applier
/// writes on another, and all other writes run concurrently with these two, fenced. The first failure of any
/// thread ends all of them, and none outlives [#run].
///
/// Made for one run; [#run] by one thread, the others by any.
final class DataFlow {
    private final ChangeMapper mapper;
    private final List<Fence> fences;
    private final Collection<BsonTimestamp> passed;
    private final SourceClock clock;
    private final Memory memory;
    private final Threads threads;
    private final CountDownLatch stop;
    private final Listener listener;
    private final BatchQueue queue;
    private final CompletableFuture<Void> broken = new CompletableFuture<>();
    private volatile @Nullable Applier applier;

    /// Is also told what is read, on the stream's thread.
    interface Listener extends Applier.Listener {
        void onRead(int changes, Watermark watermark);

        /// Nothing more is read; changes that were read may still be applied.
        void onReadingEnded();
    }

    /// @param stream for the changes of the stream, from before they are handed on until they are
    ///     committed
    /// @param beside shared by everything else that holds documents
    record Memory(MemoryBudget stream, MemoryBudget beside) {}

    /// Where a flow runs.
    ///
    /// @param fences makes them, one for each collection
    /// @param stop counted down to end it
    record Setting(Memory memory, Threads threads, Supplier<Fence> fences, CountDownLatch stop) {}

    /// Work of a thread.
    @FunctionalInterface
    interface Work {
        void run() throws SQLException, InterruptedException;
    }

    /// Work that runs concurrently with the stream, until its own end or that of the run, which it has to
    /// check. Its failure ends the run.
    ///
    /// @param awaited whether the run waits for it; always true for work that writes
    record Part(String name, boolean awaited, Work work) {}

    /// Starts the stream behind a position.
    @FunctionalInterface
    interface Opening {
        /// @param batches takes its batches
        ChangeSource open(MemoryBudget memory, Position from, ChangeSource.Handler batches);
    }

    /// Waits for the end of the run.
    @FunctionalInterface
    interface Waiting {
        void await() throws InterruptedException;
    }

    /// @param targets the collections that are written
    /// @param passed operations that the stream leaves out
    DataFlow(
            List<CollectionTarget> targets,
            Collection<BsonTimestamp> passed,
            SourceClock clock,
            Setting setting,
            Listener listener) {
        this.mapper = ChangeMapper.of(targets);
        this.fences = Stream.generate(setting.fences())
                .limit(CollectionTarget.numbers(targets))
                .toList();
        this.passed = List.copyOf(passed);
        this.clock = clock;
        this.memory = setting.memory();
        this.threads = setting.threads();
        this.stop = setting.stop();
        this.listener = listener;
        this.queue = new BatchQueue(memory.stream()::isHalfHeld, threads);
    }

    /// One for each number of a collection.
    List<Fence> fences() {
        return fences;
    }

    /// For work that writes while the stream runs. From [#run] on.
    Fenced fenced() {
        return new Fenced(fences, this::notBefore, memory.beside(), threads, this::ending);
    }

    /// The operation as of which documents must be read, at least: after what the stream has delivered and
    /// leaves out.
    private @Nullable BsonTimestamp notBefore() {
        BsonTimestamp latest = applier().newestOperation();
        for (BsonTimestamp through : passed) {
            latest = latest == null || through.compareTo(latest) > 0 ? through : latest;
        }
        return latest;
    }

    /// From [#run] on.
    Applier applier() {
        Applier running = applier;
        if (running == null) {
            throw new IllegalStateException("the flow has not begun");
        }
        return running;
    }

    boolean ending() {
        return broken.isDone() || stop.getCount() == 0;
    }

    /// Waits for a while, or until the run is to end.
    void pause(Duration most) throws InterruptedException {
        threads.await(stop, most);
    }

    /// How long the applier has waited for the stream; zero while it has work.
    Duration idle() {
        return queue.idle();
    }

    /// The failure that ended the run; null when there was none.
    @Nullable
    Throwable failure() {
        return broken.isCompletedExceptionally() ? broken.exceptionNow() : null;
    }

    void breakOff(Throwable cause) {
        Throwable root = cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
        if (stop.getCount() > 0 || !(root instanceof InterruptedException)) {
            broken.completeExceptionally(root);
        }
    }

    /// Runs until it is stopped or fails; then all its threads have ended, and [#failure] returns the
    /// failure.
    ///
    /// @param sink of this run's epoch, with the fences of this flow
    /// @param from the stored position
    /// @param parts begin when the stream is open
    /// @param waiting returns when [#ending] says so
    void run(StreamSink sink, Position from, Opening opening, List<Part> parts, Waiting waiting)
            throws InterruptedException {
        Applier running = new Applier(queue, sink, clock, from, listener);
        applier = running;
        List<CompletableFuture<Void>> awaited = new ArrayList<>();
        awaited.add(start(new Part("sluice-apply", true, running::run)));
        try (ChangeSource stream = opening.open(memory.stream(), from, this::onBatch)) {
            watchEnd(stream);
            for (Part part : parts) {
                CompletableFuture<Void> done = start(part);
                if (part.awaited()) {
                    awaited.add(done);
                }
            }
            waiting.await();
        } finally {
            listener.onReadingEnded();
            // The stream is closed, so no further changes come. Delivered changes are applied before the
            // sink is closed; after a run that failed, the next one reads them again from the committed
            // position.
            if (broken.isDone() && !endsBehindWhatWasRead()) {
                queue.abandon();
            } else {
                queue.close();
            }
            // None may outlive the run: a chunk of this run would miss what the next run's stream does.
            // Their statements have time-outs, so this ends.
            for (CompletableFuture<Void> part : awaited) {
                awaitPart(part);
            }
        }
    }

    /// On the stream's thread: maps, and hands over.
    private void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) {
        List<RowChange> rows = new ArrayList<>(batch.changes().size());
        long bytes = 0;
        for (Change change : batch.changes()) {
            RowChange row = mapper.map(change);
            if (row != null) {
                rows.add(row);
                bytes += row.heldBytes();
            }
        }
        lease.set(bytes);
        Watermark watermark = MappedBatch.watermark(batch, clock);
        listener.onRead(rows.size(), watermark);
        queue.put(new MappedBatch(rows, batch.upTo(), watermark, lease, threads.nanoTime()));
    }

    /// Whether the run failed at a change that no later run can pass either: then the changes before it
    /// are applied.
    private boolean endsBehindWhatWasRead() {
        Throwable failure = failure();
        if (failure == null) {
            return false;
        }
        FailureKind kind = Failures.classify(failure).kind();
        return kind == FailureKind.CHANGE_TOO_LARGE
                || kind == FailureKind.COLLECTION_CHANGED
                || kind == FailureKind.DATABASE_DROPPED;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the action itself says what went wrong
    private void watchEnd(ChangeSource stream) {
        stream.ended().whenComplete((v, e) -> {
            // Once the run is to end, the stream is closed: it ends for that, however it puts it.
            if (stop.getCount() > 0) {
                breakOff(e == null ? new SluiceException(FailureKind.ENGINE, "The engine ended by itself.") : e);
            }
        });
    }

    private void awaitPart(CompletableFuture<Void> part) throws InterruptedException {
        try {
            part.get();
        } catch (ExecutionException e) {
            breakOff(e.getCause() == null ? e : e.getCause());
        }
    }

    private CompletableFuture<Void> start(Part part) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        threads.start(part.name(), () -> {
            try {
                part.work().run();
                done.complete(null);
            } catch (SQLException | InterruptedException | RuntimeException | Error e) {
                breakOff(e);
                done.completeExceptionally(e);
            }
        });
        return done;
    }
}
