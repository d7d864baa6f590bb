package dev.sluice.sink.postgres;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.control.Counts;
import dev.sluice.control.Tallies;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.Mapped;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.reference.References;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.staging.StagedTables;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.Documents;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Writes row changes in the caller's transaction: rows, child rows, dead letters and quarantined
/// values. For one thread and one connection.
///
/// Changes of one document are compacted to the last; between documents the order of their last changes
/// is kept, so that a unique value one document gives up can be taken by another. Rows are written at
/// once; dead letters and counts are returned, for the caller to write with [#note] in the transaction
/// that moves the position (promise 1).
final class RowWriter {
    private final Connection connection;
    private final List<CollectionTarget> targets;
    private final StagedTables tables;
    private final Parked parked;

    private final References references;
    private final Tallies tallies;
    private final Rivals rivals;

    private RowWriter(
            Connection connection,
            List<CollectionTarget> targets,
            StagedTables tables,
            References references,
            String pipeline) {
        this.connection = connection;
        this.targets = List.copyOf(targets);
        this.tables = tables;
        this.references = references;
        this.parked = new Parked(connection, pipeline);
        this.tallies = new Tallies(connection, pipeline);
        this.rivals = new Rivals(connection, pipeline);
    }

    /// Looks at the target's tables and makes the staging tables. Once for each connection.
    static RowWriter create(Connection connection, String pipeline, List<CollectionTarget> targets)
            throws SQLException {
        StagedTables tables = StagedTables.create(connection, targets);
        References references = References.create(connection, tables, targets, pipeline);
        return new RowWriter(connection, targets, tables, references, pipeline);
    }

    /// Asks what is parked of some collections, see [Parked#lookingAhead].
    List<RoundTrip.Part> lookingAhead(List<CollectionTarget> fenced) {
        return parked.lookingAhead(
                fenced.stream().map(CollectionTarget::collection).toList());
    }

    /// What is done with the commit, when nothing is read from the staging tables any more.
    List<RoundTrip.Part> beforeCommit() {
        return tables.emptying();
    }

    /// The transaction has ended: what was asked for it no longer holds.
    void ended(boolean committed) {
        parked.forgetLooks();
        tables.ended(committed);
    }

    /// Asks whether the tables still keep apart the keys that were written in this transaction. Written
    /// statements take for granted what was so when the session began, and a table may be altered at any
    /// time.
    ///
    /// @param written the numbers of the collections of which something was written
    List<RoundTrip.Part> watchingKeys(BitSet written) {
        return tables.watching(written);
    }

    /// Says so where [#watchingKeys] has found that they do not.
    ///
    /// @throws SluiceException of kind MISSING_TABLE or TARGET_ALTERED; the caller rolls back
    /// @throws SQLException also where a trigger that was made meanwhile has undone, or may have undone,
    ///     what was written in this transaction: about data
    void requireKeptKeys() throws SQLException {
        Set<TableName> altered = tables.mergingSince();
        if (!altered.isEmpty()) {
            TargetCheck.keys(connection, targets);
            throw new SluiceException(
                    FailureKind.TARGET_ALTERED,
                    altered.stream().map(TableName::toString).sorted().collect(Collectors.joining(", "))
                            + ": an index or a trigger may take the keys of several documents for one since then. The"
                            + " transaction that wrote there was rolled back.");
        }
    }

    /// Lists for a resync the documents that wait for what somebody else has brought.
    ///
    /// @return how many
    int sweep() throws SQLException {
        int listed = references.sweep();
        for (CollectionTarget target : targets) {
            listed += rivals.sweep(target, tables.of(target));
        }
        return listed;
    }

    /// Writes everything in one go.
    ///
    /// @throws SQLException also when the data was refused; the caller rolls back and may go on with
    ///     [Narrowing]
    Written write(List<RowChange> changes) throws SQLException {
        return new Compacted(changes).write();
    }

