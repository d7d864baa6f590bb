package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.MappingReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Holds the conversions against `golden/conversions.txt`. That file is written by hand: when a test here
/// fails, it is the code that has to explain itself.
class ConversionsTest {
    private static final BsonDocument DOCUMENT = BsonDocument.parse("{other: 'x', ref: '65f0c0ffee65f0c0ffee65f0'}");

    /// @param column with the conversions
    private record Case(int line, ColumnMapping column, String from, String to) {}

    private final List<Case> cases = new ArrayList<>();

    ConversionsTest() {
        List<String> lines = GoldenFiles.read("conversions.txt").lines().toList();
        ColumnMapping column = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (!line.startsWith(" ")) {
                column = column(line);
                continue;
            }
            int arrow = line.lastIndexOf(" -> ");
            assertThat(arrow).as("an arrow in line " + (i + 1)).isPositive();
            cases.add(new Case(
                    i + 1,
                    Objects.requireNonNull(column),
                    line.substring(0, arrow).strip(),
                    line.substring(arrow + 4).strip()));
        }
    }

    private static ColumnMapping column(String line) {
        int list = line.startsWith("[") ? 0 : line.indexOf(" [") + 1;
        String type = list == 0 ? "jsonb" : line.substring(0, list).strip();
        String yaml = "mapping: m\ndatabase: d\ncollections: {a: {key: {column: id, type: text}, columns: {v: {type: \""
                + type + "\", convert: " + line.substring(list) + "}}}}";
        return MappingReader.read("conversions.txt", yaml)
                .collections()
                .getFirst()
                .columns()
                .getFirst();
    }

    @TestFactory
    Stream<DynamicTest> eachValueBecomesWhatIsWritten() {
        return cases.stream()
                .map(golden -> DynamicTest.dynamicTest("conversions.txt:" + golden.line(), () -> {
                    SourceReader.Reads reads = SourceReader.Reads.ofDocument(FieldTrie.of(List.of()));
                    ConversionChain chain = chain(golden.column(), reads);
                    BsonDocument document = DOCUMENT.clone();
                    Scope scope = Scope.of(document, reads);
                    BsonValue original = value(golden.from());
                    BsonValue converted = chain.apply(original, scope);

                    String refusal = scope.findings().takeRefusal();
                    String loss = scope.findings().takeLoss();
                    String told = refusal != null ? " !! " + refusal : loss != null ? " ! " + loss : "";
                    String[] expected = golden.to().split(" (?=!!? )", 2);
                    assertThat(text(converted) + told)
                            .isEqualTo(expectedText(expected[0]) + (expected.length == 1 ? "" : " " + expected[1]));
                    assertThat(original).as("the value itself stays as it was").isEqualTo(value(golden.from()));
                    assertThat(document).isEqualTo(DOCUMENT);
                }));
    }

    @Test
    void everyConversionIsInTheFile() {
        Set<Class<?>> written = new HashSet<>();
        cases.forEach(golden -> golden.column().conversions().forEach(c -> written.add(c.getClass())));
        assertThat(written).containsExactlyInAnyOrder(Conversion.class.getPermittedSubclasses());
    }

    /// Every conversion of the file.
    static List<Conversion> conversions() {
        return new ConversionsTest()
                .cases.stream()
                        .flatMap(golden -> golden.column().conversions().stream())
                        .distinct()
                        .toList();
    }

    private static ConversionChain chain(ColumnMapping column, SourceReader.Reads reads) {
        return ConversionChain.of(column.conversions(), column.type(), reads);
    }

    private static @Nullable BsonValue value(String json) {
        return json.equals("-")
                ? null
                : BsonDocument.parse("{\"v\": " + json + "}").get("v");
    }

    private static String expectedText(String written) {
        return written.matches("[+-]?\\d{4,}-.*Z") ? written : text(value(written));
    }

    private static String text(@Nullable BsonValue value) {
        if (value instanceof BsonDateTime date) {
            return PreciseDateTime.text(date);
        }
        return value == null ? "-" : RowText.extendedJson(value);
    }
}
