package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.IdText;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.MappingReader;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What the golden cases can't show: shapes, mistakes that only the compiled mapping can find, and raw
/// documents.
class DocumentMapperTest {

    @Test
    void literalsThatDoNotFitTheirColumnAreAllReportedWithTheirPlace() {
        assertThatThrownBy(() -> mapper("""
                        age: {type: smallint, missing: 40000}
                        size: {type: integer, "null": many}
                        since: {type: timestamptz, instead: yesterday}
                        tags: {type: "integer[]", missing: [1, two]}
                        note: {type: text, missing: "a\\0b"}
                        fixed: {type: uuid, from: {constant: abc}}
                        first: {type: boolean, from: {first: [x, {constant: 1}]}}
                        flag: {type: boolean, convert: [{sentinel: {when: ["yes"], to: "true"}}]}
                        fine: {type: boolean, convert: [{sentinel: {when: ["yes"], to: "x"}}, truthy]}
                        doc: {type: jsonb, missing: {a: "\\0"}}
                        level: {type: smallint, convert: [{map: {values: {a: 1, b: two}, otherwise: 3}}]}
                        other: {type: smallint, convert: [{map: {values: {a: 1}, otherwise: "3"}}, trim]}
                        read: {type: smallint, convert: [{map: {values: {a: "1"}}}, parse_number]}
                        from: {type: smallint, from: {first_truthy: [{from: x, missing: seven}, {constant: 7}]}}
                        bounded: {type: smallint, from: {constant: 7}, convert: [{number_range: {max: 5}}]}
                        host: {type: inet, missing: localhost}
                        text: {type: smallint, from: {join: [{constant: x}], with: ""}}
                """))
                .isInstanceOfSatisfying(
                        MappingException.class,
                        e -> assertThat(e.problems().stream().map(MappingException.Problem::toString))
                                .containsExactly(
                                        "m.yaml:7: collections.things.columns.age.missing: the value does not fit the"
                                                + " column: is out of the range of smallint",
                                        "m.yaml:8: collections.things.columns.size.null: the value does not fit the"
                                                + " column: is a string, not a number",
                                        "m.yaml:9: collections.things.columns.since.instead: the value does not fit"
                                                + " the column: is a string, not a date (ISO 8601 needs convert:"
                                                + " [parse_timestamp])",
                                        "m.yaml:10: collections.things.columns.tags.missing: the value does not fit"
                                                + " the column: [1] is a string, not a number",
                                        "m.yaml:11: collections.things.columns.note.missing: the value does not fit"
                                                + " the column: holds NUL, which PostgreSQL text can't",
                                        "m.yaml:12: collections.things.columns.fixed.from: the value does not fit the"
                                                + " column: is a string, and no UUID",
                                        "m.yaml:13: collections.things.columns.first.from: the value does not fit the"
                                                + " column: is an int32, not a boolean",
                                        "m.yaml:14: collections.things.columns.flag.convert: the value does not fit"
                                                + " the column: is a string, not a boolean",
                                        "m.yaml:16: collections.things.columns.doc.missing: the value does not fit"
                                                + " the column: .a holds NUL, which PostgreSQL text can't",
                                        "m.yaml:17: collections.things.columns.level.convert: the value does not fit"
                                                + " the column: is a string, not a number",
                                        "m.yaml:18: collections.things.columns.other.convert: the value does not fit"
                                                + " the column: is a string, not a number",
                                        "m.yaml:20: collections.things.columns.from.from: the value does not fit the"
                                                + " column: is a string, not a number",
                                        "m.yaml:21: collections.things.columns.bounded.from: the value does not fit the"
                                                + " column: is greater than 5",
                                        "m.yaml:22: collections.things.columns.host.missing: the value does not fit"
                                                + " the column: is a string, and no address of a host or network"));
    }

    @Test
    void aLiteralOfARuleUnderDefaultsIsReportedWithTheLineOfTheRuleAndTheColumn() {
        assertThatThrownBy(() -> DocumentMapper.of(
                        MappingReader.read("m.yaml", """
                        mapping: m
                        database: d
                        defaults:
                          - {path: size, missing: none}
                          - {type: boolean, convert: [{sentinel: {when: [""], to: 0}}]}
                        collections:
                          things:
                            key: {column: id, type: text}
                            columns:
                              name: text
                              size: bigint
                              flag: boolean
                              done: {type: boolean, missing: 1}
                        """).collections().getFirst()))
                .isInstanceOfSatisfying(
                        MappingException.class,
                        e -> assertThat(e.problems().stream().map(MappingException.Problem::toString))
                                .containsExactly(
                                        "m.yaml:4: collections.things.columns.size, by defaults[0].missing: the value does"
                                                + " not fit the column: is a string, not a number",
                                        "m.yaml:5: collections.things.columns.flag, by defaults[1].convert: the value does"
                                                + " not fit the column: is an int32, not a boolean",
                                        "m.yaml:5: collections.things.columns.done, by defaults[1].convert: the value does"
                                                + " not fit the column: is an int32, not a boolean"));
    }

