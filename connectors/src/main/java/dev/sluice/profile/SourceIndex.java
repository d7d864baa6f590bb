package dev.sluice.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// An index as MongoDB has it.
///
/// @param keys in their order
/// @param hidden whether queries do not use it; a unique one is kept all the same
/// @param partial which documents it is of; null for all, or as `sparse` says
/// @param expireAfterSeconds how long after the time in its field MongoDB deletes documents; null where it does
///     not
/// @param collation by which it compares texts; null where it compares their bytes
public record SourceIndex(
        String name,
        List<Key> keys,
        boolean unique,
        boolean sparse,
        boolean hidden,
        @Nullable BsonDocument partial,
        @Nullable Long expireAfterSeconds,
        @Nullable BsonDocument collation) {
    public SourceIndex {
        keys = List.copyOf(keys);
    }

    /// A field of an index.
    ///
    /// @param field as a path with dots
    public record Key(String field, Kind kind) {
        List<String> path() {
            return pathOf(field);
        }
    }

    /// The names of a path with dots.
    static List<String> pathOf(String field) {
        return List.of(field.split("\\."));
    }

    /// How a field is indexed.
    public enum Kind {
        ASCENDING,
        DESCENDING,
        /// By its words.
        TEXT,
        /// By its place on the earth or on a plane.
        GEO,
        HASHED,
        /// All fields below it.
        WILDCARD,
        /// In a way that is not known here.
        OTHER
    }

    /// @param entry as the command `listIndexes` has it
    /// @return empty for that of `_id`, which each collection has
    public static Optional<SourceIndex> of(BsonDocument entry) {
        List<Key> keys = new ArrayList<>();
        BsonDocument key = entry.getDocument("key", new BsonDocument());
        key.forEach((field, value) -> keys.add(new Key(field, kind(field, value))));
        if (entry.get("weights") instanceof BsonDocument weights) {
            // MongoDB names the fields of a text index here, and its own parts among the keys.
            int place = keys.stream().map(Key::field).toList().indexOf("_fts");
            keys.removeIf(each -> each.field().equals("_fts") || each.field().equals("_ftsx"));
            List<Key> words = weights.keySet().stream()
                    .map(field -> new Key(field, field.contains("$**") ? Kind.WILDCARD : Kind.TEXT))
                    .toList();
            keys.addAll(Math.clamp(place, 0, keys.size()), words);
        }
        if (keys.size() == 1 && keys.getFirst().field().equals("_id") && isOrdered(keys.getFirst())) {
            return Optional.empty();
        }
        return Optional.of(new SourceIndex(
                entry.getString("name", new BsonString("")).getValue(),
                keys,
                isTrue(entry.get("unique")),
                isTrue(entry.get("sparse")),
                isTrue(entry.get("hidden")),
                entry.get("partialFilterExpression") instanceof BsonDocument partial ? partial : null,
                entry.get("expireAfterSeconds") instanceof BsonNumber seconds ? seconds.longValue() : null,
                entry.get("collation") instanceof BsonDocument collation ? collation : null));
    }

    private static Kind kind(String field, BsonValue value) {
        if (field.equals("$**") || field.endsWith(".$**")) {
            return Kind.WILDCARD;
        }
        return switch (value) {
            case BsonNumber number -> number.doubleValue() < 0 ? Kind.DESCENDING : Kind.ASCENDING;
            case BsonString text ->
                switch (text.getValue()) {
                    case "text" -> Kind.TEXT;
                    case "2d", "2dsphere", "geoHaystack" -> Kind.GEO;
                    case "hashed" -> Kind.HASHED;
                    default -> Kind.OTHER;
                };
            default -> Kind.OTHER;
        };
    }

    private static boolean isTrue(@Nullable BsonValue value) {
        return switch (value) {
            case BsonBoolean flag -> flag.getValue();
            case BsonNumber number -> number.doubleValue() != 0;
            case null, default -> false;
        };
    }

    private static boolean isOrdered(Key key) {
        return key.kind() == Kind.ASCENDING || key.kind() == Kind.DESCENDING;
    }
}
