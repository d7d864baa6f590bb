package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.MappingDiff.Change.Effect;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A mapping that changed")
class MappingDiffTest {
    private static final String THINGS = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: text}
                columns:
                  name: text
                  size: {type: bigint, from: dimensions.size}
                  at: {type: timestamptz, convert: [parse_timestamp]}
                children:
                  thing_parts:
                    from: parts
                    parent: thing_id
                    ordinal: n
                    columns:
                      label: text
            """;

    private static MappingDiff diff(String before, String now) {
        return MappingDiff.of(MappingReader.read("before.yaml", before), MappingReader.read("now.yaml", now));
    }

    private static String with(String from, String to) {
        assertThat(THINGS).contains(from);
        return THINGS.replace(from, to);
    }

    private static List<String> changes(String now) {
        return diff(THINGS, now).collections().stream()
                .flatMap(collection -> collection.changes().stream())
                .map(change -> change + " " + change.effect())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"# a comment\n", "", "\n\n"})
    @DisplayName("in its comments, its lines or the order of its columns has not changed")
    void onlyInWords(String before) {
        assertThat(diff(THINGS, before + THINGS).collections()).isEmpty();
        assertThat(changes(with(
                        "      name: text\n      size: {type: bigint, from: dimensions.size}",
                        "      size: {from: dimensions.size, type: bigint}\n      name: {type: text, from: name}")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            name: text | name: text, nick: text | things.nick: new FILL
            size: {type: bigint, | size: {type: integer, | things.size: bigint becomes integer FILL
            from: dimensions.size} | from: size} | things.size: has its values from elsewhere, or by other rules FILL
            convert: [parse_timestamp] | convert: [{parse_epoch: seconds}] | things.at: has its values from elsewhere, or by other rules FILL
            label: text | label: text, weight: bigint | thing_parts.weight: new FILL
            from: parts | from: pieces | thing_parts: another array, or another key FILL_AND_PRUNE
            ordinal: n | ordinal: number | thing_parts: another array, or another key FILL_AND_PRUNE
            ordinal: n | key: {column: n, type: bigint} | thing_parts: another array, or another key FILL_AND_PRUNE
            type: text} | type: text, form: typed} | key: changed FILL_AND_PRUNE
            """)
    @DisplayName("says what the rows that are there need")
    void effects(String from, String to, String expected) {
        String now = to.contains(", nick") || to.contains(", weight")
                ? with(
                        from,
                        from + "\n" + (to.contains("weight") ? "          " : "      ")
                                + to.substring(from.length() + 2))
                : with(from, to);

        assertThat(changes(now)).containsExactly(expected);
    }

    @Test
    @DisplayName("by the key of a child table needs its rows anew, those of entries too")
    void childKeys() {
        String entries = THINGS.replace("from: parts", "from: {entries: parts}")
                .replace("ordinal: n", "key: {column: n, type: text}");
        String limited = entries.replace("column: n, type: text", "column: n, type: varchar(9)");

        assertThat(changes(entries))
                .containsExactly("thing_parts: entries of another object, or another key FILL_AND_PRUNE");
        assertThat(diff(entries, limited).collections().getFirst().changes())
                .extracting(Object::toString)
                .containsExactly("thing_parts: entries of another object, or another key");
        assertThat(diff(entries, THINGS).collections().getFirst().changes())
                .extracting(Object::toString)
                .containsExactly("thing_parts: another array, or another key");
        assertThat(diff(entries, "# the same\n" + entries).collections()).isEmpty();
    }

    @Test
    @DisplayName("by fewer columns leaves their values, and rows of a child table that it no longer has")
    void fewer() {
        assertThat(changes(with("      name: text\n", "")))
                .containsExactly("things.name: no longer written; its values stay NONE");
        assertThat(changes(THINGS.substring(0, THINGS.indexOf("    children:"))))
                .containsExactly("thing_parts: no longer written; its rows stay NONE");
    }

    @Test
    @DisplayName("by a column leaves other fields for the column of the rest")
    void rest() {
        String rest = "      name: text\n      others: {type: jsonb, from: {rest: true}}\n";
        String before = with("      name: text\n", rest);

        assertThat(diff(before, before.replace("      name: text\n", ""))
                        .collections()
                        .getFirst()
                        .changes())
                .extracting(Object::toString)
                .containsExactly(
                        "things.name: no longer written; its values stay",
                        "things.others: other fields are left for it");
        assertThat(diff(before, before.replace("      name: text\n", "")).filled())
                .hasSize(1);
    }

    @Test
    @DisplayName("needs of the rows of a collection what its greatest change does; others are not touched")
    void greatest() {
        MappingDiff diff = diff(
                THINGS,
                with("label: text", "label: varchar(10)").replace("table: things", "table: things\n    on_drop: keep"));

        assertThat(diff.collections()).hasSize(1);
        assertThat(diff.collections().getFirst().effect()).isEqualTo(Effect.FILL);
        assertThat(diff(THINGS, with("    table: things", "    table: things\n    on_drop: keep"))
                        .filled())
                .isEmpty();
    }

    @Test
    @DisplayName("by a collection is none of these: it is copied, or its rows stay")
    void collections() {
        String more = THINGS + "  others:\n    table: others\n    key: {column: id, type: text}\n";

        assertThat(diff(THINGS, more).collections()).isEmpty();
        assertThat(diff(more, THINGS).collections()).isEmpty();
    }
}
