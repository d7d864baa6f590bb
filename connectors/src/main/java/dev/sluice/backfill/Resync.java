package dev.sluice.backfill;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.IdText;
import dev.sluice.control.PostgresResyncList;
import dev.sluice.control.ResyncList;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.control.ResyncStore.Entry;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.source.mongo.DocumentSource;
import dev.sluice.source.mongo.MongoSource.Piece;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Resyncs single documents: reads them from MongoDB and writes their rows, while the stream runs and fenced
/// like the chunks of a backfill. The list (`sluice.resync`) holds documents that waited for a row
/// which exists now, and documents that a user asked for. For one thread.
public final class Resync {
    private static final Logger LOG = LoggerFactory.getLogger(Resync.class);
    private static final int DOCUMENTS_MAX = 500;
    private static final int SWEEPS_MAX = 10;
    private static final long BYTES_MAX = MemoryBudget.piece();

    private final DocumentSource source;
    private final ResyncList list;
    private final ChunkSink sink;
    private final ChangeMapper mapper;
    private final Map<String, CollectionTarget> targets = new LinkedHashMap<>();
    private final Fenced fenced;
    private final Map<Cause, Integer> resynced = new EnumMap<>(Cause.class);
    private @Nullable Pruning pruning;
    private Undecided undecided = Undecided.NONE;

    /// Collections whose entries stay on the list, by the last look.
    private Set<String> left = Set.of();

    /// Deletes the rows of a collection whose documents are gone.
    @FunctionalInterface
    public interface Pruning {
        /// @return false when it was stopped before its end, also by a change of the collection that a user has
        ///     to decide on
        boolean prune(CollectionTarget target) throws SQLException;
    }

    /// @param list for this alone
    /// @param targets all collections of the mapping, by which their documents are mapped
    public Resync(
            DocumentSource source, ResyncList list, ChunkSink sink, List<CollectionTarget> targets, Fenced fenced) {
        this.source = source;
        this.list = list;
        this.sink = sink;
        this.mapper = ChangeMapper.of(targets);
        targets.forEach(t -> this.targets.put(t.collection(), t));
        this.fenced = fenced;
    }

    /// Resyncs the documents on the pipeline's list, and deletes rows where an entry asks for that.
    ///
    /// @param connection for the list alone
    public static Resync of(PipelineSpec pipeline, Connection connection, ChunkSink sink, Fenced fenced) {
        ResyncList list =
                new PostgresResyncList(connection, pipeline.name(), pipeline.whole() ? null : pipeline.collections());
        return new Resync(pipeline.source(), list, sink, pipeline.targets(), fenced)
                .pruning(Prune.asAsked(pipeline, sink, fenced))
                .leaving(Undecided.of(pipeline, connection));
    }

    /// Who deletes rows, where an entry asks for that.
    public Resync pruning(Pruning how) {
        this.pruning = how;
        return this;
    }

    /// The collections whose entries stay on the list.
    public Resync leaving(Undecided which) {
        this.undecided = which;
        return this;
    }

