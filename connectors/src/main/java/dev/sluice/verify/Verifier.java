package dev.sluice.verify;

import dev.sluice.change.IdBracket;
import dev.sluice.change.IdText;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.ChunkRows;
import dev.sluice.sink.postgres.CollectionTables;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.RowIdentity;
import dev.sluice.sink.postgres.TableSql;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.VerificationStore.Phase;
import dev.sluice.verify.VerificationStore.Running;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
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
import java.util.function.BooleanSupplier;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Compares a collection with its tables, both alive: every document's rows with the rows it should be,
/// and then the rows that no document explains.
///
/// It reads the documents in the order of their `_id`s once, and compares them chunk by chunk. What differs
/// is a suspect at first, most often a change in flight; suspects are looked at again ([Settlement]) until
/// they are equal, or are drift. All it has to remember is in PostgreSQL ([VerificationStore]), so it takes
/// little memory, and one that is broken off at any moment goes on where it was. For one thread, which has
/// others work.
public final class Verifier {
    private static final int DOCUMENTS_MAX = 5_000;
    private static final long BYTES_MAX = 8L << 20;
    private static final long BYTES_LEAST = 256L << 10;

    /// A chunk is held as BSON in the driver and by us, and once more as rows, by each worker and in the
    /// queue between; together they may take a quarter of the heap.
    private static final int HEAP_SHARE = 4 * 3 * 6;

    /// At which a chunk ends.
    private static final long BYTES = Math.clamp(Runtime.getRuntime().maxMemory() / HEAP_SHARE, BYTES_LEAST, BYTES_MAX);

    private static final int SETTLE_AT_ONCE = 5_000;

    /// How often a suspect that is written each time while it is looked at is looked at before it is left.
    private static final int LOOKS_MAX = 30;

    private static final int KEYS_AT_ONCE = 20_000;

    private final MongoSource source;
    private final PostgresConnector connector;
    private final String pipeline;
    private final List<CollectionTarget> targets;
    private final ChangeMapper mapper;
    private final VerificationStore store;
    private final InFlight inFlight;
    private final Listener listener;
    private final BooleanSupplier stopped;

    /// Hears how a verification goes on, from any of its threads, one call at a time.
    public interface Listener {
        void onProgress(CollectionTarget target, Progress progress);
    }

    /// How far a verification is.
    ///
    /// @param documents compared so far
    /// @param estimate how many there are, about; 0 when unknown
    /// @param suspects to be looked at again; 0 while documents are read
    public record Progress(String phase, long documents, long estimate, long suspects) {}

    /// What is to be done.
    ///
    /// @param sample how many documents and rows a sample has
    /// @param share of the time that may be worked, over 0 and up to 1
    /// @param workers how many chunks are compared at once
    /// @param afresh whether one that was broken off is given up
    public record Wish(Mode mode, Origin origin, int sample, double share, int workers, boolean afresh) {
        /// How many chunks at once go well with most machines.
        public static final int WORKERS = 2;

        public Wish {
            if (sample < 1 || workers < 1 || !(share > 0 && share <= 1)) {
                throw new IllegalArgumentException("a verification looks at something, with somebody, at some time");
            }
        }
    }

    /// What a verification has found.
    ///
    /// @param documents that were looked at
    /// @param rows that these should be
    /// @param drift how many rows differ, by kind; a kind that is not in it has none
    /// @param undecided documents that differed and were written each time they were looked at
    /// @param through it holds for MongoDB as of this time; null when unknown
    /// @param resumedAt how many documents an earlier process had looked at
    /// @param complete false when it was stopped before the end; then only documents and rows mean
    ///     something
    public record Result(
            long id,
            String collection,
            Mode mode,
            long documents,
            long rows,
            Map<Drift.Kind, Long> drift,
            long undecided,
            @Nullable Instant through,
            long resumedAt,
            boolean complete,
            Duration took) {
        public Result {
            drift = Map.copyOf(drift);
        }

        /// Whether it is complete and nothing differs.
        public boolean equal() {
            return complete && drift.isEmpty() && undecided == 0;
        }
    }

