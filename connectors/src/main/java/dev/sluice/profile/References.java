package dev.sluice.profile;

import dev.sluice.mapping.convert.TextForm;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.ColumnType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonBoolean;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.types.ObjectId;

/// Which paths hold the `_id` of other documents. Found by looking: some values of each path that could be
/// an `_id` are asked for in the collections. ObjectIds and UUIDs are looked for everywhere, for they are
/// nowhere by chance; numbers and other strings where the path is named like the collection, or where nearly
/// all of many different ones are there and others like them are not.
public final class References {
    /// Of values that are nowhere by chance, this share is enough without a name.
    private static final double SHARE_MIN = 0.5;

    /// Numbers and plain strings are somewhere by chance.
    private static final double COMMON_SHARE_MIN = 0.8;

    /// Values without a telling name: different ones at least.
    private static final int DISTINCT_MIN = 20;

    /// The share of them that has to be there.
    private static final double INCLUDED_MIN = 0.95;

    /// Values that are looked up before the others are.
    private static final int FIRST = 8;

    /// Of other numbers in the same range, this share may be there as well: where more are, so would any number
    /// be.
    private static final double CHANCE_MAX = 0.5;

    private static final Pattern RANDOM = Pattern.compile("[A-Za-z0-9_-]{16,64}");

    /// Of so many letters one at least is followed by a digit, or by one of the other case.
    private static final int TURNS = 4;

    private static final List<String> ENDINGS =
            List.of("_ids", "_id", "_refs", "_ref", "_uuids", "_uuid", "_keys", "_key");

