package dev.sluice.sink.postgres.table;

import dev.sluice.sink.RowChange;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The documents of a batch that have rows, known by the keys of these. For one thread.
public final class Documents {
    private final Collection<Object> keys;
    private final Supplier<Map<Object, BsonValue>> findIds;
    private @Nullable Map<Object, BsonValue> ids;

    private Documents(Collection<Object> keys, Supplier<Map<Object, BsonValue>> findIds) {
        this.keys = Collections.unmodifiableCollection(keys);
        this.findIds = findIds;
    }

    /// Those of single changes.
    ///
    /// @param changes by the keys of their rows
    public static Documents of(SequencedMap<Object, RowChange> changes) {
        return new Documents(changes.keySet(), () -> {
            Map<Object, BsonValue> ids = java.util.HashMap.newHashMap(changes.size());
            changes.forEach((key, change) -> ids.put(key, change.change().id()));
            return ids;
        });
    }

    /// @param findIds the `_id`s by the keys; asked for once, and only where they are needed
    public static Documents of(List<Object> keys, Supplier<Map<Object, BsonValue>> findIds) {
        return new Documents(keys, findIds);
    }

    /// The keys of their rows, each once; unmodifiable.
    public Collection<Object> keys() {
        return keys;
    }

    /// Their `_id`s, in no certain order.
    public Collection<BsonValue> ids() {
        return byKey().values();
    }

    /// As the control tables name the document; null when it is none of these.
    @Nullable
    public String documentKey(Object key) {
        BsonValue id = byKey().get(key);
        return id == null ? null : RowIdentity.documentKey(id);
    }

    private Map<Object, BsonValue> byKey() {
        if (ids == null) {
            ids = findIds.get();
        }
        return ids;
    }
}
