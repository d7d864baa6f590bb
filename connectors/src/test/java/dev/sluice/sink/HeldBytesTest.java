package dev.sluice.sink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.mapping.RandomDocuments;
import dev.sluice.mapping.TestMappers;
import dev.sluice.mapping.value.RandomBson;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.testkit.HeapSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a change says it holds until it is written is never less than it holds (promise 7)")
class HeldBytesTest {
    private static final CollectionTarget THINGS =
            CollectionTarget.of(MappingReader.read("m.yaml", """
                    mapping: m
                    database: d
                    collections:
                      things:
                        table: things
                        key: {column: id, type: text}
                        columns: {n: integer, note: text, more: jsonb, sure: {type: integer, misfit: reject}}
                        children:
                          thing_lines:
                            from: lines
                            parent: thing_id
                            columns: {sku: text}
                    """)).getFirst();

    @Test
    @DisplayName("of ordinary documents, and not much more either")
    void ordinary() {
        for (String note : List.of("", "n", "n".repeat(300), "日本".repeat(5_000))) {
            RowChange change = change(new BsonDocument("n", new BsonInt32(1))
                    .append("note", new BsonString(note))
                    .append(
                            "lines",
                            BsonDocument.parse("{l: [{sku: 'a'}, {sku: 'b'}]}").get("l")));

            assertThat(upsert(change).rows()).isNotNull();
            assertThat(change.heldBytes()).isBetween(held(change), 600 + held(change) * 5 / 4);
        }
    }

    @Test
    @DisplayName("of what a row lands without, and of fields that nothing reads")
    void misfits() {
        RowChange change = change(new BsonDocument("n", new BsonString("日".repeat(20_000)))
                .append("lines", new BsonBinary(new byte[30_000]))
                .append("other", new BsonInt32(1)));

        assertThat(upsert(change).misfits()).hasSize(2);
        assertThat(upsert(change).unmapped()).isNotEmpty();
        assertThat(change.heldBytes()).isGreaterThanOrEqualTo(held(change));

        RowChange twins = of(RawBsonDocument.parse(
                "{_id: 1, more: {a: 1, a: {b: 2, b: [3, 4, {c: '" + "x".repeat(1_000) + "'}]}}}"));
        assertThat(upsert(twins).misfits()).isNotEmpty();
        assertThat(twins.heldBytes()).isGreaterThanOrEqualTo(held(twins));
    }

    @Test
    @DisplayName("where the _id itself is long, of an upsert and of a delete")
    void longIds() {
        BsonString text = new BsonString("é".repeat(100_000));
        for (BsonValue id : List.of(text, ExactBson.document(new BsonDocument("a", text)))) {
            RowChange upsert = of(ExactBson.document(new BsonDocument("_id", id)));
            RowChange delete = map(new Change.Delete("things", id, new BsonTimestamp(1, 1), 0));

            assertThat(upsert.heldBytes()).isGreaterThanOrEqualTo(held(upsert));
            assertThat(delete.heldBytes()).isGreaterThanOrEqualTo(held(delete)).isGreaterThan(200_000);
        }
    }

    @Test
    @DisplayName("of a dead letter")
    void rejected() {
        RowChange change = change(new BsonDocument("sure", new BsonString("no")));

        assertThat(change.effect()).isInstanceOf(Effect.Reject.class);
        assertThat(change.heldBytes()).isGreaterThanOrEqualTo(held(change));
    }

    @Test
    @DisplayName("of a large document, whose rows are made when they are written, and of large rows of a smaller one")
    void large() {
        RowChange document = change(new BsonDocument("note", new BsonString("n".repeat(1 << 18))));
        RowChange rows = change(new BsonDocument("more", new BsonString("\u0001".repeat(1 << 17))));

        for (RowChange change : List.of(document, rows)) {
            assertThat(upsert(change).rows()).isNull();
            assertThat(change.heldBytes()).isBetween(held(change), 2_000 + held(change));
        }
    }

    @Test
    @DisplayName("of a document in an array that is longer than it")
    void longerArray() {
        byte[] bytes = new byte[5_000];
        byte[] document = ExactBson.document(BsonDocument.parse("{_id: 1, n: 1}"))
                .getByteBuffer()
                .array();
        System.arraycopy(document, 0, bytes, 0, document.length);
        RowChange change = of(new RawBsonDocument(bytes, 0, document.length));

        assertThat(change.heldBytes()).isGreaterThanOrEqualTo(held(change)).isGreaterThan(5_000);
    }

    @Provide
    Arbitrary<List<BsonValue>> noises() {
        return RandomBson.values().list().ofMinSize(10).ofMaxSize(20);
    }

    @Provide
    Arbitrary<CollectionTarget> targets() {
        return Arbitraries.of(TestMappers.all().stream()
                .map(mapper -> new CollectionTarget(0, mapper.mapping(), mapper))
                .toList());
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void ofAnyDocumentOfAnyMapping(
            @ForAll("targets") CollectionTarget target,
            @ForAll("noises") List<BsonValue> noise,
            @ForAll Random random) {
        ChangeMapper mapper = ChangeMapper.of(List.of(target));
        for (double odd : new double[] {0.002, 0.02, 0.3}) {
            RandomDocuments documents = new RandomDocuments(target.mapping(), random, noise, odd);
            for (int i = 0; i < 5; i++) {
                RawBsonDocument document = documents.next();
                RowChange change = Objects.requireNonNull(mapper.map(new Change.Upsert(
                        target.collection(), ExactBson.id(document), document, new BsonTimestamp(1, 1), 0)));
                assertThat(change.heldBytes()).as("%s", document).isGreaterThanOrEqualTo(held(change));
            }
        }
    }

    /// Without what belongs to the mapper.
    private static long held(RowChange change) {
        List<Object> shared = new ArrayList<>(List.of(change.target()));
        if (change.effect() instanceof Effect.Upsert upsert) {
            shared.addAll(upsert.unmapped());
        }
        return HeapSize.of(change, shared.toArray());
    }

    private static Effect.Upsert upsert(RowChange change) {
        return (Effect.Upsert) change.effect();
    }

    private static RowChange change(BsonDocument fields) {
        BsonDocument document = new BsonDocument("_id", new BsonInt32(1));
        document.putAll(fields);
        return of(ExactBson.document(document));
    }

    private static RowChange of(RawBsonDocument document) {
        return map(new Change.Upsert("things", ExactBson.id(document), document, new BsonTimestamp(1, 1), 0));
    }

    private static RowChange map(Change change) {
        return Objects.requireNonNull(ChangeMapper.of(List.of(THINGS)).map(change));
    }
}