    private final Map<FieldProfile, Reference> found = new HashMap<>();
    private final Map<FieldProfile, String> pointing = new HashMap<>();

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
        Map<String, Set<BsonValue>> complete = new HashMap<>();
        for (CollectionProfile profile : profiles) {
            profile.documents().fields().forEach((name, field) -> {
                if (!name.equals("_id")) {
                    new Collector(profile.collection(), candidates).collect(name, field, false);
                }
            });
            if (profile.sample().isEmpty()
                    && profile.unseen() == 0
                    && profile.id().distinct().allReferences()) {
                complete.put(
                        profile.collection(),
                        profile.id().distinct().references().keySet());
            }
        }
        References references = new References();
        Map<BsonValue, List<Candidate>> byId = byId(candidates);
        Map<Candidate, List<Reference>> options = new LinkedHashMap<>();
        for (CollectionProfile target : profiles) {
            KeyColumn key = keys.get(target.collection());
            if (key != null) {
                Search search = new Search(target, key, known(complete, lookup));
                Set<BsonValue> ids = complete.get(target.collection());
                search.options(ids == null ? search.there(candidates) : ids, byId, options);
            }
        }
        options.forEach((candidate, found) -> found.stream()
                .max(References::compare)
                .filter(best -> !best.byValues()
                        || found.stream().filter(Reference::byValues).count() == 1)
                .ifPresent(best -> references.found.put(candidate.field(), best)));
        for (CollectionProfile target : profiles) {
            references.point(target, candidates);
        }
        return references;
    }

    /// Notes which paths hold the values of another field that is an identity: one with a unique index and a
    /// name that says so, of which all values are remembered.
    private void point(CollectionProfile target, List<Candidate> candidates) {
        for (SourceIndex index : target.indexes().orElse(List.of())) {
            String name = index.keys().getFirst().field();
            FieldProfile field = target.documents().fields().get(name);
            if (!index.unique()
                    || index.keys().size() > 1
                    || index.partial() != null
                    || field == null
                    || target.sample().isPresent()
                    || !field.distinct().allReferences()
                    || !ElementKeys.endsLikeIdentity(name)) {
                continue;
            }
            Set<BsonValue> there = new HashSet<>();
            field.distinct().references().keySet().forEach(value -> there.add(normal(value)));
            candidates.stream()
                    .filter(candidate -> candidate.field() != field && !found.containsKey(candidate.field()))
                    .filter(candidate -> candidate.holds(name, there))
                    .forEach(candidate -> pointing.putIfAbsent(
                            candidate.field(), OneLine.name(name) + " of " + OneLine.name(target.collection())));
        }
    }

    /// The field of another collection that a field has the values of, for people; empty where none was found.
    Optional<String> pointing(FieldProfile field) {
        return Optional.ofNullable(pointing.get(field));
    }

    /// The candidates by the ids that are looked for first, so that a collection is compared with those only
    /// that may mean a document of it.
    private static Map<BsonValue, List<Candidate>> byId(List<Candidate> candidates) {
        Map<BsonValue, List<Candidate>> byId = new HashMap<>();
        for (Candidate candidate : candidates) {
            candidate
                    .first()
                    .map(References::normal)
                    .distinct()
                    .forEach(id ->
                            byId.computeIfAbsent(id, i -> new ArrayList<>()).add(candidate));
        }
        return byId;
    }

    /// Asks only about collections of which not all `_id`s are remembered.
    private static IdLookup known(Map<String, Set<BsonValue>> complete, IdLookup lookup) {
        Map<String, Map<BsonValue, BsonValue>> byValue = new HashMap<>();
        complete.forEach((collection, ids) -> {
            Map<BsonValue, BsonValue> normal = new HashMap<>();
            ids.forEach(id -> normal.put(normal(id), id));
            byValue.put(collection, normal);
        });
        return (collection, ids) -> {
            Map<BsonValue, BsonValue> all = byValue.get(collection);
            if (all == null) {
                return lookup.existing(collection, ids);
            }
            Set<BsonValue> there = new HashSet<>();
            for (BsonValue id : ids) {
                BsonValue found = all.get(normal(id));
                if (found != null) {
                    there.add(found);
                }
            }
            return there;
        };
    }

    /// Looks for what refers to one collection.
    private static final class Search {
        private final CollectionProfile target;
        private final KeyColumn key;
        private final IdLookup lookup;
        /// What the collection is called, in the singular.
        private final String name;

        Search(CollectionProfile target, KeyColumn key, IdLookup lookup) {
            this.target = target;
            this.name = SqlNames.singular(SqlNames.snake(target.collection()));
            this.key = key;
            this.lookup = lookup;
        }

        /// The ids of this collection among those that candidates are looked for by.
        Set<BsonValue> there(List<Candidate> candidates) {
            Set<BsonValue> asked = new LinkedHashSet<>();
            for (Candidate candidate : candidates) {
                if (candidate.isNamedLike(name) || candidate.mayMean(target)) {
                    candidate.first().forEach(asked::add);
                } else {
                    candidate.rare().forEach(asked::addAll);
                }
            }
            return asked.isEmpty() ? Set.of() : existing(asked);
        }

        void options(
                Set<BsonValue> there, Map<BsonValue, List<Candidate>> byId, Map<Candidate, List<Reference>> options) {
            Set<Candidate> met = new LinkedHashSet<>();
            there.forEach(id -> met.addAll(byId.getOrDefault(normal(id), List.of())));
            for (Candidate candidate : met) {
                option(candidate)
                        .ifPresent(reference -> options.computeIfAbsent(candidate, c -> new ArrayList<>())
                                .add(reference));
            }
        }

        private Optional<Reference> option(Candidate candidate) {
            String collection = target.collection();
            Collection<Set<BsonValue>> ids = candidate.ids(name);
            Set<BsonValue> there = existing(ids.stream().flatMap(Set::stream).collect(Collectors.toSet()));
            boolean sure = candidate.refersTo(name, ids, there);
            if (!sure && !isIncluded(candidate)) {
                return Optional.empty();
            }
            JoinTrial trial = JoinTrial.of(collection, key, lookup.existing(collection, candidate.all()));
            Optional<JoinTrial.Join> join = trial.best(candidate.field(), candidate.element());
            double meant = (double) hits(ids, there) / Math.max(1, ids.size());
            return Optional.of(new Reference(
                    collection,
                    join,
                    join.map(JoinTrial.Join::share).orElse(meant),
                    candidate.isNamedLike(name),
                    !sure));
        }

        /// Whether nearly all values are `_id`s of the collection, and that is no chance.
        private boolean isIncluded(Candidate candidate) {
            if (!candidate.mayMean(target)) {
                return false;
            }
            List<Set<BsonValue>> first = candidate.some(FIRST);
            if (hits(first, existing(first)) < FIRST - 1) {
                return false;
            }
            List<Set<BsonValue>> tried = candidate.some(Limits.REFERENCES_TRIED);
            if (hits(tried, existing(tried)) < INCLUDED_MIN * tried.size()) {
                return false;
            }
            List<Set<BsonValue>> others = candidate.others();
            return others.isEmpty()
                    ? !candidate.areNumbers()
                    : hits(others, existing(others)) < CHANCE_MAX * others.size();
        }

        private Set<BsonValue> existing(List<Set<BsonValue>> ids) {
            return existing(ids.stream().flatMap(Set::stream).collect(Collectors.toSet()));
        }

        private Set<BsonValue> existing(Collection<BsonValue> ids) {
            Set<BsonValue> there = new HashSet<>();
            lookup.existing(target.collection(), ids).forEach(id -> there.add(normal(id)));
            return there;
        }

        private static long hits(Collection<Set<BsonValue>> tried, Set<BsonValue> there) {
            return tried.stream().filter(ids -> Candidate.isThere(ids, there)).count();
        }
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

    /// Finds the paths of one collection whose values may be references.
    private record Collector(String collection, List<Candidate> candidates) {
        void collect(String name, FieldProfile field, boolean element) {
            if (!field.distinct().references().isEmpty()) {
                candidates.add(new Candidate(collection, name, field, element));
            }
            ObjectProfile object = field.object();
            if (object != null && Layout.isMap(object)) {
                collect(name, object.entries(), false);
            } else if (object != null) {
                // {$ref: "agents", $id: ..} and {_id: ..} mean the field that they are in.
                object.fields()
                        .forEach((inner, value) ->
                                collect(inner.equals("$id") || inner.equals("_id") ? name : inner, value, false));
            }
            ArrayProfile array = field.array();
            if (array != null) {
                collect(name, array.elements(), true);
            }
        }
    }

    /// A path whose values may be references.
    ///
    private static final class Candidate {
        private final String collection;
        private final String one;
        private final FieldProfile field;
        private final boolean element;
        /// What values mean that are nowhere by chance.
        private final List<Set<BsonValue>> rare = new ArrayList<>();
        /// The other values.
        private final List<BsonValue> common = new ArrayList<>();

        private final int tried;

        /// @param collection that it is in
        /// @param name the last name of the path
        /// @param element whether the values are elements of arrays
        Candidate(String collection, String name, FieldProfile field, boolean element) {
            this.collection = collection;
            this.one = one(name);
            this.field = field;
            this.element = element;
            Set<BsonValue> values = field.distinct().triedReferences();
            this.tried = values.size();
            for (BsonValue value : values) {
                Set<BsonValue> meant = References.rare(value);
                if (!meant.isEmpty()) {
                    rare.add(meant);
                } else if (mayBeMeant(value)) {
                    common.add(value);
                }
            }
        }

        FieldProfile field() {
            return field;
        }

        boolean element() {
            return element;
        }

        List<Set<BsonValue>> rare() {
            return rare;
        }

        /// The ids that are looked for before others.
        Stream<BsonValue> first() {
            return Stream.concat(rare.stream(), some(FIRST).stream()).flatMap(Set::stream);
        }

        /// @param other a collection's name in the singular
        boolean isNamedLike(String other) {
            return References.isAlike(one, other);
        }

        /// Whether values without a telling name may be `_id`s of a collection: many different ones, of the
        /// type of its key, and no copy of the document's own `_id`.
        boolean mayMean(CollectionProfile target) {
            boolean own =
                    target.collection().equals(collection) && field.distinct().unique();
            return !own
                    && common.size() >= DISTINCT_MIN
                    && !isNamedLike(SqlNames.singular(SqlNames.snake(target.collection())))
                    && field.count(BsonType.BOOLEAN) == 0
                    && (target.id().numbers().count() > 0 || target.id().texts().count() > 0)
                    && (target.id().texts().count() > 0 || areNumbers());
        }

        /// Whether nearly all values are those of another field, and its name says so or chance does not
        /// explain it.
        boolean holds(String other, Set<BsonValue> there) {
            List<Set<BsonValue>> values = new ArrayList<>(rare);
            values.addAll(some(Limits.REFERENCES_TRIED));
            long hits = values.stream().filter(ids -> isThere(ids, there)).count();
            if (values.isEmpty() || hits < INCLUDED_MIN * values.size()) {
                return false;
            }
            List<Set<BsonValue>> others = others();
            long chance = others.stream().filter(ids -> isThere(ids, there)).count();
            return one.equals(References.one(other))
                    || (values.size() >= DISTINCT_MIN
                            && (others.isEmpty() ? !areNumbers() : chance < CHANCE_MAX * others.size()));
        }

        /// Whether all values are whole numbers, or written as such.
        boolean areNumbers() {
            return field.values() > 0
                    && (field.numbers().whole() || field.texts().are(TextForm.WHOLE_NUMBER))
                    && field.numbers().count() + field.texts().count() == field.values();
        }

        /// What some of the values that are somewhere by chance may be in an `_id`.
        List<Set<BsonValue>> some(int most) {
            return common.stream().limit(most).map(References::common).toList();
        }

        /// Numbers from the same range that the field does not have, as they may be in an `_id`; none where
        /// there are too few.
        List<Set<BsonValue>> others() {
            if (!areNumbers()) {
                return List.of();
            }
            Set<Long> own = new TreeSet<>();
            field.distinct()
                    .references()
                    .keySet()
                    .forEach(value -> References.common(value).stream()
                            .filter(BsonInt64.class::isInstance)
                            .forEach(number -> own.add(number.asInt64().getValue())));
            if (own.size() < DISTINCT_MIN) {
                return List.of();
            }
            long least = Collections.min(own);
            double width = (double) Collections.max(own) - least;
            Set<Long> others = new LinkedHashSet<>();
            for (int i = 1; i < 4 * Limits.REFERENCES_TRIED; i++) {
                long other = least + Math.round(width * i / (4 * Limits.REFERENCES_TRIED));
                if (!own.contains(other)) {
                    others.add(other);
                }
            }
            return others.size() < FIRST
                    ? List.of()
                    : others.stream()
                            .map(number -> References.common(new BsonInt64(number)))
                            .toList();
        }

        /// For each value that was tried, the ids it may stand for in a collection; none for a value that is
        /// not looked for.
        ///
        /// @param other the collection's name in the singular
        List<Set<BsonValue>> ids(String other) {
            List<Set<BsonValue>> ids = new ArrayList<>(rare);
            if (isNamedLike(other)) {
                common.forEach(value -> ids.add(References.common(value)));
            }
            while (ids.size() < tried) {
                ids.add(Set.of());
            }
            return ids;
        }

        /// All ids that a column of the values may be written like: the join also finds ids that are equal by
        /// coincidence.
        Set<BsonValue> all() {
            Set<BsonValue> all = new LinkedHashSet<>();
            field.distinct().references().keySet().forEach(value -> {
                all.addAll(References.rare(value));
                all.addAll(References.common(value));
            });
            return all;
        }

        /// @param other the collection's name in the singular
        /// @param ids what each value may mean
        /// @param there the ids that are there, as [#normal] has them
        boolean refersTo(String other, Collection<Set<BsonValue>> ids, Set<BsonValue> there) {
            boolean named = isNamedLike(other);
            long looked = ids.stream().filter(meant -> !meant.isEmpty()).count();
            long hits = ids.stream().filter(meant -> isThere(meant, there)).count();
            boolean enough =
                    rare.isEmpty() ? hits >= COMMON_SHARE_MIN * looked && named : hits >= SHARE_MIN * looked || named;
            return hits > 0 && enough;
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
        } else if (value instanceof BsonString string && isRandom(string.getValue())) {
            ids.add(value);
        }
        return ids;
    }

    /// Whether a text is made up of letters and digits as only generators of ids do it.
    private static boolean isRandom(String text) {
        if (!RANDOM.matcher(text).matches()) {
            return false;
        }
        int turns = 0;
        for (int i = 1; i < text.length(); i++) {
            turns += kind(text.charAt(i)) == kind(text.charAt(i - 1)) ? 0 : 1;
        }
        return turns >= text.length() / TURNS;
    }

    private static int kind(char c) {
        return Character.isDigit(c) ? 0 : Character.isUpperCase(c) ? 1 : 2;
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
        return isAlike(one(field), SqlNames.singular(SqlNames.snake(collection)));
    }

    private static boolean isAlike(String one, String other) {
        return one.equals(other) || one.endsWith("_" + other) || other.endsWith("_" + one);
    }

    /// What a field names, in the singular and without an ending such as `_id`: `agent` of `agentIds`.
    static String one(String field) {
        String stem = SqlNames.snake(field);
        for (String ending : ENDINGS) {
            if (stem.endsWith(ending) && stem.length() > ending.length()) {
                stem = stem.substring(0, stem.length() - ending.length());
                break;
            }
        }
        return SqlNames.singular(stem);
    }
}
