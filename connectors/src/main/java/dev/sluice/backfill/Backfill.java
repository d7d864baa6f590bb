package dev.sluice.backfill;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.control.CopyProgress;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.source.mongo.DocumentSource;
import dev.sluice.source.mongo.WithoutChanges;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies collections, one after the other ([Lanes] has several of these), each in many chunks of `_id`s.
/// Several chunks are read and written concurrently, while a stream runs or without one. A chunk that is
/// done is not read again; after a process has ended in the middle, the next one resumes from the stored
/// state. Called by one thread, which starts worker threads.
public final class Backfill implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Backfill.class);
    private static final Duration REPLICAS_EVERY = Duration.ofSeconds(2);
    private static final Duration ENDED_EVERY = Duration.ofMillis(100);

    /// So many documents have to be left for a second cursor to be worth opening.
    private static final long CUT_FROM = 1_000_000;

    private static final Duration CUT_AFTER = Duration.ofSeconds(10);
    private static final double READING_SHARE = 0.8;

    /// Is told the progress of the copy. Calls never overlap, also not those of several backfills that have the
    /// same listener; they come from any of their threads. The estimate of a collection comes before its chunks.
    public interface Listener {
        /// @param documents how many there are, about
        /// @param alreadyCopied how many an earlier run has copied
        void onEstimate(CollectionTarget target, long documents, long alreadyCopied);

        void onChunk(CollectionTarget target, Done done);

        void onDone(CollectionTarget target);
    }

    /// A chunk that is done.
    ///
    /// @param documents that were read
    /// @param workers how many are at it at once
    public record Done(
            Chunk chunk, int documents, WriteSummary summary, Duration reading, Duration writing, int workers) {}

    /// @param documentsMax most documents in a chunk
    /// @param documentsFixed whether a chunk has that many; else as many as PostgreSQL takes in a fraction
    ///     of a second
    /// @param bytesMax a chunk ends with the document that reaches this many bytes of BSON
    /// @param workersMax most chunks at once
    /// @param workersFixed whether so many are at it; else as many as make it faster
    public record Limits(
            int documentsMax, boolean documentsFixed, long bytesMax, int workersMax, boolean workersFixed) {
        private static final int DOCUMENTS_MAX = 20_000;
        private static final int WORKERS_MAX = 8;

        /// Each worker may leave a cursor open that holds a reply of MongoDB, 16 MB at most.
        private static final long HEAP_PER_WORKER = 96L << 20;

        public Limits {
            if (documentsMax < 1 || bytesMax < 1) {
                throw new IllegalArgumentException("a chunk holds at least one document");
            }
            if (workersMax < 1) {
                throw new IllegalArgumentException("at least one works");
            }
        }

        /// Chunk size and workers adapt to what is fastest on this machine.
        public static Limits adaptive() {
            Runtime machine = Runtime.getRuntime();
            long workers = Math.min(2L * machine.availableProcessors(), machine.maxMemory() / HEAP_PER_WORKER);
            return new Limits(DOCUMENTS_MAX, false, MemoryBudget.piece(), Math.clamp(workers, 2, WORKERS_MAX), false);
        }

        public Limits withDocuments(int documents) {
            return new Limits(documents, true, bytesMax, workersMax, workersFixed);
        }

        public Limits withWorkers(int workers) {
            return new Limits(documentsMax, documentsFixed, bytesMax, workers, true);
        }

        /// @param bytes at which a chunk ends
        public Limits withBytes(long bytes) {
            return new Limits(documentsMax, documentsFixed, bytes, workersMax, workersFixed);
        }
    }

    /// Documents are held as they are and as rows.
    private static final int HELD_COPIES = 2;

    /// Opens a sink of its own for each worker.
    @FunctionalInterface
    public interface Sinks {
        ChunkSink open() throws SQLException;
    }

    /// What chunks are written by.
    ///
    /// @param fenced asked for its memory once for each chunk, and for the stream's position before each is read
    public record Writing(Sinks sinks, Fenced fenced) {}

    private final DocumentSource source;
    private final CopyProgress progress;
    private final Sinks sinks;
    private final Fenced fenced;
    private final Threads threads;
    private final Limits limits;
    private final Listener listener;
    /// By the number of the worker; opened when it first has something to write.
    private final Map<Integer, ChunkSink> open = new ConcurrentHashMap<>();

    /// @param progress for this alone
    public Backfill(DocumentSource source, CopyProgress progress, Writing writing, Limits limits, Listener listener) {
        this.source = source;
        this.progress = progress;
        this.sinks = writing.sinks();
        this.fenced = writing.fenced();
        this.threads = fenced.threads();
        this.limits = limits;
        this.listener = listener;
    }

    /// Copies what is not copied yet of a collection.
    ///
    /// @return whether the collection is copied; false when the backfill was stopped before
    /// @throws SluiceException when it could not go on; what is done stays done
    /// @throws InterruptedException when this thread is; what is done stays done, and all workers have ended
    public boolean copy(CollectionTarget target) throws InterruptedException {
        String collection = target.collection();
        try {
            if (progress.done(collection)) {
                sayDone(target);
                return true;
            }
            WithoutChanges.refuse(source, collection);
            progress.begin(collection);
            if (!progress.isCut(collection)) {
                progress.cut(collection, Ranges.brackets(collection));
            }
            // More than once only when chunks are not done after all: PostgreSQL lost them, or another
            // process cut.
            for (List<Chunk> left = progress.unfinished(collection);
                    !left.isEmpty();
                    left = progress.unfinished(collection)) {
                if (!copy(target, left)) {
                    return false;
                }
            }
            progress.finish(collection);
            sayDone(target);
            return true;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private void sayDone(CollectionTarget target) {
        synchronized (listener) {
            listener.onDone(target);
        }
    }

    /// One for each chunk; one for all of them when these are the collection, not cut and not begun.
    private static List<Span> spans(List<Chunk> left) {
        boolean whole = left.stream().map(Chunk::bracket).distinct().count() == IdBracket.values().length
                && left.stream().allMatch(chunk -> chunk.lower() == null && chunk.upper() == null);
        return whole ? List.of(Span.ofAll(left)) : left.stream().map(Span::of).toList();
    }

    /// @return false when stopped
    private boolean copy(CollectionTarget target, List<Chunk> left) throws SQLException, InterruptedException {
        ChunkSink first = sink(0);
        // Rows that refer to each other are better written in the order of their chunks: fewer have to wait.
        int workers = first.dependsOnItself(target) ? 1 : limits.workersMax();
        Work work = new Work(
                target,
                left,
                progress.nextNumber(target.collection()),
                new Pace(limits, workers, threads.nanoTime()),
                first.isEmpty(target));
        // Before the first chunk of this run is among them.
        long copiedBefore = progress.copied(target.collection());
        List<Thread> started = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            Worker worker = new Worker(work, i);
            started.add(threads.start("sluice-copy-" + (i + 1), worker::run));
        }
        try {
            // Concurrently with the first read, which may take a while to begin.
            sayEstimate(work, copiedBefore);
            watchReplicas(started, work.pace);
        } catch (InterruptedException | SQLException | RuntimeException e) {
            work.abandon();
            throw e;
        } finally {
            // No worker may outlive this call: a chunk applied later would miss what the stream has done
            // meanwhile.
            joinUninterruptibly(started);
            work.queue.close();
        }
        Throwable failure = work.failure.get();
        if (failure != null) {
            throw Failures.classify(failure);
        }
        return work.queue.isDone();
    }

    private ChunkSink sink(int worker) throws SQLException {
        ChunkSink sink = open.get(worker);
        if (sink == null) {
            sink = sinks.open();
            open.put(worker, sink);
        }
        return sink;
    }

    private void sayEstimate(Work work, long copiedBefore) throws SQLException {
        String collection = work.target.collection();
        long estimate = source.estimate(collection);
        progress.start(collection, estimate);
        synchronized (listener) {
            listener.onEstimate(work.target, estimate, copiedBefore);
        }
        work.estimated(estimate);
    }

    private int documentsPerRange() {
        return limits.documentsFixed() ? limits.documentsMax() : limits.documentsMax() / 2;
    }

    private void watchReplicas(List<Thread> started, Pace pace) throws InterruptedException, SQLException {
        LateReplicas late = new LateReplicas();
        long next = threads.nanoTime();
        for (Thread thread : started) {
            while (!threads.join(thread, ENDED_EVERY)) {
                if (threads.nanoTime() - next >= 0) {
                    next = threads.nanoTime() + REPLICAS_EVERY.toNanos();
                    late.of(progress.replicasAreLate(), source.replicaLag().orElse(Duration.ZERO));
                    if (pace.onReplicas(late.any())) {
                        LOG.info(late.forPeople());
                    }
                }
            }
        }
    }

    private static void joinUninterruptibly(List<Thread> started) {
        boolean interrupted = false;
        for (Thread thread : started) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// What the workers share.
    private final class Work {
        private final CollectionTarget target;
        private final SpanQueue queue;
        private final Pace pace;
        private final boolean startedEmpty;
        private final CompletableFuture<Long> estimate = new CompletableFuture<>();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final long startedNanos = threads.nanoTime();
        private long readNanos;
        private long documentsRead;
        private boolean cut;

        Work(CollectionTarget target, List<Chunk> left, int nextNumber, Pace pace, boolean startedEmpty) {
            this.target = target;
            this.queue = new SpanQueue(spans(left), nextNumber, threads);
            this.pace = pace;
            this.startedEmpty = startedEmpty;
        }

        /// @param documents about
        void estimated(long documents) {
            estimate.complete(documents);
        }

        /// Waits until it is known.
        long estimate() {
            return estimate.join();
        }

        /// Wakes those that wait for the estimate; it will not be known.
        void abandon() {
            queue.abandon();
            estimate.complete(0L);
        }

        /// Whether a cursor is read nearly all the time, so that more of them would be faster. True once at
        /// most.
        synchronized boolean isWorthCutting(int documents, Duration reading) {
            readNanos += reading.toNanos();
            documentsRead += documents;
            long elapsed = threads.nanoTime() - startedNanos;
            boolean worth = !cut
                    && pace.workers() > 1
                    && elapsed > CUT_AFTER.toNanos()
                    && readNanos > elapsed * READING_SHARE
                    && estimate() - documentsRead > CUT_FROM;
            cut |= worth;
            return worth;
        }
    }

    /// Takes one chunk after the other.
    private final class Worker {
        private final Work work;
        private final int number;
        private final ChunkRows rows;
        private final Fence fence;

        Worker(Work work, int number) {
            this.work = work;
            this.number = number;
            this.rows = new ChunkRows(work.target);
            this.fence = fenced.of(work.target);
        }

        @SuppressWarnings("CatchingUnchecked") // Whatever it is, the thread that waits for this one throws it.
        void run() {
            try {
                while (true) {
                    Span span = work.queue.take(
                            () -> work.pace.admits(number),
                            () -> fenced.stopped().getAsBoolean() || work.failure.get() != null);
                    if (span == null) {
                        return;
                    }
                    try {
                        copy(span);
                    } finally {
                        work.queue.done();
                    }
                }
            } catch (StoppedException e) {
                // Its chunk is not done, and is read again.
                work.queue.abandon();
            } catch (Exception | Error e) {
                work.failure.compareAndSet(null, e);
                work.queue.abandon();
            }
        }

        private void copy(Span span) throws SQLException, InterruptedException {
            MemoryBudget.Lease lease;
            try {
                lease = fenced.memory().acquireForReading();
            } catch (InterruptedException e) {
                span.abandon();
                throw e;
            }
            try (lease) {
                copy(span, lease);
            }
        }

        private void copy(Span span, MemoryBudget.Lease lease) throws SQLException {
            long started = threads.nanoTime();
            Span.Read read = read(span);
            Duration reading = Duration.ofNanos(threads.nanoTime() - started);
            switch (read) {
                case Span.Read.End end -> {
                    sink(number).empty(end.empty());
                    end.left().forEach(chunk -> work.queue.giveBack(Span.of(chunk)));
                }
                case Span.Read.Part part -> {
                    try {
                        lease.set(HELD_COPIES * part.bytes());
                        readOn(span, part, reading);
                        write(part, reading, lease);
                    } finally {
                        rows.clear();
                        part.landed().run();
                    }
                }
            }
        }

        /// Reads a part and notes that it is read.
        private Span.Read read(Span span) throws SQLException {
            try {
                Span.Read read = span.next(
                        new Span.Reading(source, fence, fenced.streamPosition(), work.queue::nextNumber),
                        new Span.Size(limits.documentsMax(), source.atATime(work.pace.documents()), limits.bytesMax()));
                if (read instanceof Span.Read.Part part) {
                    work.pace.onRead(part.documents().size(), part.bytes());
                    sink(number).running(part.chunk(), part.rest());
                }
                return read;
            } catch (SQLException | RuntimeException | Error e) {
                span.abandon();
                throw e;
            }
        }

        /// Leaves the rest of the span to the next free worker.
        private void readOn(Span span, Span.Read.Part part, Duration reading) throws SQLException {
            Chunk rest = part.rest();
            if (rest == null || !work.isWorthCutting(part.documents().size(), reading)) {
                work.queue.giveBack(span);
                return;
            }
            LOG.debug("MongoDB's cursor is what the copy of {} waits for: more are opened.", rest.collection());
            for (Chunk left : span.giveUp().left()) {
                if (left.bracket() == rest.bracket()) {
                    List<Chunk> parts =
                            Ranges.cut(source, rest, work.estimate(), documentsPerRange(), work.queue::nextNumber);
                    sink(number).cut(parts);
                    parts.reversed().forEach(chunk -> work.queue.giveBack(Span.of(chunk)));
                } else {
                    work.queue.giveBack(Span.of(left));
                }
            }
        }

        private void write(Span.Read.Part part, Duration reading, MemoryBudget.Lease lease) throws SQLException {
            rows.map(part.documents());
            lease.set(part.bytes() + rows.encoded().bytes());
            long started = threads.nanoTime();
            WriteSummary summary = sink(number).apply(part.chunk(), rows, work.startedEmpty, part.flight());
            Duration writing = Duration.ofNanos(threads.nanoTime() - started);
            int documents = part.documents().size();
            work.pace.onChunk(
                    new Pace.Taken(documents, reading, writing, sink(number).commitNanos()), threads.nanoTime());
            Done done = new Done(part.chunk(), documents, summary, reading, writing, work.pace.workers());
            work.estimate();
            synchronized (listener) {
                listener.onChunk(work.target, done);
            }
        }
    }

    @Override
    public void close() throws SQLException {
        for (ChunkSink sink : open.values()) {
            sink.close();
        }
    }
}
