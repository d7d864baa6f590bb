package dev.sluice.verify;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.IdText;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.Failures;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.sink.postgres.table.TableSql;
import dev.sluice.source.mongo.DocumentReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Reads the documents of a collection in chunks, in the order of their `_id`s. Workers, each on a
/// connection of its own, compare a chunk with its rows. Rows that differ are recorded as suspects; the
/// recorded progress ends at the first chunk that is not done. For one thread, in addition to the
/// workers.
final class ChunkedComparison {
    private static final int DOCUMENTS_MAX = 5_000;
    /// At which a chunk ends.
    private static final long BYTES = MemoryBudget.piece();

    /// Documents are held as they are and as rows.
    private static final int HELD_COPIES = 2;

    private final VerificationTask task;
    private final Runnable onProgress;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    /// Chunks that are done before ones that come before them, by number.
    private final TreeMap<Integer, Done> ahead = new TreeMap<>();
    private int nextDone;
    private long documents;
    private long rows;

    /// @param lastId of the chunk; null where nothing can be read behind it, since its type is in no
    ///     single place of the order
    private record Done(@Nullable BsonValue lastId, int documents, long rows) {}

    /// @param onProgress told from any thread that more is done, one call at a time
    ChunkedComparison(VerificationTask task, Runnable onProgress) {
        this.task = task;
        this.onProgress = onProgress;
        this.documents = task.running().documents();
        this.rows = task.running().rows();
    }

    /// Documents that were compared, by this process and earlier ones.
    synchronized long documents() {
        return documents;
    }

    /// The expected rows of these documents in the collection's own table.
    synchronized long rows() {
        return rows;
    }

    /// Compares all documents, or a sample of them.
    ///
    /// @return false when stopped
    boolean run() throws SQLException, InterruptedException {
        return switch (task.wish().mode()) {
            case FULL -> all();
            case SAMPLE -> sample();
            case COUNTS -> throw new IllegalStateException("counting reads no documents");
        };
    }

    /// @param number from 0, in the order of reading
    /// @param lease for the documents and their rows; null of the one that marks the end
    private record Chunk(int number, List<RawBsonDocument> documents, MemoryBudget.@Nullable Lease lease) {
        void hold(ChunkRows rows) {
            if (lease != null) {
                long bytes = documents.stream()
                        .mapToLong(d -> d.getByteBuffer().remaining())
                        .sum();
                lease.set(bytes + rows.encoded().bytes() + EqualRows.held(rows.encoded()));
            }
        }

        void close() {
            if (lease != null) {
                lease.close();
            }
        }
    }

    /// @return false when stopped
    private boolean all() throws SQLException, InterruptedException {
        String collection = task.target().collection();
        String afterId = task.running().afterId();
        BsonTimestamp notBefore = task.pipeline().source().newestOperation();
        if (afterId == null) {
            return compareAll(
                    chunks -> read(chunks, task.pipeline().source().readAll(collection, DOCUMENTS_MAX, notBefore)));
        }
        BsonValue after = IdText.parse(afterId);
        IdBracket begun = IdBracket.of(after);
        return compareAll(chunks -> {
            // Behind the last one's bracket come the others. Documents of the odd ones, which are in no single
            // place of the order, may come again.
            for (IdBracket bracket : EnumSet.range(begun, IdBracket.OTHER)) {
                boolean over = bracket == begun && bracket.single();
                BsonValue from = bracket == begun ? after : null;
                if (!over
                        && !read(
                                chunks,
                                task.pipeline()
                                        .source()
                                        .readRange(
                                                collection, IdRange.after(bracket, from), DOCUMENTS_MAX, notBefore))) {
                    return false;
                }
            }
            return true;
        });
    }

    /// @return false when stopped
    private boolean sample() throws SQLException, InterruptedException {
        return compareAll(chunks -> {
            try (Gathered gathered = new Gathered(chunks)) {
                BsonTimestamp notBefore = task.pipeline().source().newestOperation();
                task.pipeline()
                        .source()
                        .sample(task.target().collection(), task.wish().sample(), notBefore, document -> {
                            try {
                                gathered.add(document);
                            } catch (InterruptedException e) {
                                // The next wait throws; the documents gathered so far are discarded.
                                Thread.currentThread().interrupt();
                            }
                        });
                gathered.hand();
            }
            return !ending();
        });
    }

    /// Reads chunks and hands them over.
    private interface Reading {
        /// @return false when stopped
        boolean into(Chunks chunks) throws InterruptedException;
    }

