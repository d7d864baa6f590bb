package dev.sluice.profile;

import dev.sluice.mapping.convert.TextForm;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.ColumnType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonBoolean;
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
    ///
    /// @param keys of the collections, which decide what a reference has to be written like
    public static References find(
            Collection<CollectionProfile> profiles, Map<String, KeyColumn> keys, IdLookup lookup) {
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
                candidate.ids(target.collection()).values().forEach(asked::addAll);
            }
            if (asked.isEmpty()) {
                continue;
            }
            KeyColumn key = keys.get(target.collection());
            Set<BsonValue> there = new HashSet<>();
            lookup.existing(target.collection(), asked).forEach(id -> there.add(normal(id)));
            if (there.isEmpty() || key == null) {
                continue;
            }
            for (Candidate candidate : candidates) {
                if (candidate.refersTo(target.collection(), there)) {
                    JoinTrial trial = JoinTrial.of(
                            target.collection(), key, lookup.existing(target.collection(), candidate.all()));
                    options.computeIfAbsent(candidate, c -> new ArrayList<>())
                            .add(candidate.reference(target.collection(), there, trial));
                }
            }
        }
        options.forEach((candidate, found) -> found.stream()
                .max(References::compare)
                .ifPresent(best -> references.found.put(candidate.field(), best)));
        return references;
    }

    private static int compare(Reference one, Reference other) {
        int byShare = Double.compare(one.share(), other.share());
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
        collect(name, field, false, candidates);
    }

    private static void collect(String name, FieldProfile field, boolean element, List<Candidate> candidates) {
        if (!field.distinct().references().isEmpty()) {
            candidates.add(new Candidate(name, field, element));
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
            collect(name, array.elements(), true, candidates);
        }
    }

    /// A path whose values may be references.
    ///
    /// @param name the last name of the path
    /// @param element whether the values are elements of arrays
    private record Candidate(String name, FieldProfile field, boolean element) {
        /// For each value, the ids it may stand for in a collection; none for a value that is not looked
        /// for.
        Map<BsonValue, Set<BsonValue>> ids(String collection) {
            boolean named = isNamedLike(name, collection);
            Map<BsonValue, Set<BsonValue>> ids = new LinkedHashMap<>();
            for (BsonValue value : field.distinct().triedReferences()) {
                Set<BsonValue> meant = rare(value);
                if (named && meant.isEmpty() && mayBeMeant(value)) {
                    meant.addAll(common(value));
                }
                ids.put(value, meant);
            }
            return ids;
        }

        /// All ids that a column of the values may be written like: the join also finds ids that are equal by
        /// coincidence.
        Set<BsonValue> all() {
            Set<BsonValue> all = new LinkedHashSet<>();
            field.distinct().references().keySet().forEach(value -> {
                all.addAll(rare(value));
                all.addAll(common(value));
            });
            return all;
        }

        /// @param there the ids that are there, as [#normal] has them
        boolean refersTo(String collection, Set<BsonValue> there) {
            boolean named = isNamedLike(name, collection);
            long tried = 0;
            long hits = 0;
            boolean rare = false;
            for (Set<BsonValue> meant : ids(collection).values()) {
                tried += meant.isEmpty() ? 0 : 1;
                rare |= meant.stream().anyMatch(id -> id.isObjectId() || id.isBinary());
                hits += isThere(meant, there) ? 1 : 0;
            }
            boolean enough = rare ? hits >= SHARE_MIN * tried || named : hits >= COMMON_SHARE_MIN * tried && named;
            return hits > 0 && enough;
        }

        Reference reference(String collection, Set<BsonValue> there, JoinTrial trial) {
            Optional<JoinTrial.Join> join = trial.best(field, element);
            Collection<Set<BsonValue>> ids = ids(collection).values();
            double meant =
                    (double) ids.stream().filter(id -> isThere(id, there)).count() / ids.size();
            return new Reference(
                    collection, join, join.map(JoinTrial.Join::share).orElse(meant), isNamedLike(name, collection));
        }

        private static boolean isThere(Set<BsonValue> meant, Set<BsonValue> there) {
            return meant.stream().anyMatch(id -> there.contains(normal(id)));
        }
    }

    /// What a value that is nowhere by chance may be in an `_id`; none for other values.
    private static Set<BsonValue> rare(BsonValue value) {
        Set<BsonValue> ids = new LinkedHashSet<>();
        if (value instanceof BsonObjectId id) {
            ids.add(value);
            ids.add(new BsonString(id.getValue().toHexString()));
        } else if (value instanceof BsonBinary binary && ExactFit.of(value, new ColumnType.Uuid())) {
            ids.add(value);
            ids.add(new BsonString(binary.asUuid().toString()));
        } else if (value instanceof BsonString string && TextForm.OBJECT_ID.fits(string.getValue())) {
            ids.add(new BsonObjectId(new ObjectId(string.getValue())));
            ids.add(value);
            ids.add(new BsonString(string.getValue().toLowerCase(Locale.ROOT)));
        } else if (value instanceof BsonString string && TextForm.UUID.fits(string.getValue())) {
            ids.add(uuid(string.getValue()));
            ids.add(value);
        }
        return ids;
    }

    static BsonBinary uuid(String text) {
        UUID uuid = UUID.fromString(text);
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
        return new BsonBinary(BsonBinarySubType.UUID_STANDARD, bytes);
    }

    /// Whether a value that is somewhere by chance may refer at all.
    private static boolean mayBeMeant(BsonValue value) {
        return !value.isBoolean()
                && !(value instanceof BsonString text && text.getValue().isBlank());
    }

    /// What any other value may be in an `_id`: itself, and a number also where it is written as a string.
    private static Set<BsonValue> common(BsonValue value) {
        Set<BsonValue> ids = new LinkedHashSet<>();
        ids.add(normal(value));
        if (value instanceof BsonString text && TextForm.WHOLE_NUMBER.fits(text.getValue())) {
            ids.add(new BsonInt64(Long.parseLong(text.getValue())));
        }
        if (normal(value) instanceof BsonInt64 number) {
            ids.add(new BsonString(Long.toString(number.getValue())));
        }
        if (value instanceof BsonBoolean truth) {
            ids.add(new BsonString(String.valueOf(truth.getValue())));
        }
        if (value instanceof BsonString text && TextForm.BOOLEAN.fits(text.getValue())) {
            ids.add(BsonBoolean.valueOf(text.getValue().equals("true")));
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
