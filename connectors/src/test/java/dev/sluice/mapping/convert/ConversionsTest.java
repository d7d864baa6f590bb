package dev.sluice.mapping.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.RowText;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Conversion;
import java.util.HashSet;
import java.util.List;
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

    @TestFactory
    Stream<DynamicTest> eachValueBecomesWhatIsWritten() {
        return GoldenConversions.cases().stream()
                .map(golden -> DynamicTest.dynamicTest("conversions.txt:" + golden.line(), () -> {
                    ReadFields reads = ReadFields.ofDocument(FieldTrie.of(List.of()));
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
        GoldenConversions.conversions().forEach(c -> written.add(c.getClass()));
        assertThat(written).containsExactlyInAnyOrder(Conversion.class.getPermittedSubclasses());
    }

    private static ConversionChain chain(ColumnMapping column, ReadFields reads) {
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