    /// Writes a document that a unique index keeps out, where it comes before all those that have what
    /// it would have: their rows go, and they are resynced, to be parked or to have what else is free.
    /// Where one of them comes before it, nothing is written, and the row that it had before goes.
    Contest contend(RowChange change) throws SQLException {
        CollectionTarget target = change.target();
        if (!(change.effect() instanceof Effect.Upsert upsert)) {
            return new Contest(null, null);
        }
        CollectionTables staged = tables.of(target);
        new Compacted(List.of()).stage(target, List.of(change));
        List<Rival> found = rivals.of(target, staged);
        tables.unstage(staged);
        Rival behind =
                found.stream().filter(Rival::precedes).findFirst().orElse(found.isEmpty() ? null : found.getFirst());
        if (behind == null || !references.mayGiveWay(target)) {
            return new Contest(null, behind);
        }
        if (behind.precedes()) {
            // The row that it had before it wanted this is no state of it, and may keep others out.
            letGo(() -> references.remove(target, List.of(upsert.key())));
            return new Contest(null, behind);
        }
        SequencedSet<Object> keys = found.stream().map(Rival::key).collect(Collectors.toCollection(LinkedHashSet::new));
        return letGo(() -> references.giveWay(target, keys)) == null
                ? new Contest(write(List.of(change)), null)
                : new Contest(null, behind);
    }

    /// Deletes rows.
    @FunctionalInterface
    private interface Deletion {
        void run() throws SQLException;
    }