    /// Resyncs the documents on the list, until it is empty or the work is stopped. The entries of collections
    /// that a user has to decide on stay there.
    ///
    /// @return how many documents were written again
    /// @throws dev.sluice.failure.SluiceException when it could not go on; what is done stays done
    public int drain() {
        int taken = 0;
        try {
            if (!left.isEmpty()) {
                left = undecided.now();
            }
            while (!fenced.stopped().getAsBoolean()) {
                List<Entry> entries = list.next(DOCUMENTS_MAX, left);
                if (entries.isEmpty()) {
                    return taken;
                }
                CollectionTarget target = targets.get(entries.getFirst().collection());
                if (target == null) {
                    LOG.warn(
                            "{} documents of {} are on the list to be resynced, and the mapping has no such collection.",
                            entries.size(),
                            entries.getFirst().collection());
                    list.done(entries);
                } else {
                    taken += take(target, entries);
                }
            }
            return taken;
        } catch (StoppedException e) {
            // The documents in progress stay on the list.
            return taken;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Puts documents on the list that wait for rows which exist now, no matter who wrote them, and resyncs
    /// them.
    ///
    /// @return how many documents were written again
    public int sweep() {
        try {
            int taken = 0;
            // A resynced document may free a value for others. One whose row never comes is listed each time.
            for (int pass = 0; pass < SWEEPS_MAX && sink.sweep() > 0; pass++) {
                taken += drain();
            }
            return taken;
        } catch (StoppedException e) {
            return 0;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// How many documents were written again since this was made, by what had put them on the list.
    public Map<Cause, Integer> resynced() {
        return Collections.unmodifiableMap(resynced);
    }

    private int take(CollectionTarget target, List<Entry> entries) throws SQLException {
        List<BsonValue> wanted = new ArrayList<>();
        Set<Object> sought = new HashSet<>();
        for (Entry entry : entries) {
            Optional<List<BsonValue>> ids = ids(target, entry);
            if (ids.isPresent()) {
                wanted.addAll(ids.get());
            } else if (entry.rowKey() != null) {
                sought.add(RowIdentity.rowKey(target, entry.rowKey()));
            } else {
                return takeAll(target, entries.stream().filter(Resync::isOfAll).toList());
            }
        }
        try (Fence.Flight flight = fenced.of(target).open();
                MemoryBudget.Lease lease = fenced.memory().acquireForReadingUninterruptibly()) {
            BsonTimestamp notBefore = fenced.streamPosition().get();
            wanted.addAll(having(target, sought, notBefore));
            Piece piece = source.read(target.collection(), wanted, BYTES_MAX, notBefore);
            Map<String, Entry> byDocument = new HashMap<>();
            Map<String, Entry> byRow = new HashMap<>();
            for (Entry entry : entries) {
                if (entry.documentKey() != null) {
                    byDocument.put(RowIdentity.documentKey(IdText.parse(entry.documentKey())), entry);
                } else {
                    byRow.put(String.valueOf(entry.rowKey()), entry);
                }
            }
            List<RowChange> rows = new ArrayList<>();
            Set<Entry> found = new HashSet<>();
            for (RawBsonDocument document : piece.documents()) {
                BsonValue id = ExactBson.id(document);
                add(rows, new Change.Upsert(target.collection(), id, document, new BsonTimestamp(0), 0));
                Entry entry = byDocument.get(RowIdentity.documentKey(id));
                if (entry != null) {
                    found.add(entry);
                }
                if (target.mapper().key(id) instanceof KeyResult.Key key) {
                    Entry row = byRow.get(key.key().toString());
                    if (row != null) {
                        found.add(row);
                    }
                }
            }
            List<Entry> done = new ArrayList<>(found);
            Set<Object> unexplained = new HashSet<>();
            if (piece.complete()) {
                for (Entry entry : entries) {
                    if (!found.contains(entry)) {
                        done.add(entry);
                        if (entry.documentKey() != null) {
                            BsonValue id = IdText.parse(entry.documentKey());
                            add(rows, new Change.Delete(target.collection(), id, new BsonTimestamp(0), 0));
                        } else if (entry.repair()) {
                            unexplained.add(RowIdentity.rowKey(target, String.valueOf(entry.rowKey())));
                        }
                    }
                }
            }
            hold(lease, rows);
            if (isLeft(target)) {
                return 0;
            }
            prune(target, unexplained, notBefore, flight);
            sink.resync(rows, done, flight);
            found.forEach(entry -> resynced.merge(entry.cause(), 1, Integer::sum));
            return piece.documents().size();
        }
    }

    /// The `_id`s of the documents whose rows have these keys, found by reading all `_id`s.
    private List<BsonValue> having(CollectionTarget target, Set<Object> keys, @Nullable BsonTimestamp notBefore) {
        List<BsonValue> ids = new ArrayList<>();
        if (!keys.isEmpty()) {
            source.forEachId(target.collection(), notBefore, id -> {
                if (target.mapper().key(id) instanceof KeyResult.Key(Object key) && keys.contains(key)) {
                    ids.add(id);
                }
            });
        }
        return ids;
    }

    /// Deletes rows that no document of the collection explains, but for those that one of another
    /// collection does whose rows are in the same table.
    private void prune(
            CollectionTarget target, Set<Object> keys, @Nullable BsonTimestamp notBefore, Fence.Flight flight)
            throws SQLException {
        if (keys.isEmpty() || target.mapping().onDelete() == OnDelete.KEEP) {
            return;
        }
        Set<Object> gone = new HashSet<>(keys);
        for (CollectionTarget other : targets.values()) {
            if (other.index() != target.index()
                    && other.mapping().table().equals(target.mapping().table())) {
                for (BsonValue id : having(other, gone, notBefore)) {
                    if (other.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                        gone.remove(key);
                    }
                }
            }
        }
        sink.prune(target, List.copyOf(gone), flight);
    }

    private void add(List<RowChange> rows, Change change) {
        RowChange row = mapper.map(change);
        if (row != null) {
            rows.add(row);
        }
    }

    /// Whether what was read of it must not be written. Asked after the reading.
    private boolean isLeft(CollectionTarget target) throws SQLException {
        left = undecided.now();
        return left.contains(target.collection());
    }

    private static void hold(MemoryBudget.Lease lease, List<RowChange> rows) {
        lease.set(rows.stream().mapToLong(RowChange::heldBytes).sum());
    }

    private static boolean isOfAll(Entry entry) {
        return entry.documentKey() == null && entry.rowKey() == null;
    }

    private static Optional<List<BsonValue>> ids(CollectionTarget target, Entry entry) {
        if (entry.documentKey() != null) {
            return Optional.of(List.of(IdText.parse(entry.documentKey())));
        }
        return entry.rowKey() == null ? Optional.empty() : RowIdentity.candidates(target, entry.rowKey());
    }

    private static String why(List<Entry> entries) {
        return entries.stream()
                .map(entry -> switch (entry.cause()) {
                    case ASKED -> "it was asked for";
                    case SCHEMA -> "it was dropped or replaced, or its mapping has changed";
                    case REFERENCE, DUPLICATE, DEAD_LETTER, REPAIR, REPLAY ->
                        "not every _id that is to be read is known";
                })
                .distinct()
                .collect(Collectors.joining("; "));
    }

    /// Resyncs the whole collection. Single documents of it that are on the list, too, are resynced separately:
    /// a user may ask for one again after it was read here, and before the end.
    ///
    /// @param entries each of the whole collection
    private int takeAll(CollectionTarget target, List<Entry> entries) throws SQLException {
        LOG.info("All of {} is read again: {}.", target.collection(), why(entries));
        int taken = 0;
        for (IdBracket bracket : IdBracket.values()) {
            BsonValue after = null;
            for (boolean complete = false; !complete; ) {
                if (fenced.stopped().getAsBoolean()) {
                    return taken;
                }
                try (Fence.Flight flight = fenced.of(target).open();
                        MemoryBudget.Lease lease = fenced.memory().acquireForReadingUninterruptibly()) {
                    BsonTimestamp notBefore = fenced.streamPosition().get();
                    Piece piece = source.read(
                            target.collection(), IdRange.after(bracket, after), DOCUMENTS_MAX, BYTES_MAX, notBefore);
                    List<RowChange> rows = new ArrayList<>();
                    for (RawBsonDocument document : piece.documents()) {
                        BsonValue id = ExactBson.id(document);
                        add(rows, new Change.Upsert(target.collection(), id, document, new BsonTimestamp(0), 0));
                    }
                    hold(lease, rows);
                    if (isLeft(target)) {
                        return taken;
                    }
                    sink.resync(rows, List.of(), flight);
                    taken += rows.size();
                    resynced.merge(entries.getFirst().cause(), rows.size(), Integer::sum);
                    after = piece.lastId();
                    complete = piece.complete();
                }
            }
        }
        if (entries.stream().anyMatch(Entry::prune) && !prune(target)) {
            left = undecided.now();
            return taken;
        }
        list.done(entries);
        return taken;
    }

    private boolean prune(CollectionTarget target) throws SQLException {
        if (pruning == null) {
            throw new IllegalStateException(
                    "an entry asks for rows to be deleted, and this resync was made without pruning");
        }
        return pruning.prune(target);
    }
}
