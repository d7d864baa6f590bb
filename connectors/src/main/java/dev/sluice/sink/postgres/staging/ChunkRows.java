package dev.sluice.sink.postgres.staging;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.mapping.RawMapper;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.copy.DocumentRows;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.table.Documents;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// The documents of a chunk, mapped: the rows of those that have rows, ready for COPY, and what else there
/// is to say. Most documents go from their bytes to PostgreSQL's without anything in between. Used for one
/// chunk after the other; for one thread.
public final class ChunkRows {
    private final CollectionTarget target;
    private final RawMapper raw;
    private final EncodedRows encoded;
    /// Of the documents that have rows, in the order of these: the document, the key of its row, the fields
    /// that nothing reads.
    private final List<RawBsonDocument> documents = new ArrayList<>();

    private final List<Object> keys = new ArrayList<>();
    private final List<List<String>> unmapped = new ArrayList<>();
    /// What documents land without, by their number among those that have rows.
    private final Map<Integer, List<MisfitValue>> misfits = new TreeMap<>();
    /// Documents that have no rows.
    private final List<RowChange> rowless = new ArrayList<>();

    private boolean anyUnmapped;

    public ChunkRows(CollectionTarget target) {
        this.target = target;
        this.raw = target.mapper().raw();
        this.encoded = new EncodedRows(target.mapper().shapes());
    }

    /// Maps the documents of a chunk, and forgets the ones before.
    public void map(List<RawBsonDocument> read) {
        clear();
        for (RawBsonDocument document : read) {
            encoded.startDocument();
            MappingResult none = raw.map(document, encoded);
            if (none != null) {
                encoded.takeBack();
                rowless.add(RowChange.of(target, none, upsert(document)));
                continue;
            }
            encoded.endDocument();
            if (!raw.misfits().isEmpty()) {
                misfits.put(keys.size(), raw.misfits());
            }
            add(document, raw.key(), raw.unmapped());
        }
    }

    /// Lets go of the documents.
    public void clear() {
        encoded.clear();
        documents.clear();
        keys.clear();
        unmapped.clear();
        misfits.clear();
        rowless.clear();
        anyUnmapped = false;
    }

    private void add(RawBsonDocument document, Object key, List<String> notRead) {
        documents.add(document);
        keys.add(key);
        unmapped.add(notRead);
        anyUnmapped |= !notRead.isEmpty();
    }

    private Change.Upsert upsert(RawBsonDocument document) {
        return new Change.Upsert(target.collection(), id(document), document, new BsonTimestamp(0), 0);
    }

    private RowChange change(int i, @Nullable DocumentRows rows) {
        Effect effect = new Effect.Upsert(keys.get(i), rows, misfits.getOrDefault(i, List.of()), unmapped.get(i));
        return new RowChange(target, effect, upsert(documents.get(i)));
    }

    private static BsonValue id(RawBsonDocument document) {
        return ExactBson.id(document);
    }

    public CollectionTarget target() {
        return target;
    }

    /// The rows, ready for COPY.
    public EncodedRows encoded() {
        return encoded;
    }

    /// How many documents there are, with rows and without.
    public int size() {
        return documents.size() + rowless.size();
    }

    /// The keys of the rows of those that have rows, in the order of the documents.
    public List<Object> keys() {
        return Collections.unmodifiableList(keys);
    }

    /// The `_id` of one of those that have rows.
    public BsonValue id(int number) {
        return id(documents.get(number));
    }

    /// Those that have rows, but for the ones of these keys.
    public BitSet without(Set<Object> touched) {
        BitSet chosen = new BitSet(keys.size());
        chosen.set(0, keys.size());
        if (!touched.isEmpty()) {
            for (int i = 0; i < keys.size(); i++) {
                if (touched.contains(keys.get(i))) {
                    chosen.clear(i);
                }
            }
        }
        return chosen;
    }

    /// The keys of the rows of some documents.
    public List<Object> keys(BitSet chosen) {
        if (chosen.cardinality() == keys.size()) {
            return keys;
        }
        List<Object> some = new ArrayList<>(chosen.cardinality());
        chosen.stream().forEach(i -> some.add(keys.get(i)));
        return some;
    }

    /// Those of the documents whose rows have one of these keys.
    public BitSet withKeys(BitSet chosen, Collection<Object> wanted) {
        BitSet found = new BitSet(keys.size());
        chosen.stream().filter(i -> wanted.contains(keys.get(i))).forEach(found::set);
        return found;
    }

    /// Gives those that have rows of these keys.
    public void ofKeys(Set<Object> wanted, RefusedValues.Taker taker) throws SQLException {
        for (int i = 0; i < keys.size(); i++) {
            if (wanted.contains(keys.get(i))) {
                taker.take(keys.get(i), documents.get(i));
            }
        }
    }

    /// What became of documents that were mapped again, see [RefusedValues#mapAgain].
    public List<RowChange> changed(Map<Object, MappingResult> results) {
        List<RowChange> changes = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            MappingResult result = results.get(keys.get(i));
            if (result != null) {
                changes.add(RowChange.of(target, result, upsert(documents.get(i))));
            }
        }
        return changes;
    }

    public Documents documents(BitSet chosen) {
        return Documents.of(keys(chosen), () -> {
            Map<Object, BsonValue> ids = HashMap.newHashMap(chosen.cardinality());
            chosen.stream().forEach(i -> ids.put(keys.get(i), id(documents.get(i))));
            return ids;
        });
    }

    /// How many of the documents have each field that nothing reads.
    public Map<String, Integer> unmapped(BitSet chosen) {
        Map<String, Integer> counts = new TreeMap<>();
        if (anyUnmapped) {
            chosen.stream().forEach(i -> unmapped.get(i).forEach(path -> counts.merge(path, 1, Integer::sum)));
        }
        return counts;
    }

    /// The documents that land without some of their values.
    public List<RowChange> misfits(BitSet chosen) {
        return misfits.keySet().stream()
                .filter(chosen::get)
                .map(i -> change(i, null))
                .toList();
    }

    /// The documents that have no rows, but for the ones that the stream has touched meanwhile.
    public List<RowChange> rowless(Set<Object> touched) {
        return touched.isEmpty()
                ? rowless
                : rowless.stream()
                        .filter(change -> !isTouched(change.fenceKey(), touched))
                        .toList();
    }

    private static boolean isTouched(@Nullable Object key, Set<Object> touched) {
        return key != null && touched.contains(key);
    }

    /// Every document by itself, for when PostgreSQL refuses one of them and it has to be found.
    public List<RowChange> changes() {
        List<RowChange> all = new ArrayList<>(size());
        for (int i = 0; i < documents.size(); i++) {
            all.add(change(i, encoded.document(i)));
        }
        all.addAll(rowless);
        return all;
    }
}
