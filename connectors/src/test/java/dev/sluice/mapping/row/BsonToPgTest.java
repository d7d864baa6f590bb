package dev.sluice.mapping.row;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.GoldenFiles;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Holds every decided outcome of every BSON type in every column type against `golden/bson-to-pg.txt`.
/// That file is written by hand: when a test here fails, it is the code that has to explain itself.
class BsonToPgTest {
    private final Map<String, BsonValue> values = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> outcomes = new LinkedHashMap<>();

    BsonToPgTest() {
        Map<String, String> section = new LinkedHashMap<>();
        for (String line : GoldenFiles.read("bson-to-pg.txt").lines().toList()) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (!line.startsWith(" ")) {
                section = new LinkedHashMap<>();
                outcomes.put(line.strip(), section);
                continue;
            }
            String[] nameAndRest = line.strip().split(" +", 2);
            assertThat(section).as("twice: " + line).doesNotContainKey(nameAndRest[0]);
            section.put(nameAndRest[0], nameAndRest[1]);
        }
        Map<String, String> written = outcomes.remove("values");
        assertThat(written).isNotNull();
        written.forEach((name, json) ->
                values.put(name, BsonDocument.parse("{\"v\": " + json + "}").get("v")));
    }

    @TestFactory
    Stream<DynamicTest> eachValueHasItsDecidedOutcomeInEachColumnType() {
        return outcomes.entrySet().stream()
                .flatMap(section -> values.entrySet().stream()
                        .map(value -> DynamicTest.dynamicTest(value.getKey() + " into " + section.getKey(), () -> {
                            String expected = section.getValue().get(value.getKey());
                            String actual = outcome(value.getValue(), ColumnType.named(section.getKey()));
                            if (expected == null) {
                                assertThat(section.getValue())
                                        .as("no line for " + value.getKey())
                                        .containsKey("*");
                                assertThat(actual).startsWith("MISFIT");
                            } else {
                                assertThat(actual).isEqualTo(expected);
                            }
                        })));
    }

    @Test
    void theTableNamesEveryBsonTypeAndEveryColumnType() {
        Set<BsonType> types = EnumSet.of(BsonType.END_OF_DOCUMENT);
        values.values().forEach(v -> types.add(v.getBsonType()));
        assertThat(types).containsExactlyInAnyOrder(BsonType.values());

        Set<Class<?>> columnTypes = new HashSet<>();
        outcomes.keySet().forEach(name -> columnTypes.add(ColumnType.named(name).getClass()));
        assertThat(columnTypes)
                .containsExactlyInAnyOrderElementsOf(Stream.of(ColumnType.class, ColumnType.Key.class)
                        .<Class<?>>mapMulti((all, each) ->
                                List.of(all.getPermittedSubclasses()).forEach(each))
                        .filter(Class::isRecord)
                        .toList());
    }

    @Test
    void everyLineOfTheTableIsAboutAValueThatIsListed() {
        outcomes.forEach((type, lines) -> assertThat(values.keySet())
                .as(type)
                .containsAll(lines.keySet().stream()
                        .filter(name -> !name.equals("*"))
                        .toList()));
    }

    @Test
    void deepNestingLandsAndOnlyTheAbsurdIsRefused() {
        assertThat(outcome(nested(100), new ColumnType.Jsonb())).startsWith("{\"a\":{\"a\"");
        assertThat(outcome(nested(1_000), new ColumnType.Jsonb())).startsWith("{\"a\":{\"a\"");
        assertThat(outcome(nested(1_001), new ColumnType.Jsonb()))
                .isEqualTo("MISFIT is nested deeper than 1000 levels");
        assertThat(outcome(nested(100_000), new ColumnType.Jsonb())).startsWith("MISFIT");
    }

    private static BsonDocument nested(int levels) {
        BsonDocument outer = new BsonDocument();
        BsonDocument inner = outer;
        for (int i = 1; i < levels; i++) {
            BsonDocument next = new BsonDocument();
            inner.put("a", next);
            inner = next;
        }
        return outer;
    }

    @Test
    void badCharactersDeepInsideAJsonbAreReplacedAndReportedWithTheirPlace() {
        BsonDocument document = BsonDocument.parse("{\"a\": [1, {\"x.y\": \"p\\u0000q\", \"ok\": \"\\ud83d\\ude00\"}],"
                + " \"k\\u0000\": 7, \"c\": {\"$code\": \"f\\u0000\", \"$scope\": {\"s\": \"\\u0000\"}}}");
        assertThat(outcome(document, new ColumnType.Jsonb()))
                .isEqualTo("{\"a\":[1,{\"x.y\":\"p\uFFFDq\",\"ok\":\"\uD83D\uDE00\"}],\"k\uFFFD\":7,"
                        + "\"c\":{\"$code\":\"f\uFFFD\",\"$scope\":{\"s\":\"\uFFFD\"}}}"
                        + " & .a[1].\"x.y\": holds NUL, which PostgreSQL text can't"
                        + " & .k\\u0000: the name of the field holds NUL, which PostgreSQL text can't"
                        + " & .c: holds NUL, which PostgreSQL text can't"
                        + " & .c.$scope.s: holds NUL, which PostgreSQL text can't");
    }

    /// As the golden file writes it: the value, or MISFIT and the reason, and after `&` the parts that do
    /// not fit.
    private static String outcome(BsonValue value, ColumnType type) {
        List<String> parts = new ArrayList<>();
        Outcome outcome = BsonToPg.to(type).convert(value, (path, part, reason) -> parts.add(path + ": " + reason));
        String text = switch (outcome) {
            case Outcome.Fits(var fitting) -> RowText.of(fitting, type);
            case Outcome.Misfit(String reason) -> "MISFIT " + reason;
        };
        parts.addFirst(text);
        return String.join(" & ", parts);
    }
}
