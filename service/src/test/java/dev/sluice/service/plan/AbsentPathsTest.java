package dev.sluice.service.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.MappingReader;
import java.util.List;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A path that a mapping reads and no document has")
class AbsentPathsTest {
    private static List<String> absent(String collection, String... documents) {
        AbsentPaths paths = new AbsentPaths(MappingReader.read("m.yaml", """
                        mapping: m
                        database: d
                        collections:
                          things:
                            key: {column: id, type: text}
                        """ + collection.indent(4))
                .collections()
                .getFirst());
        for (String document : documents) {
            paths.look(RawBsonDocument.parse(document));
        }
        return paths.found().stream().map(Forecast.Absent::forPeople).toList();
    }

    @Test
    @DisplayName("is one of none of them: a single document that has it, also with null, is enough")
    void none() {
        String columns = "columns: {a: text, b: text, c: {type: text, from: d.e}}";
        assertThat(absent(columns, "{_id: 1, a: 1}", "{_id: 2, b: null}", "{_id: 3, d: {e: []}}"))
                .isEmpty();
        assertThat(absent(columns, "{_id: 1, a: 1}", "{_id: 2, d: 3}"))
                .containsExactly("b (things.b)", "d.e (things.c)");
    }

    @Test
    @DisplayName("is not spoken of where there is no document")
    void empty() {
        assertThat(absent("columns: {a: text}")).isEmpty();
    }

    @Test
    @DisplayName("is named with one that is nearly written like it, or has its last name elsewhere")
    void nearest() {
        assertThat(absent(
                        "columns: {a: {type: text, from: userId}, b: {type: text, from: address.city},"
                                + " c: {type: text, from: unlike}, d: {type: text, from: \"'x.y'.z\"}}",
                        "{_id: 1, user_id: 1, shipping: {address: {city: 1, zip: 2}}, other: 3}"))
                .containsExactly(
                        "userId (things.a; did you mean user_id?)",
                        "address.city (things.b; did you mean shipping.address.city?)",
                        "unlike (things.c)",
                        "'x.y'.z (things.d)");
    }

    @Test
    @DisplayName("is not taken for one that the mapping reads already")
    void readAlready() {
        assertThat(absent(
                        "columns: {a: {type: text, from: biling.city}, b: {type: text, from: shipping.city}}",
                        "{_id: 1, billing: {city: 1}, shipping: {city: 1}}"))
                .containsExactly("biling.city (things.a; did you mean billing.city?)");
        assertThat(absent("columns: {state: text, states: text}", "{_id: 1, state: 1}"))
                .containsExactly("states (things.states)");
    }

    @Test
    @DisplayName("of a first is absent where all of them are; a part of an object or a text by itself")
    void several() {
        assertThat(absent(
                        "columns: {a: {type: text, from: {first: [x, y]}}, b: {type: text, from: {first: [p, q]}},"
                                + " c: {type: text, from: {first: [p, {id_time: true}]}},"
                                + " e: {type: jsonb, from: {build: {f: x, g: q}, required: f}}}",
                        "{_id: 1, y: 1, x: 1}"))
                .containsExactly("p, q (things.b)", "q (things.e)");
    }

    @Test
    @DisplayName("in the elements of an array is looked for in all of them, and not where there is none")
    void elements() {
        String children = "children: {parts: {from: body.parts, parent: o, columns: {sku: text, size: text,"
                + " of: {type: text, from: {parent: ownr}}}}}";
        assertThat(absent(children, "{_id: 1, owner: 1, body: {parts: [{sku: 1}, {sizes: 2}]}}"))
                .containsExactly(
                        "body.parts[].size (parts.size; did you mean body.parts[].sizes?)",
                        "ownr (parts.of; did you mean owner?)");
        assertThat(absent(children, "{_id: 1, ownr: 1, body: {parts: []}}")).isEmpty();
        assertThat(absent(children, "{_id: 1, ownr: 1, body: {part: []}}"))
                .containsExactly("body.parts (parts; did you mean body.part?)");
    }

    @Test
    @DisplayName("may go on by index into an array")
    void index() {
        assertThat(absent("columns: {a: {type: text, from: points.1.x}}", "{_id: 1, points: [1, {x: 2}]}"))
                .isEmpty();
        assertThat(absent("columns: {a: {type: text, from: points.2.x}}", "{_id: 1, points: [1, {x: 2}]}"))
                .containsExactly("points.2.x (things.a)");
    }
}
