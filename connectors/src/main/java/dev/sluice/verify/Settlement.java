package dev.sluice.verify;

import dev.sluice.change.IdText;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PipelineLock;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Compares documents and their rows while both change, and distinguishes drift from rows that are only late.
///
/// First it reads the versions of the rows (each write gives a row a new version). Then it reads the
/// documents, majority-committed. Then it waits until the stream has applied everything that
/// was committed before that read ended, and in one snapshot of PostgreSQL reads the versions again and
/// compares. Rows that were not written in between must equal the document as it was read: any
/// earlier change of it is applied now, and a later one would have written them. If they do not, that
/// is drift; no change in flight can explain it. Rows that were written in between prove nothing and are
/// compared again.
///
/// Rows that equal the document as it was read are equal, whatever is in flight: there is no wait for those.
///
/// No lock is held, and the pipeline is not involved: it may be another process. For one thread.
final class Settlement {
    private static final long BYTES_MAX = MemoryBudget.piece();

    /// How many documents one comparison reads at most, where they are small.
    private static final int DOCUMENTS_MAX = 10_000;

    private final PipelineSpec pipeline;
    private final Connection connection;
    private final RowComparison comparison;
    private final InFlight inFlight;
    private final Applied applied;
    private final BooleanSupplier stopped;
    private int documentsMax = DOCUMENTS_MAX;
    private boolean running = true;
    private boolean stuck;
    private long waitedNanos;

    /// @param connection the comparison's, not in auto-commit mode; between transactions. Its transactions
    ///     become snapshots
    /// @param comparison a lasting one
    Settlement(
            PipelineSpec pipeline,
            Connection connection,
            RowComparison comparison,
            InFlight inFlight,
            BooleanSupplier stopped)
            throws SQLException {
        this.pipeline = pipeline;
        this.connection = connection;
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        this.comparison = comparison;
        this.inFlight = inFlight;
        this.applied = new Applied(pipeline.source(), connection, pipeline.name(), stopped);
        this.stopped = stopped;
    }

    /// On a connection that is used by it alone from now on.
    ///
    /// @param compared the collections whose documents it compares
    static Settlement on(
            Connection connection,
            PipelineSpec pipeline,
            List<CollectionTarget> compared,
            InFlight inFlight,
            BooleanSupplier stopped)
            throws SQLException {
        connection.setAutoCommit(false);
        return new Settlement(
                pipeline,
                connection,
                RowComparison.createLasting(connection, pipeline.targets(), compared),
                inFlight,
                stopped);
    }

    /// Whether a process ran the pipeline at the last look. If none does, looking again gives the same
    /// result.
    boolean pipelineRuns() {
        return running;
    }

    /// Whether at the last look a process had the pipeline's lock but the watermark did not move: then
    /// differences stay undecided.
    boolean pipelineIsStuck() {
        return stuck;
    }

    /// How much of its time the last look waited, for locks and for the stream; nanoseconds.
    long waitedNanos() {
        return waitedNanos;
    }

