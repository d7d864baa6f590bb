package dev.sluice.profile;

import dev.sluice.mapping.value.RandomBson;
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

    /// A name ends with NUL in BSON, and holds none.
    private static Arbitrary<String> names() {
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(4, Arbitraries.of(NAMES)),
                net.jqwik.api.Tuple.of(1, RandomBson.strings().map(name -> name.replace("\u0000", ""))));
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

    private static final List<String> SCALARS = List.of(
            "#",
            "{\"$numberLong\": \"#\"}",
            "{\"$numberLong\": \"90071992547409#\"}",
            "{\"$numberDouble\": \"#.0\"}",
            "#.5",
            "{\"$numberDecimal\": \"#.50\"}",
            "{\"$numberDouble\": \"NaN\"}",
            "true",
            "false",
            "0",
            "1",
            "17145588#",
            "{\"$numberLong\": \"17145588300#\"}",
            "{\"$date\": \"2024-05-01T10:20:#Z\"}",
            "{\"$date\": {\"$numberLong\": \"9223372036854775807\"}}",
            "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}",
            "{\"$uuid\": \"00112233-4455-6677-8899-aabbccddee#\"}",
            "{\"$binary\": {\"base64\": \"ABEi\", \"subType\": \"00\"}}",
            "{\"$symbol\": \"s#\"}",
            "{\"$timestamp\": {\"t\": #, \"i\": 1}}",
            "\"\"",
            "\"text #\"",
            "\"#\"",
            "\"0#\"",
            "\"+#\"",
            "\"#.50\"",
            "\"#e400\"",
            "\"9223372036854775#\"",
            "\"0.12345678901234567890\"",
            "\"true\"",
            "\"No\"",
            "\"2024-05-01\"",
            "\"2024-05-01T10:20:#\"",
            "\"2024-05-01T10:20:#+05:00\"",
            "\"2024-05-01T10:20:#.1234567Z\"",
            "\"65f0c0ffee65f0c0ffee00#\"",
            "\"00112233-4455-6677-8899-aabbccddee#\"",
            "{\"a\": #}");

    /// One collection with one field, most values of which are of one kind, or arrays of it.
    static Arbitrary<SequencedMap<String, List<BsonDocument>>> mixtures() {
        Arbitrary<String> scalars = Arbitraries.of(SCALARS);
        Arbitrary<String> values = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(4, scalars), net.jqwik.api.Tuple.of(1, scalars.map(value -> "[" + value + "]")));
        return Combinators.combine(
                        values,
                        values.list().ofMinSize(1).ofMaxSize(3),
                        Arbitraries.integers().between(20, 250),
                        Arbitraries.of(2, 10, 100, 130))
                .as((most, others, count, every) -> {
                    List<BsonDocument> documents = new ArrayList<>();
                    for (int i = 0; i < count; i++) {
                        documents.add(document(
                                i, "{\"f\": " + (i % every == 0 ? others.get(i / every % others.size()) : most) + "}"));
                    }
                    SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
                    collections.put("things", documents);
                    return collections;
                });
    }

    /// Ids in all forms that one and the same id has in practice, among them ids that refer to them: `things`,
    /// and `parts` with the fields thing, thing_id and things.
    static Arbitrary<SequencedMap<String, List<BsonDocument>>> references() {
        Arbitrary<String> forms = Arbitraries.of(
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}",
                "\"65f0c0ffee65f0c0ffee00#\"",
                "\"65F0C0FFEE65F0C0FFEE00#\"",
                "#",
                "{\"$numberDouble\": \"#.0\"}",
                "#.5",
                "\"#\"",
                "\"0#\"",
                "\"\"",
                "\"default\"",
                "{\"$uuid\": \"00112233-4455-6677-8899-aabbccddee#\"}",
                "\"00112233-4455-6677-8899-aabbccddee#\"",
                "{\"a\": #}",
                "{\"$id\": {\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}}",
                "true",
                "null");
        Arbitrary<List<String>> mixed = forms.list().ofMinSize(1).ofMaxSize(3);
        return Combinators.combine(
                        mixed, mixed, mixed, mixed, Arbitraries.integers().between(1, 40))
                .as((ids, thing, thingId, things, count) -> {
                    SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
                    SequencedMap<BsonValue, BsonDocument> byId = new LinkedHashMap<>();
                    List<BsonDocument> parts = new ArrayList<>();
                    for (int i = 0; i < count; i++) {
                        BsonDocument made = document(i, "{\"_id\": " + form(ids, i) + "}");
                        BsonValue id = made.get("_id");
                        // The server knows equal numbers as one id.
                        byId.putIfAbsent(
                                id instanceof org.bson.BsonDouble d && d.getValue() == Math.rint(d.getValue())
                                        ? new BsonInt32((int) d.getValue())
                                        : id,
                                made);
                        parts.add(document(
                                i,
                                "{\"thing\": " + form(thing, i) + ", \"thing_id\": " + form(thingId, i + 3)
                                        + ", \"things\": [" + form(things, i) + ", " + form(things, i + 1) + "]}"));
                    }
                    collections.put("things", new ArrayList<>(byId.values()));
                    collections.put("parts", parts);
                    return collections;
                });
    }

    private static String form(List<String> forms, int i) {
        // Most are of the first form.
        return forms.get(i % 7 < 5 ? 0 : i % forms.size()).replace("#", Integer.toString(10 + i));
    }

    private static BsonDocument document(int i, String json) {
        BsonDocument document = BsonDocument.parse(json.replace("#", Integer.toString(10 + i % 49)));
        document.putIfAbsent("_id", new BsonInt32(i));
        return document;
    }
}
