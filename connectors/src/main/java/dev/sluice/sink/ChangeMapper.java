package dev.sluice.sink;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.RawMapper;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.memory.Footprint;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.copy.EncodedRows;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From changes to row changes, by the mapping. For one thread.
public final class ChangeMapper {
    /// An encoder that has seen more bytes at once is not used again: there is one for each collection.
    private static final int KEPT_MAX = 1 << 16;

    private final Map<String, CollectionTarget> targets;
    private final Map<String, Encoder> encoders = new HashMap<>();

    /// Maps the documents of a collection to rows in the format of COPY, one after the other.
    private record Encoder(RawMapper mapper, EncodedRows rows) {
        static Encoder of(CollectionTarget target) {
            return new Encoder(
                    target.mapper().raw(), new EncodedRows(target.mapper().shapes()));
        }

        RowChange map(CollectionTarget target, RawBsonDocument document, Change.Upsert change) {
            rows.clear();
            rows.startDocument();
            MappingResult none = mapper.map(document, rows);
            if (none != null) {
                return RowChange.of(target, none, change);
            }
            rows.endDocument();
            Effect effect = new Effect.Upsert(mapper.key(), rows.document(0), mapper.misfits(), mapper.unmapped());
            return new RowChange(target, effect, change);
        }
    }

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
        if (target == null) {
            return null;
        }
        return switch (change) {
            case Change.Upsert upsert -> map(target, upsert);
            case Change.Delete delete ->
                switch (target.mapper().key(delete.id())) {
                    case KeyResult.Key key -> new RowChange(target, new Effect.Delete(key.key()), change);
                    case KeyResult.NoKey none -> new RowChange(target, new Effect.Forget(), change);
                };
            case Change.Unresolved unresolved -> new RowChange(target, new Effect.Wait(), change);
        };
    }

    private RowChange map(CollectionTarget target, Change.Upsert change) {
        RawBsonDocument document = ExactBson.document(change.document());
        int bytes = document.getByteBuffer().remaining();
        if (Footprint.isLarge(bytes)) {
            return RowChange.of(target, target.mapper().mapWithoutRows(document), change);
        }
        Encoder encoder = encoders.computeIfAbsent(target.collection(), name -> Encoder.of(target));
        RowChange mapped = encoder.map(target, document, change);
        if (bytes + encoder.rows().bytes() > KEPT_MAX) {
            encoders.remove(target.collection());
        }
        return mapped;
    }
}
