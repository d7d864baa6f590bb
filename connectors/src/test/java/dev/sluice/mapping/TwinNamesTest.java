package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.ExactBson;
import dev.sluice.bson.TwinDocument;
import dev.sluice.change.IdText;
import dev.sluice.mapping.row.DroppedRows;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.Mapped;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.value.NestedMisfits;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.MappingReader;
import dev.sluice.testkit.OddBytes;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Documents in which a name is there twice: the row has the first, as MongoDB's queries do.
class TwinNamesTest {
    @Test
    void theFirstHasTheColumnAndTheOthersAreKept() {
        Mapped mapped = mapped("n: integer", "{_id: 'a', n: 1, n: 2, n: 'three'}");

        assertThat(mapped.row()).containsExactly("a", 1L);
        assertThat(mapped.misfits())
                .containsExactly(
                        new MisfitValue("things", "n#2", new BsonInt32(2), NestedMisfits.TWIN),
                        new MisfitValue("things", "n#3", new BsonString("three"), NestedMisfits.TWIN));
    }

    @Test
    void onTheWayOfAPathAndInsideAValueThatIsReadWhole() {
        Mapped mapped = mapped(
                "city: {type: text, from: address.city}, o: jsonb",
                "{_id: 'a', address: {city: 'Ulm', city: 'Bonn'}, address: {city: 'Köln'}, o: {x: {y: 1, y: 2}}}");

        assertThat(mapped.row()).containsExactly("a", "Ulm", "{\"x\":{\"y\":1}}");
        assertThat(mapped.misfits().stream().map(MisfitValue::path))
                .containsExactlyInAnyOrder("address#2", "address.city#2", "o.x.y#2");
    }

    @Test
    void ofTheRestTheFirstIsKeptAndTheOtherBesideIt() {
        Mapped mapped = mapped("n: integer, rest: {type: jsonb, from: {rest: true}}", "{_id: 'a', x: 1, x: 2}");

        assertThat(mapped.row()).containsExactly("a", null, "{\"x\":1}");
        assertThat(mapped.misfits().stream().map(MisfitValue::path)).containsExactly("x#2");
    }

    @Test
    void ofTheWholeDocumentTheFirstIsThereAndTheOtherBesideIt() {
        Mapped mapped =
                mapped("n: integer, all: {type: jsonb, from: {document: true}}", "{_id: 'a', x: 1, n: 2, x: 3}");

        assertThat(mapped.row()).containsExactly("a", 2L, "{\"x\":1,\"n\":2}");
        assertThat(mapped.misfits())
                .containsExactly(new MisfitValue("things.all", "x#2", new BsonInt32(3), NestedMisfits.TWIN));
    }

    @Test
    void inAnElementThatIsReadByItsNumber() {
        Mapped mapped =
                mapped("x: {type: integer, from: points.0.x}", "{_id: 'a', points: [{x: 1, x: 2}, {x: 3, x: 4}]}");

        assertThat(mapped.row()).containsExactly("a", 1L);
        assertThat(mapped.misfits())
                .containsExactly(new MisfitValue("things", "points[0].x#2", new BsonInt32(2), NestedMisfits.TWIN));
    }

    @ParameterizedTest
    @DisplayName("a value that is changed on its way into the row is kept whole, with what is there twice in it")
    @ValueSource(
            strings = {
                "o: {type: jsonb, convert: [{at: {path: k, convert: [trim]}}]}",
                "o: {type: jsonb, convert: [{json_dates: iso_utc}]}",
                "o: {type: jsonb, convert: [wrap_array]}",
                "o: {type: jsonb, from: {merge: [{constant: {z: 1}}, o]}}",
                "o: {type: jsonb, from: {build: {inner: o}, required: inner}}",
                "o: {type: text, convert: [json_text]}",
                "o: {type: text, convert: [unwrap_reference]}",
                "o: {type: text, convert: [typed_key]}"
            })
    void changedOnItsWay(String column) {
        Mapped mapped = mapped(column, "{_id: 'a', o: {_id: 5, _id: 6, k: ' x ', at: {$date: {$numberLong: '1'}}}}");

        assertThat(mapped.misfits()).hasSize(1);
        assertThat(IdText.canonical(mapped.misfits().getFirst().value()))
                .contains("\"_id\": {\"$numberInt\": \"5\"}", "\"_id\": {\"$numberInt\": \"6\"}");
    }