    @Test
    void shapesNameTheKeyFirstAndAReferenceByTheTypeItIsMatchedWith() {
        DocumentMapper mapper = DocumentMapper.of(
                MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  conversations:
                    key: {column: id, type: uuid}
                    columns:
                      user_id: text
                      agent_id: {type: uuid, reference: {table: agents, match: legacy_id, match_type: text, take: id}}
                      name: text
                    children:
                      messages: {from: queries, parent: conversation_id, ordinal: position, columns: {prompt: text}}
                """).collections().getFirst());
        assertThat(mapper.shape().keyColumns()).isEqualTo(1);
        assertThat(mapper.shape().columns().stream()
                        .map(TableShape.Column::name)
                        .toList())
                .containsExactly("id", "user_id", "agent_id", "name");
        TableShape.Column agent = mapper.shape().columns().get(2);
        assertThat(agent.type()).isEqualTo(new ColumnType.Text());
        assertThat(agent.reference()).isNotNull();

        TableShape messages = mapper.childShapes().getFirst();
        assertThat(messages.keyColumns()).isEqualTo(2);
        assertThat(messages.columns().subList(0, 2))
                .containsExactly(
                        TableShape.Column.plain("conversation_id", new ColumnType.Uuid()),
                        TableShape.Column.plain("position", new ColumnType.Int(4)));
    }

    @Test
    void rawDocumentsBecomeTheSameRows() {
        DocumentMapper mapper = mapper("        age: integer\n        rest: {type: jsonb, from: {rest: true}}\n");
        BsonDocument document = BsonDocument.parse("{\"_id\": 1, \"age\": 7, \"more\": {\"a\": [1, null]}}");
        RawBsonDocument raw = RawBsonDocument.parse(document.toJson());
        assertThat(((MappingResult.Mapped) mapper.map(raw)).row())
                .containsExactly(((MappingResult.Mapped) mapper.map(document)).row())
                .containsExactly("1", 7L, "{\"more\":{\"a\":[1,null]}}");
    }

    @Test
    void aDocumentIsRedactedForWhoeverKeepsItAndCopiedOnlyWhereThereIsSomethingToHide() {
        DocumentMapper mapper = DocumentMapper.of(
                MappingReader.read("m.yaml", """
                mapping: m
                database: m
                collections:
                  things:
                    key: {column: id, type: text}
                    redact: {a.secret: mask, gone: remove}
                    columns: {a: jsonb}
                """).collections().getFirst());
        BsonDocument open = BsonDocument.parse("{_id: 1, a: {open: 1}, b: [{secret: 2}]}");
        assertThat(mapper.redacted(open)).isSameAs(open);
        RawBsonDocument raw = RawBsonDocument.parse(open.toJson());
        assertThat(mapper.redacted(raw)).isSameAs(raw);

        BsonDocument closed = BsonDocument.parse("{_id: 1, gone: 1, a: {open: 1, secret: {deep: 2}}, b: {c: 3}}");
        BsonDocument before = closed.clone();
        BsonDocument redacted = mapper.redacted(closed);
        assertThat(redacted).isEqualTo(BsonDocument.parse("{_id: 1, a: {open: 1, secret: '***'}, b: {c: 3}}"));
        assertThat(closed).isEqualTo(before);
        assertThat(redacted.get("b")).isSameAs(closed.get("b"));
        assertThat(mapper.redacted(RawBsonDocument.parse(closed.toJson()))).isEqualTo(redacted);
        assertThat(((MappingResult.Mapped) mapper.map(closed)).row())
                .containsExactly("1", "{\"open\":1,\"secret\":\"***\"}");
        assertThat(mapper("        a: jsonb\n").redacted(closed)).isSameAs(closed);
    }

    @Test
    void fieldsBeyondTheFirstThousandArePutTogether() {
        DocumentMapper mapper = mapper("        n: integer\n        city: {type: text, from: address.city}\n");
        for (int i = 0; i < 1_000; i++) {
            assertThat(unmapped(mapper, "{_id: 1, address: {f" + i + ": 1}, n: 1}"))
                    .containsExactly("address.f" + i);
        }
        assertThat(unmapped(mapper, "{_id: 1, n: 1, a: 1, b: 2, address: {city: 1, c: 1, f7: 1}}"))
                .containsExactly("(other)", "address.f7");
        assertThat(unmapped(mapper, "{_id: 1, n: 1, address: {city: 1}}")).isSameAs(List.of());
        assertThat(unmapped(mapper("        n: integer\n"), "{_id: 1, " + "x".repeat(201) + ": 1, y: 1}"))
                .containsExactly("(other)", "y");
    }

    private static List<String> unmapped(DocumentMapper mapper, String document) {
        return ((MappingResult.Mapped) mapper.map(BsonDocument.parse(document))).unmapped();
    }

    @Test
    void aDocumentWithoutMisfitsHasNoneAndATableWithoutChildrenNoRowsOfThem() {
        MappingResult result = mapper("        age: integer\n").map(BsonDocument.parse("{\"_id\": 1}"));
        assertThat(result).isInstanceOfSatisfying(MappingResult.Mapped.class, mapped -> {
            assertThat(mapped.misfits()).isEmpty();
            assertThat(mapped.children()).isEqualTo(List.of());
            assertThat(mapped.key()).isEqualTo("1");
        });
    }

    @Test
    @DisplayName("of a document that is mapped without its rows the key is there, and the misfits all the same")
    void withoutRows() {
        RawBsonDocument document = RawBsonDocument.parse(
                "{_id: 1, age: 'old', text: '" + "x".repeat(300_000) + "', deep: [{a: 1, a: 2}]}");

        MappingResult result = mapper("        age: integer\n        text: text\n        deep: jsonb\n")
                .mapWithoutRows(document);

        assertThat(result).isInstanceOfSatisfying(MappingResult.Mapped.class, mapped -> {
            assertThat(mapped.row()).containsExactly("1");
            assertThat(mapped.misfits().stream().map(MappingResult.MisfitValue::path))
                    .containsExactly("age", "deep[0].a#2");
        });
    }

    @Test
    @DisplayName("a misfit that a source has made can be kept, though it has microseconds")
    void misfitsWithMicroseconds() {
        MappingResult result = mapper("""
                        flag:
                          type: boolean
                          from: {build: {at: {from: at, convert: [parse_timestamp]}}, required: at}
                        """).map(BsonDocument.parse("{_id: 1, at: '2024-05-01T10:20:30.123456Z'}"));

        assertThat(((MappingResult.Mapped) result).misfits())
                .extracting(misfit -> IdText.canonical(misfit.value()))
                .containsExactly("{\"at\": {\"$date\": {\"$numberLong\": \"1714558830123\"}}}");
    }

    @Test
    @DisplayName("an array that is read by index is named as unmapped where not all of it is read, and so is the rest")
    void arraysReadByIndex() {
        String columns = "        x: {type: integer, from: points.0.x}\n        y: {type: integer, from: points.1.x}\n";

        assertThat(unmapped(mapper(columns), "{_id: 1, points: [{x: 1}, {x: 2}]}"))
                .isEmpty();
        assertThat(unmapped(mapper(columns), "{_id: 1, points: [{x: 1}, {x: 2}, {x: 3}]}"))
                .containsExactly("points");
        assertThat(unmapped(mapper(columns), "{_id: 1, points: [{x: 1, z: 1}, {x: 2}]}"))
                .containsExactly("points");
        assertThat(((MappingResult.Mapped) mapper(columns + "        rest: {type: jsonb, from: {rest: true}}\n")
                                .map(BsonDocument.parse("{_id: 1, points: [{x: 1}, {x: 2, z: 3}], a: {b: {}}}")))
                        .row())
                .containsExactly("1", 1L, 2L, "{\"points\":[{\"x\":1},{\"x\":2,\"z\":3}],\"a\":{\"b\":{}}}");
    }

    private static DocumentMapper mapper(String columns) {
        String yaml = """
                mapping: m
                database: m
                collections:
                  things:
                    key: {column: id, type: text}
                    columns:
                """ + columns.stripIndent().indent(6);
        return DocumentMapper.of(
                MappingReader.read("m.yaml", yaml).collections().getFirst());
    }
}