    /// Where chunks go to be compared.
    private interface Chunks {
        /// @param lease closed by the worker that takes the chunk, or here if none does
        void put(List<RawBsonDocument> documents, MemoryBudget.Lease lease) throws InterruptedException;
    }

    /// Puts documents into chunks as they come. Holds a lease while it reads.
    private static final class Gathered implements AutoCloseable {
        private final Chunks chunks;
        private List<RawBsonDocument> documents = new ArrayList<>();
        private long bytes;
        private MemoryBudget.@Nullable Lease lease;

        Gathered(Chunks chunks) throws InterruptedException {
            this.chunks = chunks;
            this.lease = MemoryBudget.ofProcess().acquireForReading();
        }

        void add(RawBsonDocument document) throws InterruptedException {
            documents.add(document);
            bytes += document.getByteBuffer().remaining();
            if (documents.size() >= DOCUMENTS_MAX || bytes >= BYTES) {
                hand();
                lease = MemoryBudget.ofProcess().acquireForReading();
            }
        }

        /// Hands over what is there, and the lease with it.
        void hand() throws InterruptedException {
            MemoryBudget.Lease held = lease;
            if (held != null && !documents.isEmpty()) {
                lease = null;
                held.set(HELD_COPIES * bytes);
                chunks.put(documents, held);
                documents = new ArrayList<>();
                bytes = 0;
            }
        }

        @Override
        public void close() {
            if (lease != null) {
                lease.close();
            }
        }
    }

    private boolean read(Chunks chunks, DocumentReader documents) throws InterruptedException {
        try (documents;
                Gathered gathered = new Gathered(chunks)) {
            for (RawBsonDocument document = documents.peek(); document != null; document = documents.peek()) {
                if (ending()) {
                    return false;
                }
                documents.take();
                gathered.add(document);
            }
            gathered.hand();
            return true;
        }
    }

    private boolean ending() {
        return task.stopped().getAsBoolean() || failure.get() != null;
    }

    /// @return false when stopped
    private boolean compareAll(Reading reading) throws SQLException, InterruptedException {
        BlockingQueue<Chunk> queue = new ArrayBlockingQueue<>(1);
        List<Thread> workers = new ArrayList<>();
        List<Connection> connections = new ArrayList<>();
        Chunk end = new Chunk(-1, List.of(), null);
        boolean all;
        try {
            Set<Object> parked =
                    Settlement.parked(task.bookkeeping(), task.pipeline().name(), task.target());
            task.store().explain(task.bookkeeping(), task.running().id(), parked);
            for (int i = 0; i < task.wish().workers(); i++) {
                Connection connection = task.pipeline().connector().openForLongWork();
                connections.add(connection);
                connection.setAutoCommit(false);
                Worker worker = new Worker(connection, queue, end, parked);
                workers.add(Thread.ofPlatform()
                        .name("sluice-verify-" + (i + 1))
                        .daemon(true)
                        .start(worker::run));
            }
            int[] number = {0};
            all = reading.into((documents, lease) -> put(queue, new Chunk(number[0]++, documents, lease)));
            for (int i = 0; i < workers.size(); i++) {
                put(queue, end);
            }
        } catch (RuntimeException | InterruptedException e) {
            failure.compareAndSet(null, e);
            throw e;
        } finally {
            for (Thread worker : workers) {
                worker.join();
            }
            // No worker takes them any more.
            queue.forEach(Chunk::close);
            for (Connection connection : connections) {
                connection.close();
            }
        }
        Throwable failed = failure.get();
        if (failed != null) {
            throw Failures.classify(failed);
        }
        return all && !task.stopped().getAsBoolean();
    }

    private void put(BlockingQueue<Chunk> queue, Chunk chunk) throws InterruptedException {
        boolean put = false;
        // The workers are busy; after one has failed, the chunk is not taken.
        while (!put && failure.get() == null) {
            put = queue.offer(chunk, 100, TimeUnit.MILLISECONDS);
        }
        if (!put) {
            chunk.close();
        }
    }

    /// Compares one chunk after the other.
    private final class Worker {
        private final Connection connection;
        private final BlockingQueue<Chunk> queue;
        private final Chunk end;
        private final Set<Object> parked;

        Worker(Connection connection, BlockingQueue<Chunk> queue, Chunk end, Set<Object> parked) {
            this.connection = connection;
            this.queue = queue;
            this.end = end;
            this.parked = parked;
        }