    @Test
    @DisplayName("of entries with one name the first has the row, and what is there twice in an entry is kept too")
    void entries() {
        String scores =
                "    children: {scores: {from: {entries: scores}, parent: p, columns: {n: integer, o: {type: text, from: x.y}}}}\n";
        Mapped mapped = (Mapped) mapper("n: integer", scores)
                .map(RawBsonDocument.parse("{_id: 'a', scores: {ann: {n: 1, n: 2}, bob: {n: 3}, ann: {n: 4}, ann: 5,"
                        + " bob: {n: 6}, 'c.d': {x: {y: 'a', y: 'b'}}}}"));

        assertThat(mapped.children().getFirst())
                .containsExactly(
                        new Object[] {"a", "ann", 1L, null},
                        new Object[] {"a", "bob", 3L, null},
                        new Object[] {"a", "c.d", null, "a"});
        assertThat(mapped.misfits().stream().map(misfit -> misfit.column() + " " + misfit.path()))
                .containsExactly(
                        "scores scores.ann.n#2",
                        "scores scores.\"c.d\".x.y#2",
                        "scores.key scores.ann#2",
                        "scores.key scores.ann#3",
                        "scores.key scores.bob#2");
        assertThat(mapped.misfits().stream().map(MisfitValue::reason)).containsOnly(NestedMisfits.TWIN);
    }

    @Test
    @DisplayName("an entry whose name is not UTF-8 has no row and is kept, each in a place of its own")
    void entriesWithNamesThatAreNoText() {
        BsonDocument names = new BsonDocument(
                        OddBytes.string("636166e9").getValue(), new BsonDocument("n", new BsonInt32(1)))
                .append(OddBytes.string("636166e8").getValue(), new BsonDocument("n", new BsonInt32(2)))
                .append("caf", new BsonDocument("n", new BsonInt32(3)));
        RawBsonDocument document =
                ExactBson.document(new BsonDocument("_id", new BsonString("a")).append("scores", names));

        Mapped mapped = (Mapped) mapper(
                        "n: integer",
                        "    children: {scores: {from: {entries: scores}, parent: p, columns: {n: integer}}}\n")
                .map(document);

        assertThat(mapped.children().getFirst()).containsExactly(new Object[] {"a", "caf", 3L});
        assertThat(mapped.misfits().stream().map(MisfitValue::path))
                .containsExactly("scores.caf\\udce9", "scores.caf\\udce8");
        assertThat(mapped.misfits().stream().map(MisfitValue::reason))
                .containsOnly("has a name with bytes that are not UTF-8, which is to be the key of its row");
    }

    @Test
    void namesThatLookAlikeAreKeptInPlacesOfTheirOwn() {
        BsonDocument names = new BsonDocument(OddBytes.string("636166e9").getValue(), new BsonInt32(1))
                .append(OddBytes.string("636166e8").getValue(), new BsonInt32(2))
                .append("a#2", OddBytes.string("ff"))
                .append("l[0]", OddBytes.string("fe"))
                .append("l", new BsonArray(List.of(OddBytes.string("fd"))));
        RawBsonDocument document = ExactBson.document(new BsonDocument("_id", new BsonString("a"))
                .append(
                        "o",
                        new TwinDocument(
                                names.append("a", new BsonInt32(3)),
                                List.of(new TwinDocument.Twin("a", 2, names.size(), new BsonInt32(4))))));

        Mapped mapped = (Mapped) mapper("o: jsonb", "").map(document);

        assertThat(mapped.misfits().stream().map(MisfitValue::path))
                .containsExactlyInAnyOrder(
                        "o.caf\\udce9", "o.caf\\udce8", "o.\"a#2\"", "o.a#2", "o.\"l[0]\"", "o.l[0]");
    }

    @Test
    void inTheScopeOfCode() {
        Mapped mapped = mapped("o: jsonb", "{_id: 'a', o: {f: {$code: 'f', $scope: {x: 1, x: 2}}}}");

        assertThat(mapped.row())
                .containsExactly("a", "{\"f\":{\"$code\":\"f\",\"$scope\":{\"x\":{\"$numberLong\":\"1\"}}}}");
        assertThat(mapped.misfits().stream().map(MisfitValue::path)).containsExactly("o.f.$scope.x#2");
    }

