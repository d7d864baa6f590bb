package dev.sluice.mapping.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.mapping.value.RandomBson;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextFormTest {
    @ParameterizedTest(name = "\"{0}\" is {1}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "2024-05-01T10:20:30Z; TIMESTAMP",
                "2024-05-01 10:20:30.123456+02:00; TIMESTAMP",
                "2024-05-01T10:20:30.1234567Z; FINE_TIMESTAMP",
                "2024-05-01T10:20:30.1234567; FINE_TIMESTAMP",
                "2024-05-01T10:20:30; LOCAL_TIMESTAMP",
                "2024-05-01 10:20; LOCAL_TIMESTAMP",
                "2024-05-01; DATE",
                "2024-02-30; ``",
                "-4800-01-01T00:00:00Z; ``",
                "42; WHOLE_NUMBER NUMBER",
                "-7; WHOLE_NUMBER NUMBER",
                "0; WHOLE_NUMBER NUMBER",
                "-0; NUMBER",
                "007; PADDED_NUMBER",
                "-007.5; PADDED_NUMBER",
                "+42; PADDED_NUMBER",
                "0.50; NUMBER",
                "1e5; NUMBER",
                "1.2.3; ``",
                "9223372036854775808; NUMBER LONG_NUMBER",
                "9007199254740993; WHOLE_NUMBER NUMBER LONG_NUMBER",
                "0.12345678901234567890; NUMBER LONG_NUMBER",
                "False; BOOLEAN",
                "yes; BOOLEAN",
                "falsehood; ``",
                "NaN; ``",
                "00112233-4455-6677-8899-aabbccddeeff; UUID",
                "65f0c0ffee65f0c0ffee65f0; OBJECT_ID",
                "{\"a\": [1, {}]}; JSON",
                " [] ; JSON",
                "{} {}; ``",
                "{\"a\": NaN}; ``",
                "[1,; ``",
                "\"text\"; ``",
                "``; ``",
            })
    void aTextHasTheseForms(String text, String expected) {
        assertThat(Arrays.stream(TextForm.values())
                        .filter(form -> form.fits(text))
                        .map(TextForm::name)
                        .collect(Collectors.joining(" ")))
                .isEqualTo(expected);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.oneOf(
                RandomBson.strings(),
                Arbitraries.strings().withChars("0123456789-+.:TZ eE,").ofMaxLength(30),
                RandomBson.dates().map(PreciseDateTime::text),
                RandomBson.decimals().map(Object::toString));
    }

    /// What a form promises, the conversion keeps: a text of it fits the column it is proposed for.
    @Property(tries = 3_000)
    void aTextOfAFormFitsItsColumn(@ForAll("texts") String text) {
        holds(TextForm.TIMESTAMP, text, new Conversion.ParseTimestamp(ZoneOffset.UTC), new ColumnType.Timestamptz());
        holds(
                TextForm.LOCAL_TIMESTAMP,
                text,
                new Conversion.ParseTimestamp(ZoneOffset.ofHours(3)),
                new ColumnType.Timestamptz());
        holds(TextForm.DATE, text, new Conversion.ParseTimestamp(ZoneOffset.UTC), new ColumnType.Date());
        holds(TextForm.WHOLE_NUMBER, text, new Conversion.ParseNumber(), new ColumnType.Int(8));
        holds(TextForm.NUMBER, text, new Conversion.ParseNumber(), ColumnType.Numeric.UNCONSTRAINED);
    }

    private static void holds(TextForm form, String text, Conversion conversion, ColumnType type) {
        if (form.fits(text)) {
            ReadFields nothing = ReadFields.ofDocument(FieldTrie.of(List.of()));
            BsonValue converted = ConversionChain.of(List.of(conversion), type, nothing)
                    .apply(new BsonString(text), Scope.nowhere(nothing));
            assertThat(converted).isNotNull().matches(value -> ExactFit.of(value, type));
        }
    }
}
