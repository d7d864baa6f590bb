package dev.sluice.profile;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;

/// That a collection has documents of several kinds, and what tells them apart: keys such as `user:1`, or a
/// field such as `type`.
///
/// @param path of the field
/// @param text what was seen
record Discriminator(String path, String text) {
    private static final int EVIDENCE_MIN = 20;

    /// Keys of the kinds are so many of all, in a hundred.
    private static final int KEYED_MIN = 80;

    private static final Set<String> KEYS = Set.of("_id", "_key", "key");

    private static final Set<String> KINDS = Set.of(
            "type", "kind", "_type", "_kind", "_cls", "_class", "class", "doctype", "docType", "objectType", "entity");

    private static final int NAMED_MAX = 12;

    private static final String ADVICE = ": documents of several kinds in one table; consider a table for each";

    /// @param words whether texts of a field may be named
    static Optional<Discriminator> of(CollectionProfile profile, boolean words) {
        return profile.documents().fields().entrySet().stream()
                .filter(field -> KEYS.contains(field.getKey()))
                .flatMap(field -> keyed(field.getKey(), field.getValue()).stream())
                .findFirst()
                .or(() -> profile.documents().fields().entrySet().stream()
                        .filter(field -> KINDS.contains(field.getKey()))
                        .flatMap(field -> typed(profile, field.getKey(), field.getValue(), words).stream())
                        .findFirst());
    }

    private static Optional<Discriminator> keyed(String name, FieldProfile field) {
        Map<String, Long> patterns = field.texts().patterns();
        long all = patterns.values().stream().mapToLong(Long::longValue).sum();
        return field.texts().count() < EVIDENCE_MIN
                        || patterns.size() < 2
                        || 100 * all < KEYED_MIN * field.texts().count()
                ? Optional.empty()
                : Optional.of(new Discriminator(
                        OneLine.name(name),
                        "its texts are keys of " + patterns.size() + " kinds: "
                                + shares(patterns, field.texts().count()) + ADVICE));
    }

    private static Optional<Discriminator> typed(
            CollectionProfile profile, String name, FieldProfile field, boolean words) {
        if (field.count(BsonType.STRING) != profile.count()
                || field.distinct().words().size() < 2) {
            return Optional.empty();
        }
        long fields = profile.documents().fields().size();
        List<FieldProfile> some = profile.documents().fields().values().stream()
                .filter(other -> other.count() < profile.count())
                .toList();
        if (5L * some.size() < fields) {
            return Optional.empty();
        }
        Map<String, Long> counts = field.distinct().references().entrySet().stream()
                .filter(value -> value.getKey().isString())
                .collect(Collectors.toMap(value -> text(value.getKey()), Map.Entry::getValue));
        String kinds = words
                ? ": " + shares(counts, profile.count())
                : " ("
                        + counts.values().stream()
                                .sorted(Comparator.reverseOrder())
                                .limit(NAMED_MAX)
                                .map(count -> BsonTypes.percent(count, profile.count()))
                                .collect(Collectors.joining(", "))
                        + "; --show-values names them)";
        return Optional.of(new Discriminator(
                OneLine.name(name),
                "it has " + counts.size() + " different texts" + kinds + ", and " + some.size() + " of " + fields
                        + " fields are not in all documents" + ADVICE));
    }

    private static String text(BsonValue value) {
        return value instanceof BsonString string ? string.getValue() : "";
    }

    private static String shares(Map<String, Long> counts, long all) {
        String named = counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(NAMED_MAX)
                .map(kind -> OneLine.text(kind.getKey()) + " " + BsonTypes.percent(kind.getValue(), all))
                .collect(Collectors.joining(", "));
        return named + (counts.size() > NAMED_MAX ? " and " + (counts.size() - NAMED_MAX) + " more" : "");
    }
}