        @SuppressWarnings({"CatchingUnchecked", "ReferenceEquality"}) // The thread that waits throws it; one end.
        void run() {
            try {
                RowComparison comparison =
                        RowComparison.create(connection, task.pipeline().targets(), List.of(task.target()));
                EqualRows equal = comparison.equalRows(task.target()).orElse(null);
                connection.commit();
                ChunkRows chunkRows = new ChunkRows(task.target());
                while (failure.get() == null) {
                    Chunk chunk = queue.poll(100, TimeUnit.MILLISECONDS);
                    if (chunk == end) {
                        return;
                    }
                    if (chunk != null) {
                        try {
                            comparison.awaitReadable(task.target());
                            task.budget().spend(() -> compare(comparison, equal, chunkRows, chunk));
                        } finally {
                            chunk.close();
                        }
                    }
                }
            } catch (Exception | Error e) {
                failure.compareAndSet(null, e);
            }
        }

        /// @return that it waited for nothing: the tables are readable
        private long compare(RowComparison comparison, @Nullable EqualRows equal, ChunkRows chunkRows, Chunk chunk)
                throws SQLException {
            chunkRows.map(chunk.documents());
            chunk.hold(chunkRows);
            BitSet open = null;
            if (equal != null) {
                EqualRows.Found found = equal.among(chunkRows, parked);
                open = found.open();
                if (task.wish().mode() == Mode.FULL) {
                    task.store().explain(connection, task.running().id(), found.keyHashes());
                }
            }
            if (open == null || !open.isEmpty() || !chunkRows.rowless(Set.of()).isEmpty()) {
                compareOpen(comparison, chunkRows, open);
            }
            connection.commit();
            Failpoint.VERIFIED_CHUNK.hit();
            long expected = chunkRows.encoded().rows(0);
            BsonValue last = ExactBson.id(chunk.documents().getLast());
            chunkRows.clear();
            // Before the rest that the budget asks for.
            chunk.close();
            done(
                    chunk.number(),
                    new Done(
                            IdBracket.of(last) == IdBracket.OTHER ? null : last,
                            chunk.documents().size(),
                            expected));
            return 0;
        }

        /// @param open those to be compared, of the documents that have rows; null for all
        private void compareOpen(RowComparison comparison, ChunkRows chunkRows, @Nullable BitSet open)
                throws SQLException {
            Collection<Drift> found = comparison.compare(
                    task.target(), comparison.stage(task.target(), chunkRows, open), List.of(), parked);
            TableSql own = comparison.own(task.target());
            if (task.wish().mode() == Mode.FULL) {
                task.store().explain(connection, task.running().id(), own.staging(), own.keyName());
            }
            task.store().suspect(connection, task.running().id(), suspects(chunkRows, found));
        }
    }

    private List<Suspect> suspects(ChunkRows chunkRows, Collection<Drift> found) {
        if (found.isEmpty()) {
            return List.of();
        }
        Set<Object> keys = new LinkedHashSet<>();
        found.forEach(drift -> keys.add(drift.key()));
        Map<Object, BsonValue> ids = new LinkedHashMap<>();
        for (int i = 0; i < chunkRows.keys().size(); i++) {
            if (keys.contains(chunkRows.keys().get(i))) {
                ids.put(chunkRows.keys().get(i), chunkRows.id(i));
            }
        }
        for (RowChange rowless : chunkRows.rowless(Set.of())) {
            if (rowless.fenceKey() != null && keys.contains(rowless.fenceKey())) {
                ids.put(rowless.fenceKey(), rowless.change().id());
            }
        }
        List<Suspect> suspects = new ArrayList<>();
        ids.forEach((key, id) -> suspects.add(new Suspect(key.toString(), RowIdentity.documentKey(id))));
        return suspects;
    }

    /// Records the progress: everything before the first chunk that is not done.
    private synchronized void done(int number, Done chunk) throws SQLException {
        ahead.put(number, chunk);
        BsonValue last = null;
        for (Done next = ahead.remove(nextDone); next != null; next = ahead.remove(nextDone)) {
            nextDone++;
            documents += next.documents();
            rows += next.rows();
            last = next.lastId() == null ? last : next.lastId();
        }
        if (last != null) {
            task.store()
                    .progress(
                            task.bookkeeping(),
                            task.running().id(),
                            task.wish().mode() == Mode.FULL ? IdText.canonical(last) : null,
                            documents,
                            rows);
            onProgress.run();
        }
    }
}
