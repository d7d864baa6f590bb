package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which fields the rows of a collection depend on.
class ReadsTest {
    private static Reads of(String collection) {
        String yaml = """
                mapping: test
                database: test
                collections:
                  things:
                    table: things
                    key: {column: id, type: text}
                """ + collection.indent(4);
        return Reads.of(MappingReader.read("test.yaml", yaml).collections().getFirst());
    }

    private static Reads ofColumns(String columns) {
        return of("columns: {" + columns + "}");
    }

    @Test
    @DisplayName("a field is touched by its own name, by what is inside it, and by what it lies in")
    void nested() {
        Reads reads =
                ofColumns("name: text, city: {type: text, from: address.city}, all: {type: jsonb, from: settings}");

        assertThat(reads.everything()).isFalse();
        assertThat(reads.touchedBy("name")).isTrue();
        assertThat(reads.touchedBy("address")).isTrue();
        assertThat(reads.touchedBy("address.city")).isTrue();
        assertThat(reads.touchedBy("address.city.part")).isTrue();
        assertThat(reads.touchedBy("settings.colour.dark")).isTrue();
        assertThat(reads.touchedBy("address.zip")).isFalse();
        assertThat(reads.touchedBy("address.cityCode")).isFalse();
        assertThat(reads.touchedBy("names")).isFalse();
        assertThat(reads.touchedBy("nam")).isFalse();
        assertThat(reads.touchedBy("other.name")).isFalse();
        assertThat(reads.touchedBy("")).isFalse();
    }

    @Test
    @DisplayName("a name that has dots in it is touched however the dots are meant")
    void dots() {
        Reads reads = ofColumns("a: {type: text, from: '\"geo.lat\"'}, b: {type: text, from: 'place.\"geo.lon\".x'}");

        assertThat(reads.touchedBy("geo.lat")).isTrue();
        assertThat(reads.touchedBy("geo")).isTrue();
        assertThat(reads.touchedBy("place.geo.lon")).isTrue();
        assertThat(reads.touchedBy("place.geo.lon.x.y")).isTrue();
        assertThat(reads.touchedBy("place.geo")).isTrue();
        assertThat(reads.touchedBy("geo.lon")).isFalse();
    }

    @Test
    @DisplayName("of an array that is read by index every element counts, however its index is written")
    void indexes() {
        Reads reads = ofColumns("x: {type: text, from: points.00.x}, y: {type: text, from: '7.y'}");

        assertThat(reads.touchedBy("points")).isTrue();
        assertThat(reads.touchedBy("points.0.x")).isTrue();
        assertThat(reads.touchedBy("points.1")).isTrue();
        assertThat(reads.touchedBy("7.y")).isTrue();
        assertThat(reads.touchedBy("7.z")).isFalse();
        assertThat(reads.touchedBy("8")).isFalse();
    }

    @Test
    @DisplayName("an array of a child table is read whole, and what its columns read in the document besides")
    void children() {
        Reads reads = of("""
                columns: {n: integer}
                children:
                  lines:
                    from: order.lines
                    parent: thing_id
                    columns: {sku: text, at: {type: text, from: {parent: created.at}}, rest: {type: jsonb, from: {rest: true}}}
                """);

        assertThat(reads.everything()).as("the rest of an element").isFalse();
        assertThat(reads.touchedBy("order.lines.3.note")).isTrue();
        assertThat(reads.touchedBy("order")).isTrue();
        assertThat(reads.touchedBy("created.at")).isTrue();
        assertThat(reads.touchedBy("sku")).as("of the document").isFalse();
        assertThat(reads.touchedBy("order.note")).isFalse();
    }

    @Test
    @DisplayName("rules and what a conversion compares with are read, too")
    void rulesAndComparisons() {
        Reads reads = of("""
                columns:
                  tags: {type: "text[]", convert: [{without: {from: owner.tag, convert: [{without: {from: hidden}}]}}]}
                  body: {type: jsonb, convert: [{at: {path: x, convert: [{without: {from: deep}}]}}]}
                  names: {type: text, from: {join: [first, {first: [last, {from: nick, convert: [trim]}]}], with: " "}}
                skip:
                  - {from: deleted, reason: deleted}
                """);

        assertThat(reads.touchedBy("owner.tag")).isTrue();
        assertThat(reads.touchedBy("hidden")).isTrue();
        assertThat(reads.touchedBy("deep")).isTrue();
        assertThat(reads.touchedBy("nick")).isTrue();
        assertThat(reads.touchedBy("deleted")).isTrue();
        assertThat(reads.touchedBy("owner.name")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{rest: true}",
                "{document: true}",
                "{merge: [defaults, {rest: true}]}",
                "{build: {a: {document: true}}, required: a}",
                "{from: {rest: true}, convert: [only_object]}"
            })
    @DisplayName("a column of the rest or of the document reads everything, whatever it is part of")
    void everything(String source) {
        Reads reads = ofColumns("n: integer, all: {type: jsonb, from: " + source + "}");

        assertThat(reads.everything()).isTrue();
        assertThat(reads.touchedBy("anything.else")).isTrue();
    }

    @Test
    @DisplayName("a child table with the whole document reads everything")
    void documentInAChild() {
        assertThat(of("""
                columns: {n: integer}
                children:
                  lines: {from: lines, parent: thing_id, columns: {all: {type: jsonb, from: {document: true}}}}
                """).everything()).isTrue();
    }

    @Test
    @DisplayName("of what is not read, the outermost field is named")
    void unread() {
        Reads reads = ofColumns("city: {type: text, from: address.geo.city}");

        assertThat(reads.unread("visits.2026.page")).isEqualTo("visits");
        assertThat(reads.unread("address.zip")).isEqualTo("address.zip");
        assertThat(reads.unread("address.geo.lat.x")).isEqualTo("address.geo.lat");
        assertThat(reads.unread("plain")).isEqualTo("plain");
    }
}
