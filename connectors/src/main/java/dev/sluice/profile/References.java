package dev.sluice.profile;

import dev.sluice.mapping.TextForm;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;

/// Which paths hold the `_id` of other documents. Found by looking: some values of each path that could be
/// an `_id` are asked for in the collections. ObjectIds and UUIDs are looked for everywhere, for they are
/// nowhere by chance; numbers and other strings only where the path is named like the collection.
public final class References {
    /// Of values that are nowhere by chance, this share is enough without a name.
    private static final double SHARE_MIN = 0.5;

    /// Numbers and plain strings are somewhere by chance.
    private static final double COMMON_SHARE_MIN = 0.8;

    private static final List<String> ENDINGS =
            List.of("_ids", "_id", "_refs", "_ref", "_uuids", "_uuid", "_keys", "_key");

    private final Map<FieldProfile, Reference> found = new HashMap<>();

    private References() {}

    /// Looks up `_id`s.
    @FunctionalInterface
    public interface IdLookup {
        /// @return those of the `ids` that are the `_id` of a document of the collection; a number may come
        ///     back as another BSON type of the same value
        Set<BsonValue> existing(String collection, Collection<BsonValue> ids);
    }

    /// No references at all.
    static References none() {
        return new References();
    }

    /// Looks through all paths of all collections.
    public static References find(Collection<CollectionProfile> profiles, IdLookup lookup) {
        List<Candidate> candidates = new ArrayList<>();
        for (CollectionProfile profile : profiles) {
            profile.documents().fields().forEach((name, field) -> {
                if (!name.equals("_id")) {
                    collect(name, field, candidates);
                }
            });
        }
        References references = new References();
        Map<Candidate, List<Reference>> options = new LinkedHashMap<>();
        for (CollectionProfile target : profiles) {
            Set<BsonValue> asked = new LinkedHashSet<>();
            for (Candidate candidate : candidates) {
                candidate.keys(target.collection()).forEach(asked::addAll);
            }
            if (asked.isEmpty()) {
                continue;
            }
            Set<BsonValue> there = new HashSet<>();
            lookup.existing(target.collection(), asked).forEach(id -> there.add(normal(id)));
            for (Candidate candidate : candidates) {
                candidate
                        .reference(target.collection(), there)
                        .ifPresent(r -> options.computeIfAbsent(candidate, c -> new ArrayList<>())
                                .add(r));
            }
        }
        options.forEach((candidate, found) -> found.stream()
                .max(References::compare)
                .ifPresent(best -> references.found.put(candidate.field(), best)));
        return references;
    }

    private static int compare(Reference one, Reference other) {
        int byShare = Double.compare((double) one.found() / one.tried(), (double) other.found() / other.tried());
        int byName = Boolean.compare(one.named(), other.named());
        return byShare != 0
                ? byShare
                : byName != 0 ? byName : other.collection().compareTo(one.collection());
    }

    /// Where the values of a field point to; empty where no place was found.
    Optional<Reference> of(FieldProfile field) {
        return Optional.ofNullable(found.get(field));
    }

    private static void collect(String name, FieldProfile field, List<Candidate> candidates) {
        if (!field.distinct().references().isEmpty()) {
            candidates.add(new Candidate(name, field));
        }
        ObjectProfile object = field.object();
        if (object != null) {
            // {$ref: "agents", $id: ..} and {_id: ..} mean the field that they are in.
            object.fields()
                    .forEach((inner, value) ->
                            collect(inner.equals("$id") || inner.equals("_id") ? name : inner, value, candidates));
        }
        ArrayProfile array = field.array();
        if (array != null) {
            collect(name, array.elements(), candidates);
        }
    }

    /// A path whose values may be references.
    ///
    /// @param name the last name of the path
    private record Candidate(String name, FieldProfile field) {
        /// For each value, the ids it may stand for in a collection; none for a value that is not looked
        /// for.
        List<Set<BsonValue>> keys(String collection) {
            boolean named = isNamedLike(name, collection);
            List<Set<BsonValue>> keys = new ArrayList<>();
            for (BsonValue value : field.distinct().references()) {
                Set<BsonValue> ids = rare(value);
                if (named && ids.isEmpty()) {
                    ids.add(normal(value));
                }
                keys.add(ids);
            }
            return keys;
        }

        Optional<Reference> reference(String collection, Set<BsonValue> there) {
            boolean named = isNamedLike(name, collection);
            long tried = 0;
            long hits = 0;
            boolean rare = false;
            for (Set<BsonValue> ids : keys(collection)) {
                if (ids.isEmpty()) {
                    continue;
                }
                tried++;
                rare |= ids.stream().anyMatch(id -> id.isObjectId() || id.isBinary());
                if (ids.stream().anyMatch(there::contains)) {
                    hits++;
                }
            }
            boolean enough = rare ? hits >= SHARE_MIN * tried || named : hits >= COMMON_SHARE_MIN * tried && named;
            return hits > 0 && enough ? Optional.of(new Reference(collection, tried, hits, named)) : Optional.empty();
        }
    }

    /// What a value that is nowhere by chance may be in an `_id`; none for other values.
    private static Set<BsonValue> rare(BsonValue value) {
        Set<BsonValue> ids = new LinkedHashSet<>();
        if (value.isObjectId() || value.isBinary()) {
            ids.add(value);
        } else if (value instanceof BsonString string && TextForm.OBJECT_ID.fits(string.getValue())) {
            ids.add(new BsonObjectId(new ObjectId(string.getValue())));
            ids.add(value);
        } else if (value instanceof BsonString string && TextForm.UUID.fits(string.getValue())) {
            UUID uuid = UUID.fromString(string.getValue());
            byte[] bytes = ByteBuffer.allocate(16)
                    .putLong(uuid.getMostSignificantBits())
                    .putLong(uuid.getLeastSignificantBits())
                    .array();
            ids.add(new BsonBinary(BsonBinarySubType.UUID_STANDARD, bytes));
            ids.add(value);
        }
        return ids;
    }

    /// Whole numbers of any type as int64, so that equal ones are equal.
    private static BsonValue normal(BsonValue id) {
        return switch (id) {
            case BsonInt32 number -> new BsonInt64(number.getValue());
            case BsonDouble number
            when number.getValue() == (double) (long) number.getValue() -> new BsonInt64((long) number.getValue());
            default -> id;
        };
    }

    /// Whether a field is named like a collection: `agent_id`, `agentId`, `agents`, `parentAgent` like
    /// `agents`; `tool_id` like `user_tools`.
    static boolean isNamedLike(String field, String collection) {
        String stem = SqlNames.snake(field);
        for (String ending : ENDINGS) {
            if (stem.endsWith(ending) && stem.length() > ending.length()) {
                stem = stem.substring(0, stem.length() - ending.length());
                break;
            }
        }
        String one = SqlNames.singular(stem);
        String other = SqlNames.singular(SqlNames.snake(collection));
        return one.equals(other) || one.endsWith("_" + other) || other.endsWith("_" + one);
    }
}
