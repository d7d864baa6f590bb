package dev.sluice.profile;

import dev.sluice.mapping.RandomBson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;

/// Arbitrary databases: documents that have much in common and odd ones among them, under names that any
/// language trips over.
final class RandomCollections {
    private static final List<String> NAMES = List.of(
            "id",
            "_id ",
            "userId",
            "user_id",
            "order",
            "select",
            "position",
            "ctid",
            "xmin",
            "rest",
            "ordinal",
            "thing_id",
            "a.b",
            "$d",
            "${x}",
            "",
            " ",
            "it's",
            "q\"q",
            "back\\slash",
            "two\nlines",
            "tab\t",
            "0",
            "1e5",
            "null",
            "yes",
            "true",
            "~",
            "- a",
            "a: b",
            "# c",
            "*alias",
            "&anchor",
            "!tag",
            "%",
            "@",
            "`",
            "{",
            "[x]",
            "东京",
            "😀",
            "\uD800",
            "\u0000",
            "\uFEFF",
            "e\u0301",
            "pg_class",
            "n".repeat(70),
            "n".repeat(71),
            "é".repeat(40),
            "A",
            "B",
            "C");

    private static final List<String> COLLECTIONS = List.of(
            "things",
            "Things",
            "pg_class",
            "things_pkey",
            "order",
            "fs.files",
            "a b",
            "null",
            "日本",
            "x".repeat(70),
            "thing",
            "-",
            "it's",
            "q\"q",
            "${y}");

    private RandomCollections() {}

    static Arbitrary<SequencedMap<String, List<BsonDocument>>> collections() {
        return Arbitraries.of(COLLECTIONS)
                .set()
                .ofMinSize(1)
                .ofMaxSize(3)
                .flatMap(names -> documents().list().ofSize(names.size()).map(lists -> zip(names, lists)));
    }

    private static SequencedMap<String, List<BsonDocument>> zip(Set<String> names, List<List<BsonDocument>> lists) {
        SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
        List<String> sorted = names.stream().sorted().toList();
        for (int i = 0; i < sorted.size(); i++) {
            collections.put(sorted.get(i), lists.get(i));
        }
        return collections;
    }

    /// Documents of one collection: the same fields in most, each of one kind, and some of any kind.
    static Arbitrary<List<BsonDocument>> documents() {
        return Arbitraries.maps(names(), kinds(2))
                .ofMaxSize(6)
                .flatMap(shape -> objects(shape).list().ofMaxSize(20))
                .flatMap(documents -> ids().list().ofSize(documents.size()).map(ids -> {
                    List<BsonDocument> whole = new ArrayList<>();
                    for (int i = 0; i < documents.size(); i++) {
                        BsonDocument document = new BsonDocument("_id", ids.get(i));
                        documents.get(i).forEach(document::putIfAbsent);
                        whole.add(document);
                    }
                    return whole;
                }));
    }

    private static Arbitrary<String> names() {
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(4, Arbitraries.of(NAMES)), net.jqwik.api.Tuple.of(1, RandomBson.strings()));
    }

    private static Arbitrary<BsonValue> ids() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(1, 20).map(BsonInt32::new),
                RandomBson.scalars(),
                Arbitraries.longs().map(l -> new BsonObjectId(new ObjectId((int) (long) l, 7))));
    }

    /// What the values of one field are like.
    private static Arbitrary<Arbitrary<BsonValue>> kinds(int depth) {
        List<Arbitrary<Arbitrary<BsonValue>>> kinds = new ArrayList<>(List.of(
                Arbitraries.just(RandomBson.scalars()),
                Arbitraries.just(RandomBson.numbers()),
                Arbitraries.just(RandomBson.strings().map(BsonString::new)),
                Arbitraries.just(RandomBson.dates().map(d -> d)),
                Arbitraries.just(Arbitraries.integers().between(1, 20).map(BsonInt32::new)),
                Arbitraries.just(Arbitraries.of("2024-05-01", "2024-05-01T10:20:30Z", "2024-05-01T10:20:30", "7", "07")
                        .map(BsonString::new)),
                Arbitraries.just(RandomBson.values())));
        if (depth > 0) {
            kinds.add(Arbitraries.maps(names(), kinds(depth - 1))
                    .ofMaxSize(4)
                    .map(s -> objects(s).map(o -> o)));
            kinds.add(Arbitraries.maps(names(), kinds(depth - 1))
                    .ofMaxSize(4)
                    .map(s -> objects(s).list().ofMaxSize(3).map(BsonArray::new)));
            kinds.add(kinds(depth - 1).map(k -> k.list().ofMaxSize(3).map(BsonArray::new)));
        }
        return Arbitraries.oneOf(kinds);
    }

    private static Arbitrary<BsonDocument> objects(Map<String, Arbitrary<BsonValue>> shape) {
        List<Map.Entry<String, Arbitrary<BsonValue>>> fields = List.copyOf(shape.entrySet());
        List<Arbitrary<BsonValue>> values = new ArrayList<>();
        fields.forEach(field -> values.add(Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(20, field.getValue()),
                net.jqwik.api.Tuple.of(1, Arbitraries.just(BsonNull.VALUE)),
                net.jqwik.api.Tuple.of(1, RandomBson.scalars()))));
        if (values.isEmpty()) {
            return Arbitraries.just(new BsonDocument());
        }
        return Combinators.combine(values).as(drawn -> {
            BsonDocument object = new BsonDocument();
            for (int i = 0; i < drawn.size(); i++) {
                object.put(fields.get(i).getKey(), drawn.get(i));
            }
            return object;
        });
    }
}
