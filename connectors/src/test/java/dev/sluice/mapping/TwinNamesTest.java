package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.MappingResult.Mapped;
import dev.sluice.mapping.MappingResult.MisfitValue;
import dev.sluice.schema.MappingReader;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.Test;

/// Documents in which a name is there twice: the row has the first, as MongoDB's queries do.
class TwinNamesTest {
    @Test
    void theFirstHasTheColumnAndTheOthersAreKept() {
        Mapped mapped = mapped("n: integer", "{_id: 'a', n: 1, n: 2, n: 'three'}");

        assertThat(mapped.row()).containsExactly("a", 1L);
        assertThat(mapped.misfits())
                .containsExactly(
                        new MisfitValue("things", "n#2", new BsonInt32(2), TwinDocument.REASON),
                        new MisfitValue("things", "n#3", new BsonString("three"), TwinDocument.REASON));
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
        assertThat(mapper.raw().map(document, new MeasuredRows())).isFalse();
    }

    @Test
    void whatIsRedactedIsNotSeenInTheOther() {
        Mapped mapped = (Mapped) mapper("user: jsonb", "    redact: {user.password: mask}\n")
                .map(RawBsonDocument.parse("{_id: 'a', user: {name: 'x'}, user: {password: 'hush'}}"));

        assertThat(mapped.row()).containsExactly("a", "{\"name\":\"x\"}");
        assertThat(mapped.misfits().stream().map(MisfitValue::value)).containsExactly(Redactor.MASK);
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