    /// Deletes rows, unless PostgreSQL does not let one of them go: a foreign key that the mapping does
    /// not know may hold it, including a deferred one that is checked at commit.
    ///
    /// @return why it does not; then nothing was done. Null where it does
    private @Nullable SQLException letGo(Deletion deletion) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            deletion.run();
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET CONSTRAINTS ALL IMMEDIATE");
            }
            connection.releaseSavepoint(before);
            return null;
        } catch (SQLException e) {
            if (!Failures.isAboutData(e)) {
                throw e;
            }
            connection.rollback(before);
            return e;
        }
    }

    /// Writes the dead letters and counts. The rows that the documents had before are deleted, unless
    /// rows of the collection stay. Where PostgreSQL does not let one go, the dead letter says so.
    ///
    /// @return the summary, dead letters included
    WriteSummary note(Written written) throws SQLException {
        Map<Object, String> keepers = new HashMap<>();
        for (CollectionTarget target : targets) {
            SequencedMap<Object, BsonValue> parkedKeys = keysOf(target, written.deadLetters());
            if (!parkedKeys.isEmpty()) {
                giveUp(target, List.copyOf(parkedKeys.keySet()))
                        .forEach((key, keeper) -> keepers.put(new RowChange.RowKey(target.index(), key), keeper));
                forgetMisfits(target, parkedKeys);
            }
        }
        parked.deadLetters(keepers.isEmpty() ? written.deadLetters() : kept(written.deadLetters(), keepers));
        tallies.add(written.counts());
        return written.summary().withDeadLetters(written.deadLetters().size());
    }

    /// @param keepers of rows, by their [RowChange.RowKey]
    private static List<DeadLetter> kept(List<DeadLetter> letters, Map<Object, String> keepers) {
        return letters.stream()
                .map(letter -> {
                    CollectionTarget target = letter.change().target();
                    return letter.change().change() instanceof Change.Upsert upsert
                                    && target.mapper().key(upsert.id()) instanceof KeyResult.Key(Object key)
                            ? letter.keptBy(keepers.get(new RowChange.RowKey(target.index(), key)))
                            : letter;
                })
                .toList();
    }

    /// The keys of the rows that the documents could have, with their `_id`s.
    private static SequencedMap<Object, BsonValue> keysOf(CollectionTarget target, List<DeadLetter> letters) {
        SequencedMap<Object, BsonValue> keys = new LinkedHashMap<>();
        for (DeadLetter letter : letters) {
            RowChange change = letter.change();
            // A delete that is refused leaves the row as it is.
            if (change.target().index() == target.index()
                    && change.change() instanceof Change.Upsert upsert
                    && target.mapper().key(upsert.id()) instanceof KeyResult.Key(Object key)) {
                keys.put(key, upsert.id());
            }
        }
        return keys;
    }

    /// A dead letter has no row, as if its document had never been another: the row that it had before
    /// is no state of it, and would keep the documents out that want what it has. One that PostgreSQL
    /// does not let go stays.
    ///
    /// @return what keeps the rows that stay, by their keys
    private Map<Object, String> giveUp(CollectionTarget target, List<Object> keys) throws SQLException {
        Map<Object, String> keepers = new HashMap<>();
        if (!references.mayGiveWay(target)) {
            return keepers;
        }
        if (giveUpTogether(target, keys) != null) {
            for (Object key : keys) {
                SQLException refusal = giveUpTogether(target, List.of(key));
                if (refusal != null) {
                    keepers.put(key, Failures.describe(refusal));
                }
            }
        }
        Optional<String> staying = tables.staying(target);
        if (staying.isPresent()) {
            tables.keysPresent(target, keys).forEach(key -> keepers.putIfAbsent(key, staying.get()));
        }
        return keepers;
    }

    /// @return why PostgreSQL refuses one of them; then nothing was done. Null where it refuses none
    private @Nullable SQLException giveUpTogether(CollectionTarget target, List<Object> keys) throws SQLException {
        return letGo(() -> {
            references.forget(target, keys);
            references.remove(target, keys);
        });
    }

    /// What rows landed without is kept beside them, and goes with them.
    ///
    /// @param ids of dead letters, by the keys of their rows
    private void forgetMisfits(CollectionTarget target, Map<Object, BsonValue> ids) throws SQLException {
        if (parked.mayHaveMisfits(target.collection())) {
            Map<Object, BsonValue> rowless = new HashMap<>(ids);
            rowless.keySet().removeAll(tables.keysPresent(target, List.copyOf(ids.keySet())));
            parked.forgetMisfits(target.collection(), rowless.values());
        }
    }

    /// Lets this transaction's commit not wait for the disk. For a transaction that is followed by
    /// another one of the same connection on which everything depends: that one's commit waits for both.
    void commitLazily() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL synchronous_commit = off");
        }
    }

    /// Those of the changes whose documents are dead letters already.
    List<RowChange> parked(List<RowChange> changes) throws SQLException {
        List<RowChange> found = new ArrayList<>();
        for (CollectionTarget target : targets) {
            List<RowChange> own = changes.stream()
                    .filter(change -> change.target().index() == target.index())
                    .toList();
            found.addAll(parked.among(target.collection(), own));
        }
        return found;
    }

    /// Whether rows of the collection depend on each other, so that it matters which come first.
    boolean dependsOnItself(CollectionTarget target) {
        return references.dependsOnItself(target);
    }

    /// Whether the collection's tables have no row.
    boolean isEmpty(CollectionTarget target) throws SQLException {
        return tables.isEmpty(target);
    }

    /// Writes the documents of a chunk in one go.
    ///
    /// Rows of which no trace can be in the target are copied straight into its tables; the others go
    /// through the staging tables.
    ///
    /// @param touched left out
    /// @param direct whether rows may be copied straight into the tables
    /// @param nothingThere whether it is known that no row of these documents is there yet
    /// @throws SQLException also when the data was refused; the caller rolls back and may go on without
    ///     `direct`, and then with [Narrowing] and what [ChunkRows#changes] has
    Written write(ChunkRows chunk, Set<Object> touched, boolean direct, boolean nothingThere) throws SQLException {
        CollectionTarget target = chunk.target();
        List<RowChange> rowless = chunk.rowless(touched);
        Written before = write(rowless);
        BitSet chosen = chunk.without(touched);
        if (chosen.isEmpty()) {
            return before;
        }
        BitSet staged = chosen;
        int rows = 0;
        if (direct && tables.takeCopy(target) && !references.depends(target) && !references.isAwaited(target)) {
            BitSet present = nothingThere
                    ? new BitSet()
                    : chunk.withKeys(chosen, tables.keysPresent(target, chunk.keys(chosen)));
            // Where most rows are there already, two ways cost more than one.
            if (present.cardinality() * 2 <= chosen.cardinality()) {
                BitSet absent = (BitSet) chosen.clone();
                absent.andNot(present);
                rows += tables.copy(target, chunk.encoded(), absent);
                staged = present;
            }
        }
        int waiting = 0;
        List<RowChange> misfits = new ArrayList<>();
        List<DeadLetter> letters = new ArrayList<>(before.deadLetters());
        if (!staged.isEmpty()) {
            tables.stage(target, chunk.encoded(), staged);
            Map<Object, MappingResult> again = tables.mapAgain(target, chunk::ofKeys);
            if (!again.isEmpty()) {
                BitSet rejected = chunk.withKeys(
                        chosen,
                        again.keySet().stream()
                                .filter(key -> !(again.get(key) instanceof Mapped))
                                .toList());
                staged = without(staged, rejected);
                chosen.andNot(rejected);
                for (RowChange change : chunk.changed(again)) {
                    if (change.effect() instanceof Effect.Reject(String reason)) {
                        letters.add(new DeadLetter(change, reason, null, null));
                    } else {
                        misfits.add(change);
                    }
                }
            }
            Staged written = writeStaged(target, chunk.documents(staged));
            rows += written.rows();
            waiting += written.waiting();
            chunk.misfits(chosen).stream()
                    .filter(change -> !(change.effect() instanceof Effect.Upsert u && again.containsKey(u.key())))
                    .forEach(misfits::add);
        } else {
            misfits.addAll(chunk.misfits(chosen));
        }
        before.counts().unmapped(target.collection(), chunk.unmapped(chosen));
        parked.onApplied(target, () -> chunk.documents(chosen).ids(), misfits);
        WriteSummary summary = before.summary().plus(new WriteSummary(rows, 0, Map.of(), 0, waiting));
        return new Written(summary, letters, before.counts());
    }

    private static BitSet without(BitSet all, BitSet some) {
        BitSet left = (BitSet) all.clone();
        left.andNot(some);
        return left;
    }

    /// @param waiting documents that have no row for now
    private record Staged(int rows, int waiting) {}

    private Staged writeStaged(CollectionTarget target, Documents documents) throws SQLException {
        CollectionTables own = tables.of(target);
        Set<Object> rowless = references.resolve(target, documents);
        if (!rowless.isEmpty()) {
            references.remove(target, rowless);
        }
        int written = tables.upsert(own.own());
        for (TableSql child : own.children()) {
            tables.deleteUnstaged(target, child, documents.keys());
            written += tables.upsert(child);
        }
        return new Staged(written, rowless.size());
    }

    /// Deletes rows that have no document any more.
    ///
    /// @return rows deleted from the collection's own table
    int remove(CollectionTarget target, List<Object> keys) throws SQLException {
        return references.remove(target, keys);
    }

    /// One batch, compacted.
    private final class Compacted {
        /// By the numbers of the collections, in the mapping's order.
        private final SequencedMap<Integer, Effects> perCollection = new LinkedHashMap<>();

        private final Map<Object, RowChange> rejected = new LinkedHashMap<>();
        private final Map<String, Integer> skipped = new TreeMap<>();
        private final Counts counts = new Counts();
        private int waiting;

        /// What happens to one collection's rows.
        private static final class Effects {
            private final CollectionTarget target;
            private final SequencedMap<Object, RowChange> last = new LinkedHashMap<>();

            Effects(CollectionTarget target) {
                this.target = target;
            }

            List<BsonValue> ids() {
                return last.values().stream().map(c -> c.change().id()).toList();
            }
        }

        Compacted(List<RowChange> changes) {
            for (CollectionTarget target : targets) {
                perCollection.put(target.index(), new Effects(target));
            }
            for (RowChange change : changes) {
                Effects effects =
                        Objects.requireNonNull(perCollection.get(change.target().index()));
                switch (change.effect()) {
                    case Effect.Wait w -> {}
                    // Where rows stay, what the document was before still counts for its row.
                    case Effect.Reject r -> rejected.put(change.identity(), change);
                    case Effect.Upsert u -> keepLast(effects, change);
                    case Effect.Delete d -> keepLast(effects, change);
                    case Effect.Skip s -> keepLast(effects, change);
                    case Effect.Forget f -> keepLast(effects, change);
                }
            }
        }

        private void keepLast(Effects effects, RowChange change) {
            Object identity = change.identity();
            effects.last.remove(identity);
            effects.last.put(identity, change);
            if (!rejected.isEmpty()) {
                rejected.remove(RowChange.UnmappedKey.of(
                        change.target(), change.change().id()));
            }
        }

        Written write() throws SQLException {
            int rows = 0;
            int deleted = 0;
            // Children of later collections may refer to rows of earlier ones: delete backwards, insert forwards.
            for (Effects effects : perCollection.reversed().values()) {
                deleted += delete(effects);
            }
            for (Effects effects : perCollection.values()) {
                rows += upsert(effects);
            }
            for (Effects effects : perCollection.values()) {
                if (!effects.last.isEmpty()) {
                    parked.onApplied(effects.target, effects::ids, effects.last.values());
                }
            }
            List<DeadLetter> letters = rejected.values().stream()
                    .map(c -> new DeadLetter(c, ((Effect.Reject) c.effect()).reason(), null, null))
                    .toList();
            return new Written(new WriteSummary(rows, deleted, skipped, 0, waiting), letters, counts);
        }

        private int delete(Effects effects) throws SQLException {
            List<Object> keys = new ArrayList<>();
            List<Object> without = new ArrayList<>();
            Map<String, Integer> reasons = new TreeMap<>();
            for (RowChange change : effects.last.values()) {
                switch (change.effect()) {
                    case Effect.Delete d -> {
                        without.add(d.key());
                        if (effects.target.mapping().onDelete() == OnDelete.DELETE) {
                            keys.add(d.key());
                        }
                    }
                    case Effect.Skip s -> {
                        without.add(s.key());
                        keys.add(s.key());
                        reasons.merge(s.reason(), 1, Integer::sum);
                    }
                    case Effect.Upsert u -> {}
                    case Effect.Forget f -> {}
                    case Effect.Reject r -> {}
                    case Effect.Wait w -> {}
                }
            }
            references.forget(effects.target, without);
            counts.skipped(effects.target.collection(), reasons);
            reasons.forEach((reason, documents) -> skipped.merge(reason, documents, Integer::sum));
            return keys.isEmpty() ? 0 : references.remove(effects.target, keys);
        }

        private int upsert(Effects effects) throws SQLException {
            SequencedMap<Object, RowChange> documents = new LinkedHashMap<>();
            Map<String, Integer> unmapped = new TreeMap<>();
            for (RowChange change : effects.last.values()) {
                if (change.effect() instanceof Effect.Upsert upsert) {
                    documents.put(upsert.key(), change);
                    upsert.unmapped().forEach(path -> unmapped.merge(path, 1, Integer::sum));
                }
            }
            if (documents.isEmpty()) {
                return 0;
            }
            stage(effects.target, documents.values());
            takeMisfits(effects, documents);
            if (documents.isEmpty()) {
                return 0;
            }
            Staged written = writeStaged(effects.target, Documents.of(documents));
            waiting += written.waiting();
            counts.unmapped(effects.target.collection(), unmapped);
            return written.rows();
        }

        /// Changes of which PostgreSQL refuses values are what they become without these; one that has
        /// no rows then is a dead letter.
        private void takeMisfits(Effects effects, SequencedMap<Object, RowChange> documents) throws SQLException {
            Map<Object, MappingResult> again = tables.mapAgain(effects.target, (keys, taker) -> {
                for (Object key : keys) {
                    RowChange change = documents.get(key);
                    if (change != null && change.change() instanceof Change.Upsert upsert) {
                        taker.take(key, upsert.document());
                    }
                }
            });
            again.forEach((key, result) -> {
                RowChange was = documents.get(key);
                if (was == null || !(was.change() instanceof Change.Upsert upsert)) {
                    return;
                }
                RowChange now = RowChange.of(effects.target, result, upsert);
                if (now.effect() instanceof Effect.Reject) {
                    documents.remove(key);
                    effects.last.remove(was.identity());
                    rejected.put(now.identity(), now);
                } else {
                    documents.put(key, now);
                    effects.last.put(was.identity(), now);
                }
            });
        }

        /// In the order of the documents.
        private void stage(CollectionTarget target, Collection<RowChange> documents) throws SQLException {
            EncodedRows rows = new EncodedRows(target.mapper().shapes());
            try {
                for (RowChange document : documents) {
                    add(rows, document);
                    if (rows.bytes() >= RowCopy.STAGED_BYTES) {
                        tables.stage(target, rows, null);
                        rows.clear();
                    }
                }
                tables.stage(target, rows, null);
            } finally {
                rows.clear();
            }
        }

        private static void add(EncodedRows rows, RowChange document) {
            if (document.effect() instanceof Effect.Upsert upsert && upsert.rows() != null) {
                rows.add(upsert.rows());
                return;
            }
            rows.startDocument();
            if (!(document.change() instanceof Change.Upsert upsert)
                    || document.target().mapper().raw().map(ExactBson.document(upsert.document()), rows) != null) {
                throw new IllegalStateException("a document was mapped that can't be mapped");
            }
            rows.endDocument();
        }
    }
}