    @Test
    void anIdThatIsCodeWithSuchAScopeIsNoKey() {
        DocumentMapper mapper = mapper("n: integer", "");
        RawBsonDocument document = RawBsonDocument.parse("{_id: {$code: 'f', $scope: {a: 1, a: 2}}, n: 1}");

        assertThat(mapper.map(document)).isInstanceOf(MappingResult.Rejected.class);
        assertThat(mapper.key(ExactBson.id(document))).isInstanceOf(KeyResult.NoKey.class);
        assertThat(mapper.raw().map(document, new DroppedRows())).isInstanceOf(MappingResult.Rejected.class);
    }

    @Test
    void whatIsRedactedElsewhereKeepsIt() {
        BsonDocument seen = mapper("n: integer", "    redact: {secret: mask}\n")
                .redacted(RawBsonDocument.parse("{_id: 'a', x: 1, secret: 's', x: 2, n: 3}"));

        assertThat(IdText.canonical(seen))
                .isEqualTo("{\"_id\": \"a\", \"x\": {\"$numberInt\": \"1\"}, \"secret\": \"***\","
                        + " \"x\": {\"$numberInt\": \"2\"}, \"n\": {\"$numberInt\": \"3\"}}");
    }

    @Test
    void whatNothingReadsIsNotKept() {
        assertThat(mapped("n: integer", "{_id: 'a', n: 1, x: 1, x: 2}").misfits())
                .isEmpty();
    }

    @Test
    void anIdWithSuchAFieldIsNoKey() {
        DocumentMapper mapper = mapper("n: integer", "");
        RawBsonDocument document = RawBsonDocument.parse("{_id: {a: 1, a: 2}, n: 1}");

        assertThat(mapper.map(document)).isInstanceOf(MappingResult.Rejected.class);
        assertThat(mapper.key(document.getDocument("_id"))).isInstanceOf(KeyResult.NoKey.class);
        assertThat(mapper.raw().map(document, new DroppedRows())).isInstanceOf(MappingResult.Rejected.class);
    }

    @Test
    void whatIsRedactedIsNotSeenInTheOther() {
        Mapped mapped = (Mapped) mapper("user: jsonb", "    redact: {user.password: mask}\n")
                .map(RawBsonDocument.parse("{_id: 'a', user: {name: 'x'}, user: {password: 'hush'}}"));

        assertThat(mapped.row()).containsExactly("a", "{\"name\":\"x\"}");
        assertThat(mapped.misfits().stream().map(MisfitValue::value)).containsExactly(Value.MASK);
    }

    @Test
    @DisplayName("of a field that is redacted by removal the other value goes too, and does not take its place")
    void whatIsRemovedIsNotTheOther() {
        Mapped mapped = (Mapped) mapper("user: jsonb", "    redact: {user: remove}\n")
                .map(RawBsonDocument.parse("{_id: 'a', user: 'hush', user: 'quiet'}"));

        assertThat(mapped.row()).containsExactly("a", null);
        assertThat(mapped.misfits()).isEmpty();
    }

    @Test
    @DisplayName(
            "of what a merge puts together the first of a name is taken, also where its document has the other first")
    void mergedTwins() {
        Mapped mapped = mapped(
                "m: {type: jsonb, from: {merge: [{constant: {z: 1, y: 2, x: 3}}, o]}}", "{_id: 'a', o: {k: 1, k: 2}}");

        assertThat(mapped.row()).containsExactly("a", "{\"z\":1,\"y\":2,\"x\":3,\"k\":1}");
        assertThat(mapped.misfits()).hasSize(1);
    }

    private static Mapped mapped(String columns, String document) {
        return (Mapped) mapper(columns, "").map(RawBsonDocument.parse(document));
    }

    private static DocumentMapper mapper(String columns, String more) {
        return DocumentMapper.of(MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things:
                    table: things
                    key: {column: id, type: text}
                    columns: {%s}
                """.formatted(columns) + more)
                .collections()
                .getFirst());
    }
}
