package dev.sluice.sink;

import dev.sluice.change.Change;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.MappingResult;
import dev.sluice.memory.Footprint;
import dev.sluice.sink.RowChange.Effect;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From changes to row changes, by the mapping. Stateless; any thread.
public final class ChangeMapper {
    private final Map<String, CollectionTarget> targets;

    private ChangeMapper(Map<String, CollectionTarget> targets) {
        this.targets = Map.copyOf(targets);
    }

    /// @param targets the collections that are mapped, each once
    public static ChangeMapper of(Collection<CollectionTarget> targets) {
        return new ChangeMapper(
                targets.stream().collect(Collectors.toMap(CollectionTarget::collection, Function.identity())));
    }

    /// @return null when the mapping has no such collection
    public @Nullable RowChange map(Change change) {
        CollectionTarget target = targets.get(change.collection());
        return target == null ? null : new RowChange(target, effect(target, change), change);
    }

    private static MappingResult map(CollectionTarget target, BsonDocument document) {
        return document instanceof RawBsonDocument raw && Footprint.isLarge(RowChange.bytes(raw))
                ? target.mapper().mapLarge(raw)
                : target.mapper().map(document);
    }

    private static Effect effect(CollectionTarget target, Change change) {
        return switch (change) {
            case Change.Upsert upsert ->
                RowChange.of(target, map(target, upsert.document()), upsert).effect();
            case Change.Delete delete ->
                switch (target.mapper().key(delete.id())) {
                    case KeyResult.Key key -> new Effect.Delete(key.key());
                    case KeyResult.NoKey none -> new Effect.Forget();
                };
            case Change.Unresolved unresolved -> new Effect.Wait();
        };
    }
}