    /// Compares once, as many of the first suspects as are read at a time.
    ///
    /// @param suspects a few thousand at most; those that stayed undecided before come last
    /// @return without those that were not compared: there were too many, or it was stopped
    Map<Suspect, Verdict> look(CollectionTarget target, List<Suspect> suspects) {
        try {
            return new Look(target, suspects.subList(0, Math.min(documentsMax, suspects.size()))).run();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Compares until each suspect is decided or has stayed undecided too often, or until it is stopped or the
    /// pipeline is stuck.
    ///
    /// @param suspects a few thousand at most
    /// @return without those that were never compared
    Map<Suspect, Verdict> settle(CollectionTarget target, Collection<Suspect> suspects, int looksMax) {
        Map<Suspect, Verdict> verdicts = new LinkedHashMap<>();
        Map<Suspect, Integer> looks = new HashMap<>();
        SequencedSet<Suspect> open = new LinkedHashSet<>(suspects);
        int without = 0;
        while (!open.isEmpty() && without < looksMax && !stopped.getAsBoolean() && !stuck) {
            Map<Suspect, Verdict> found = look(target, List.copyOf(open));
            without = found.isEmpty() ? without + 1 : 0;
            verdicts.putAll(found);
            found.forEach((suspect, verdict) -> {
                open.remove(suspect);
                if (verdict instanceof Verdict.Undecided && looks.merge(suspect, 1, Integer::sum) < looksMax) {
                    // To the end: one that is written all the time must not delay the others.
                    open.addLast(suspect);
                }
            });
        }
        return verdicts;
    }

    private final class Look {
        private final CollectionTarget target;
        private final Map<Object, Suspect> byKey = new LinkedHashMap<>();

        Look(CollectionTarget target, List<Suspect> suspects) {
            this.target = target;
            suspects.forEach(s -> byKey.put(RowIdentity.rowKey(target, s.rowKey()), s));
        }

        Map<Suspect, Verdict> run() throws SQLException {
            waitedNanos = 0;
            Map<Object, String> before = versions();
            stuck = false;
            running = PipelineLock.isTaken(connection, pipeline.name());
            connection.commit();
            // As of MongoDB's newest operation: rows that a chunk has written may be newer than the stream.
            Reading reading = read(pipeline.source().newestOperation());
            documentsMax = reading.unread().isEmpty()
                    ? Math.min(DOCUMENTS_MAX, 2 * documentsMax)
                    : Math.max(1, byKey.size() - reading.unread().size());
            return compare(before, reading);
        }

        private Map<Suspect, Verdict> compare(Map<Object, String> before, Reading reading) throws SQLException {
            Set<Object> notApplied = new HashSet<>();
            if (running) {
                if (differing(reading).isEmpty()) {
                    return verdicts(List.of(), Set.of(), reading.unread());
                }
                long started = System.nanoTime();
                Applied.Outcome outcome = applied.await(target.collection());
                waitedNanos += System.nanoTime() - started;
                stuck = outcome == Applied.Outcome.STUCK;
                if (outcome != Applied.Outcome.APPLIED) {
                    return verdicts(List.of(), Set.of(), byKey.keySet());
                }
            } else if (applied.await(target.collection()) != Applied.Outcome.APPLIED) {
                notApplied.addAll(inFlight.among(target, byKey.keySet()));
            }
            Map<Object, String> after = versions();
            Set<Object> undecided = new HashSet<>(notApplied);
            for (Object key : byKey.keySet()) {
                if (!Objects.equals(before.get(key), after.get(key))) {
                    undecided.add(key);
                }
            }
            undecided.addAll(listed());
            // Of several documents that are one row, each decides about the row of the others.
            undecided.addAll(comparison.rivals(target, undecided));
            List<Drift> found = withoutWaiting(compare(reading), undecided);
            connection.rollback();
            return verdicts(found, undecided, reading.unread());
        }

        /// In a transaction of its own.
        private List<Drift> differing(Reading reading) throws SQLException {
            waitedNanos += comparison.awaitReadable(target);
            List<Drift> found = compare(reading);
            connection.rollback();
            return found;
        }

        private List<Drift> compare(Reading reading) throws SQLException {
            return comparison.compare(
                    target, reading.staged(), reading.absent(), parked(connection, pipeline.name(), target));
        }

        private Map<Object, String> versions() throws SQLException {
            waitedNanos += comparison.awaitReadable(target);
            return comparison.versions(target, byKey.keySet());
        }

        /// @param undecided those whose differences prove nothing
        /// @param unseen those that were not compared
        private Map<Suspect, Verdict> verdicts(List<Drift> found, Set<Object> undecided, Set<Object> unseen) {
            Map<Object, List<Drift>> byDocument = new HashMap<>();
            found.forEach(drift -> byDocument
                    .computeIfAbsent(drift.key(), k -> new ArrayList<>())
                    .add(drift));
            Map<Suspect, Verdict> verdicts = new LinkedHashMap<>();
            byKey.forEach((key, suspect) -> {
                List<Drift> drift = byDocument.get(key);
                if (!unseen.contains(key)) {
                    verdicts.put(
                            suspect,
                            drift == null
                                    ? new Verdict.Equal()
                                    : undecided.contains(key) ? new Verdict.Undecided() : new Verdict.Drifted(drift));
                }
            });
            return verdicts;
        }

        /// @param staged the documents that are there
        /// @param absent keys that no document has
        /// @param unread keys whose documents were not read
        private record Reading(RowComparison.Staged staged, Set<Object> absent, Set<Object> unread) {}

        /// Reads the documents and stages their rows, so that no memory is held while it waits for the stream,
        /// which may need the whole budget.
        private Reading read(@Nullable BsonTimestamp notBefore) throws SQLException {
            List<BsonValue> wanted = new ArrayList<>();
            List<Object> unknown = new ArrayList<>();
            byKey.forEach((key, suspect) -> {
                if (suspect.documentKey() != null) {
                    wanted.add(IdText.parse(suspect.documentKey()));
                } else {
                    Optional<List<BsonValue>> candidates = RowIdentity.candidates(target, suspect.rowKey());
                    candidates.ifPresentOrElse(wanted::addAll, () -> unknown.add(key));
                }
            });
            if (!unknown.isEmpty()) {
                Set<Object> sought = new HashSet<>(unknown);
                pipeline.source().forEachId(target.collection(), notBefore, id -> {
                    if (target.mapper().key(id) instanceof KeyResult.Key(Object key) && sought.contains(key)) {
                        wanted.add(id);
                    }
                });
            }
            RowComparison.Staged staged;
            boolean complete;
            Set<Object> absent = new HashSet<>(byKey.keySet());
            try (MemoryBudget.Lease lease = MemoryBudget.ofProcess().acquireForReadingUninterruptibly()) {
                MongoSource.Piece piece = wanted.isEmpty()
                        ? new MongoSource.Piece(List.of(), 0, true)
                        : pipeline.source().read(target.collection(), wanted, BYTES_MAX, notBefore);
                ChunkRows rows = new ChunkRows(target);
                rows.map(piece.documents());
                lease.set(piece.bytes() + rows.encoded().bytes());
                rows.keys().forEach(absent::remove);
                rows.rowless(Set.of()).forEach(change -> {
                    if (target.mapper().key(change.change().id()) instanceof KeyResult.Key(Object key)) {
                        absent.remove(key);
                    }
                });
                staged = comparison.stage(target, rows);
                connection.commit();
                complete = piece.complete();
            }
            if (!complete) {
                return new Reading(staged, Set.of(), absent);
            }
            absent.removeAll(explainedByOthers(absent, notBefore));
            return new Reading(staged, absent, Set.of());
        }

        /// Keys of rows that documents of other collections explain, whose rows are in the same table.
        private Set<Object> explainedByOthers(Set<Object> keys, @Nullable BsonTimestamp notBefore) {
            Set<Object> explained = new HashSet<>();
            for (CollectionTarget other : pipeline.targets()) {
                if (!keys.isEmpty()
                        && other.index() != target.index()
                        && other.mapping().table().equals(target.mapping().table())) {
                    pipeline.source().forEachId(other.collection(), notBefore, id -> {
                        if (other.mapper().key(id) instanceof KeyResult.Key(Object key) && keys.contains(key)) {
                            explained.add(key);
                        }
                    });
                }
            }
            return explained;
        }

        /// Those that are about to be resynced (`sluice.resync`).
        private Set<Object> listed() throws SQLException {
            Map<String, Object> byDocumentKey = new HashMap<>();
            Map<String, Object> byRowKey = new HashMap<>();
            byKey.forEach((key, suspect) -> {
                if (suspect.documentKey() != null) {
                    byDocumentKey.put(suspect.documentKey(), key);
                }
                byRowKey.put(suspect.rowKey(), key);
            });
            Set<Object> listed = new HashSet<>();
            try (PreparedStatement statement = connection.prepareStatement("SELECT document_key, row_key FROM"
                    + " sluice.resync WHERE pipeline = ? AND collection = ? AND (document_key = ANY (?)"
                    + " OR row_key = ANY (?) OR (document_key IS NULL AND row_key IS NULL))")) {
                statement.setString(1, pipeline.name());
                statement.setString(2, target.collection());
                statement.setArray(3, texts(byDocumentKey.keySet()));
                statement.setArray(4, texts(byRowKey.keySet()));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        Object key = row.getString(1) != null
                                ? byDocumentKey.get(row.getString(1))
                                : byRowKey.get(row.getString(2));
                        if (row.getString(1) == null && row.getString(2) == null) {
                            return byKey.keySet();
                        }
                        if (key != null) {
                            listed.add(key);
                        }
                    }
                }
            }
            return listed;
        }

        /// Removes differences that are explained by what the document waits for (`sluice.waiting`): a row
        /// that is missing since another document has its place. Counts as undecided what will be corrected
        /// soon because the row that the document waited for exists now.
        private List<Drift> withoutWaiting(List<Drift> found, Set<Object> undecided) throws SQLException {
            if (found.isEmpty()) {
                return found;
            }
            Map<String, Set<String>> columns = new HashMap<>();
            Set<String> duplicates = new HashSet<>();
            try (PreparedStatement statement = connection.prepareStatement("SELECT row_key, kind, column_name FROM"
                    + " sluice.waiting WHERE pipeline = ? AND collection = ? AND row_key = ANY (?)")) {
                statement.setString(1, pipeline.name());
                statement.setString(2, target.collection());
                statement.setArray(
                        3, texts(found.stream().map(d -> d.key().toString()).toList()));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        if (row.getString(2).equals("duplicate")) {
                            duplicates.add(row.getString(1));
                        } else {
                            columns.computeIfAbsent(row.getString(1), k -> new HashSet<>())
                                    .add(row.getString(3));
                        }
                    }
                }
            }
            List<Drift> left = new ArrayList<>();
            for (Drift drift : found) {
                String key = drift.key().toString();
                Set<String> waits = columns.getOrDefault(key, Set.of());
                boolean explained = switch (drift.kind()) {
                    case MISSING -> duplicates.contains(key) || !waits.isEmpty();
                    case EXTRA -> false;
                    case DIFFERENT ->
                        drift.columns().stream()
                                .allMatch(c -> waits.contains(drift.table().table() + "." + c));
                };
                if (!explained) {
                    left.add(drift);
                } else if (!duplicates.contains(key)) {
                    left.add(drift);
                    undecided.add(drift.key());
                }
            }
            return left;
        }

        private java.sql.Array texts(Collection<String> values) throws SQLException {
            return connection.createArrayOf("text", values.toArray());
        }
    }

    /// The keys of the rows that documents could have which are dead letters. Not those of documents
    /// that are gone and whose deletion is refused: their rows are extra.
    static Set<Object> parked(Connection connection, String pipeline, CollectionTarget target) throws SQLException {
        Set<Object> keys = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT document_key FROM sluice.dead_letter WHERE pipeline = ? AND collection = ? AND operation <> 'delete'")) {
            statement.setString(1, pipeline);
            statement.setString(2, target.collection());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    if (target.mapper().key(IdText.parse(rows.getString(1))) instanceof KeyResult.Key(Object key)) {
                        keys.add(key);
                    }
                }
            }
        }
        return keys;
    }
}