    /// @param targets all collections of the mapping
    /// @param inFlight asked when nobody runs the pipeline
    /// @param stopped asked between steps, from any thread
    public Verifier(
            MongoSource source,
            PostgresConnector connector,
            String pipeline,
            List<CollectionTarget> targets,
            ChangeMapper mapper,
            InFlight inFlight,
            Listener listener,
            BooleanSupplier stopped) {
        this.source = source;
        this.inFlight = inFlight;
        this.connector = connector;
        this.pipeline = pipeline;
        this.targets = List.copyOf(targets);
        this.mapper = mapper;
        this.store = new VerificationStore(pipeline);
        this.listener = listener;
        this.stopped = stopped;
    }

    /// Compares one collection.
    ///
    /// @throws SluiceException when it could not go on; the next call goes on where it was
    public Result verify(CollectionTarget target, Wish wish) throws InterruptedException {
        long started = System.nanoTime();
        try (Connection bookkeeping = connector.openForLongWork();
                Connection comparing = connector.openForLongWork()) {
            store.discard(bookkeeping, target.collection(), wish.mode(), wish.origin(), wish.afresh());
            long estimate = wish.mode() == Mode.SAMPLE ? wish.sample() : source.estimate(target.collection());
            Running running = store.takeUp(bookkeeping, target.collection(), wish.mode(), wish.origin())
                    .orElse(null);
            if (running == null) {
                running = store.begin(bookkeeping, target.collection(), wish.mode(), wish.origin(), estimate);
            }
            return new Verification(target, wish, bookkeeping, comparing, running, estimate, started).run();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// One verification, as far as this process has to do with it.
    private final class Verification {
        private final CollectionTarget target;
        private final Wish wish;
        private final Connection bookkeeping;
        private final Connection comparing;
        private final Running running;
        private final long estimate;
        private final long startedNanos;
        private final Budget budget;
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        /// Chunks that are done before ones that come before them, by number.
        private final TreeMap<Integer, Done> ahead = new TreeMap<>();
        private int nextDone;
        private long documents;
        private long rows;

        /// @param lastId of the chunk; null where nothing can be read behind it, since its type is in no
        ///     single place of the order
        private record Done(@Nullable BsonValue lastId, int documents, long rows) {}

        Verification(
                CollectionTarget target,
                Wish wish,
                Connection bookkeeping,
                Connection comparing,
                Running running,
                long estimate,
                long startedNanos) {
            this.target = target;
            this.wish = wish;
            this.bookkeeping = bookkeeping;
            this.comparing = comparing;
            this.running = running;
            this.estimate = estimate;
            this.startedNanos = startedNanos;
            this.budget = new Budget(wish.share(), stopped);
            this.documents = running.documents();
            this.rows = running.rows();
        }

        Result run() throws SQLException, InterruptedException {
            Phase phase = running.phase();
            if (wish.mode() == Mode.COUNTS) {
                return count();
            }
            if (phase == Phase.READING) {
                if (!(wish.mode() == Mode.SAMPLE ? sample() : readAll())) {
                    return result(false, 0);
                }
                phase = Phase.LOOKING_FOR_EXTRA;
                store.enter(bookkeeping, running.id(), phase);
            }
            if (phase == Phase.LOOKING_FOR_EXTRA) {
                progress(phase, 0);
                if (wish.mode() == Mode.FULL) {
                    lookForExtra();
                }
                store.suspectDrifted(bookkeeping, running.id(), target.collection());
                phase = Phase.SETTLING;
                store.enter(bookkeeping, running.id(), phase);
            }
            long undecided = settle();
            if (undecided < 0) {
                return result(false, 0);
            }
            store.finish(bookkeeping, running.id(), store.driftRows(bookkeeping, target.collection()), undecided);
            return result(true, undecided);
        }

        private Result result(boolean complete, long undecided) throws SQLException {
            return new Result(
                    running.id(),
                    target.collection(),
                    wish.mode(),
                    documents,
                    rows,
                    store.driftRows(bookkeeping, target.collection()),
                    undecided,
                    running.through(),
                    running.documents(),
                    complete,
                    Duration.ofNanos(System.nanoTime() - startedNanos));
        }

        private void progress(Phase phase, long suspects) {
            synchronized (listener) {
                listener.onProgress(target, new Progress(phase.text(), documents, estimate, suspects));
            }
        }

        /// @param number from 0, in the order of reading
        private record Chunk(int number, List<RawBsonDocument> documents) {}

        /// @return false when stopped
        private boolean readAll() throws SQLException, InterruptedException {
            BsonValue after = running.afterId() == null ? null : IdText.parse(running.afterId());
            return compareAll(chunks -> {
                if (after == null) {
                    return read(chunks, source.readAll(target.collection(), DOCUMENTS_MAX, null));
                }
                // Behind the last one's bracket come the others. Documents of the odd ones, which are in no single
                // place of the order, may come again.
                IdBracket bracket = IdBracket.of(after);
                if (!bracket.single()
                        && !read(
                                chunks,
                                source.readRange(target.collection(), bracket, after, null, DOCUMENTS_MAX, null))) {
                    return false;
                }
                for (IdBracket next : EnumSet.range(bracket, IdBracket.OTHER)) {
                    if (next != bracket
                            && !read(
                                    chunks,
                                    source.readRange(target.collection(), next, null, null, DOCUMENTS_MAX, null))) {
                        return false;
                    }
                }
                return true;
            });
        }

        /// @return false when stopped
        private boolean sample() throws SQLException, InterruptedException {
            boolean compared = compareAll(chunks -> {
                List<RawBsonDocument> picked = new ArrayList<>();
                source.sample(target.collection(), wish.sample(), picked::add);
                for (int from = 0; from < picked.size(); from += DOCUMENTS_MAX) {
                    chunks.put(List.copyOf(picked.subList(from, Math.min(picked.size(), from + DOCUMENTS_MAX))));
                }
                return !ending();
            });
            if (compared && target.mapping().onDelete() == OnDelete.DELETE) {
                suspectSomeRows();
            }
            return compared;
        }

        /// Suspects some rows, which sends for their documents.
        private void suspectSomeRows() throws SQLException {
            TableSql own = tables().own();
            String table = own.shape().table().sql();
            // Without statistics all of it is looked through, which then is small or not analyzed yet.
            String sql = "SELECT " + own.keyName() + "::text FROM " + table + " TABLESAMPLE SYSTEM ((SELECT CASE WHEN"
                    + " reltuples > 0 THEN least(100, 300.0 * ? / reltuples) ELSE 100 END FROM pg_class WHERE oid ="
                    + " ?::regclass)) ORDER BY random() LIMIT ?";
            List<Suspect> picked = new ArrayList<>();
            try (PreparedStatement statement = bookkeeping.prepareStatement(sql)) {
                statement.setInt(1, wish.sample());
                statement.setString(2, table);
                statement.setInt(3, wish.sample());
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        picked.add(new Suspect(row.getString(1), null));
                    }
                }
            }
            store.suspect(bookkeeping, running.id(), picked);
        }

        private CollectionTables tables() throws SQLException {
            return CollectionTables.of(target, "sluice_verify_", bookkeeping);
        }

        // Counting ------------------------------------------------------------------------------------------

        /// Counts both sides. Rows are counted when everything that was committed before is applied, and
        /// documents before and after, so that a number in between is no difference.
        private Result count() throws SQLException, InterruptedException {
            comparing.setAutoCommit(false);
            Counts counts = new Counts(source, comparing, pipeline, target, stopped);
            Counts.Counted counted = counts.count();
            documents = counted.documents();
            rows = counted.rows();
            store.progress(bookkeeping, running.id(), null, documents, rows);
            store.finish(bookkeeping, running.id(), counted.differing(), 0);
            return new Result(
                    running.id(),
                    target.collection(),
                    wish.mode(),
                    documents,
                    rows,
                    counted.differing(),
                    0,
                    running.through(),
                    0,
                    counted.complete(),
                    Duration.ofNanos(System.nanoTime() - startedNanos));
        }

        // Rows that no document explains -------------------------------------------------------------------

        private void lookForExtra() throws SQLException {
            if (target.mapping().onDelete() == OnDelete.KEEP) {
                return;
            }
            for (CollectionTarget other : targets) {
                if (other.index() != target.index()
                        && other.mapping().table().equals(target.mapping().table())) {
                    explainBy(other);
                }
            }
            comparing.setAutoCommit(false);
            for (TableSql table : tables().all()) {
                store.suspectUnexplained(
                        comparing, running.id(), table.shape().table().sql(), table.keyName());
                comparing.commit();
            }
        }

        /// Notes the rows of the same table that documents of another collection explain.
        private void explainBy(CollectionTarget other) throws SQLException {
            List<Object> keys = new ArrayList<>();
            List<SQLException> failed = new ArrayList<>();
            source.forEachId(other.collection(), null, id -> {
                if (other.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                    keys.add(key);
                }
                if (keys.size() >= KEYS_AT_ONCE && failed.isEmpty()) {
                    try {
                        store.explain(bookkeeping, running.id(), keys);
                    } catch (SQLException e) {
                        failed.add(e);
                    }
                    keys.clear();
                }
            });
            if (!failed.isEmpty()) {
                throw failed.getFirst();
            }
            store.explain(bookkeeping, running.id(), keys);
        }

        // Looking again -------------------------------------------------------------------------------------

        /// @return how many suspects could not be settled; -1 when stopped
        private long settle() throws SQLException, InterruptedException {
            comparing.setAutoCommit(false);
            RowComparison comparison = RowComparison.create(comparing, List.of(target));
            Settlement settlement =
                    new Settlement(source, comparing, comparison, pipeline, targets, mapper, inFlight, stopped);
            while (!stopped.getAsBoolean()) {
                int looksMax = settlement.pipelineRuns() ? LOOKS_MAX : 1;
                List<Suspect> suspects = store.suspects(bookkeeping, running.id(), SETTLE_AT_ONCE, looksMax);
                long left = store.suspectCount(bookkeeping, running.id());
                if (suspects.isEmpty() || settlement.pipelineIsStuck()) {
                    return left;
                }
                progress(Phase.SETTLING, left);
                budget.spend(() -> note(settlement.look(target, suspects)));
            }
            return -1;
        }

        private void note(Map<Suspect, Verdict> verdicts) throws SQLException {
            Set<Suspect> settled = new HashSet<>();
            Set<Suspect> undecided = new HashSet<>();
            verdicts.forEach(
                    (suspect, verdict) -> (verdict instanceof Verdict.Undecided ? undecided : settled).add(suspect));
            bookkeeping.setAutoCommit(false);
            try {
                store.record(bookkeeping, target.collection(), verdicts);
                store.settled(bookkeeping, running.id(), settled);
                store.looked(bookkeeping, running.id(), undecided);
                bookkeeping.commit();
            } finally {
                bookkeeping.setAutoCommit(true);
            }
        }

        // Reading documents ----------------------------------------------------------------------------------

        /// Reads chunks and hands them over.
        private interface Reading {
            /// @return false when stopped
            boolean into(Chunks chunks) throws InterruptedException;
        }

        /// Where chunks go to be compared.
        private interface Chunks {
            void put(List<RawBsonDocument> documents) throws InterruptedException;
        }

        private boolean read(Chunks chunks, DocumentReader documents) throws InterruptedException {
            try (documents) {
                while (!ending()) {
                    List<RawBsonDocument> chunk = new ArrayList<>();
                    long bytes = 0;
                    for (RawBsonDocument document = documents.peek();
                            document != null && chunk.size() < DOCUMENTS_MAX && bytes < BYTES;
                            document = documents.peek()) {
                        documents.take();
                        chunk.add(document);
                        bytes += document.getByteBuffer().remaining();
                    }
                    if (chunk.isEmpty()) {
                        return true;
                    }
                    chunks.put(chunk);
                }
                return false;
            }
        }

        private boolean ending() {
            return stopped.getAsBoolean() || failure.get() != null;
        }

        /// @return false when stopped
        private boolean compareAll(Reading reading) throws SQLException, InterruptedException {
            BlockingQueue<Chunk> queue = new ArrayBlockingQueue<>(1);
            List<Thread> workers = new ArrayList<>();
            List<Connection> connections = new ArrayList<>();
            Chunk end = new Chunk(-1, List.of());
            boolean all;
            try {
                Set<Object> parked = Settlement.parked(bookkeeping, pipeline, target);
                store.explain(bookkeeping, running.id(), parked);
                for (int i = 0; i < wish.workers(); i++) {
                    Connection connection = connector.openForLongWork();
                    connections.add(connection);
                    connection.setAutoCommit(false);
                    Worker worker = new Worker(connection, queue, end, parked);
                    workers.add(Thread.ofPlatform()
                            .name("sluice-verify-" + (i + 1))
                            .daemon(true)
                            .start(worker::run));
                }
                int[] number = {0};
                all = reading.into(documents -> put(queue, new Chunk(number[0]++, documents)));
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
                for (Connection connection : connections) {
                    connection.close();
                }
            }
            Throwable failed = failure.get();
            if (failed != null) {
                throw Failures.classify(failed);
            }
            return all && !stopped.getAsBoolean();
        }

        private void put(BlockingQueue<Chunk> queue, Chunk chunk) throws InterruptedException {
            boolean put = false;
            // The workers are busy; when one has failed, nobody takes it.
            while (!put && failure.get() == null) {
                put = queue.offer(chunk, 100, TimeUnit.MILLISECONDS);
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
                    RowComparison comparison = RowComparison.create(connection, List.of(target));
                    ChunkRows chunkRows = new ChunkRows(target, mapper);
                    while (failure.get() == null) {
                        Chunk chunk = queue.poll(100, TimeUnit.MILLISECONDS);
                        if (chunk == end) {
                            return;
                        }
                        if (chunk != null) {
                            budget.spend(() -> compare(comparison, chunkRows, chunk));
                        }
                    }
                } catch (Exception | Error e) {
                    failure.compareAndSet(null, e);
                }
            }

            private void compare(RowComparison comparison, ChunkRows chunkRows, Chunk chunk) throws SQLException {
                chunkRows.map(chunk.documents());
                Collection<Drift> found = comparison.compare(target, chunkRows, List.of(), parked);
                TableSql own = comparison.own(target);
                if (wish.mode() == Mode.FULL) {
                    store.explain(connection, running.id(), own.staging(), own.keyName());
                }
                store.suspect(connection, running.id(), suspects(chunkRows, found));
                connection.commit();
                Failpoint.VERIFIED_CHUNK.hit();
                long expected = 0;
                for (int table = 0; table <= target.mapper().childShapes().size(); table++) {
                    expected += chunkRows.encoded().rows(table);
                }
                BsonValue last = chunk.documents().getLast().get("_id", BsonNull.VALUE);
                chunkRows.clear();
                done(
                        chunk.number(),
                        new Done(
                                IdBracket.of(last) == IdBracket.OTHER ? null : last,
                                chunk.documents().size(),
                                expected));
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

        /// Notes how far everything is read: up to the first chunk that is not done.
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
                store.progress(
                        bookkeeping,
                        running.id(),
                        wish.mode() == Mode.FULL ? IdText.canonical(last) : null,
                        documents,
                        rows);
                progress(Phase.READING, 0);
            }
        }
    }
}
