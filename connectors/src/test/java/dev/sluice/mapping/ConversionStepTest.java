package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each conversion, with what it leaves alone beside what it changes. `-` stands for a missing value.
class ConversionStepTest {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "  a b\\t" | "a b"
            " "     | ""
            "a"     | "a"
            [" a "] | [" a "]
            7       | 7
            null    | null
            -       | -
            """)
    void trim(String from, String to) {
        check(new Conversion.Trim(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "ÄbC"   | "äbc"
            "I"     | "i"
            "a"     | "a"
            ["A"]   | ["A"]
            -       | -
            """)
    void lower(String from, String to) {
        check(new Conversion.Lower(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ""      | null
            " "     | " "
            []      | []
            0       | 0
            null    | null
            -       | -
            """)
    void emptyToNull(String from, String to) {
        check(new Conversion.EmptyToNull(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            false                        | null
            0                            | null
            -0.0                         | null
            {"$numberLong": "0"}         | null
            {"$numberDecimal": "-0E+3"}  | null
            ""                           | null
            []                           | null
            {}                           | null
            null                         | null
            {"$undefined": true}         | null
            -                            | -
            "false"                      | "false"
            "0"                          | "0"
            {"$numberDouble": "NaN"}     | {"$numberDouble": "NaN"}
            [null]                       | [null]
            true                         | true
            """)
    void falsyToNull(String from, String to) {
        check(new Conversion.FalsyToNull(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            false   | false
            0       | false
            ""      | false
            []      | false
            "false" | true
            1       | true
            {"a":1} | true
            null    | null
            -       | -
            """)
    void truthy(String from, String to) {
        check(new Conversion.Truthy(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "none"                  | "to"
            "None"                  | "None"
            0                       | "to"
            0.0                     | "to"
            {"$numberDecimal": "0"} | "to"
            "0"                     | "0"
            []                      | "to"
            null                    | "to"
            {"$undefined": true}    | "to"
            -                       | "to"
            """)
    void sentinel(String from, String to) {
        List<JsonNode> when = List.of(JSON.textNode("none"), JSON.numberNode(0), JSON.arrayNode(), JSON.nullNode());
        check(new Conversion.Sentinel(when, JSON.textNode("to")), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            null | null
            -    | -
            "x"  | "to"
            """)
    void aSentinelThatDoesNotNameNullLeavesItAlone(String from, String to) {
        check(new Conversion.Sentinel(List.of(JSON.textNode("x")), JSON.textNode("to")), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            [1]     | [1]     | -
            {"a":1} | -       | {"a":1}
            "a"     | -       | -
            null    | null    | null
            -       | -       | -
            """)
    void only(String from, String array, String object) {
        check(new Conversion.Only(Conversion.Shape.ARRAY), from, array);
        check(new Conversion.Only(Conversion.Shape.OBJECT), from, object);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"$oid": "65f0c0ffee65f0c0ffee65f0"}     | {"$uuid": "d30d9a21-ce98-5bdd-80b1-3676b35ebf74"}
            "65F0C0FFEE65F0C0FFEE65F0"               | {"$uuid": "d30d9a21-ce98-5bdd-80b1-3676b35ebf74"}
            "65f0c0ffee65f0c0ffee65f"                | "65f0c0ffee65f0c0ffee65f"
            "65f0c0ffee65f0c0ffee65fg"               | "65f0c0ffee65f0c0ffee65fg"
            ["65f0c0ffee65f0c0ffee65f0", null, "x"]  | [{"$uuid": "d30d9a21-ce98-5bdd-80b1-3676b35ebf74"}, null, "x"]
            {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"} | {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}
            7                                        | 7
            null                                     | null
            -                                        | -
            """)
    void objectIdToUuid(String from, String to) {
        check(new Conversion.ObjectIdToUuid("agents"), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ["a", "", " ", null, 0, [], {"$undefined": true}] | ["a", 0, []]
            ["a"]   | ["a"]
            ""      | ""
            null    | null
            -       | -
            """)
    void dropEmpty(String from, String to) {
        check(new Conversion.DropEmpty(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "42"                  | 42
            "-7"                  | -7
            "+7"                  | 7
            "007"                 | 7
            "2147483648"          | {"$numberLong": "2147483648"}
            "9223372036854775808" | {"$numberDecimal": "9223372036854775808"}
            "1.50"                | {"$numberDecimal": "1.50"}
            ".5"                  | {"$numberDecimal": "0.5"}
            "1e3"                 | {"$numberDecimal": "1E+3"}
            "12345678901234567890123456789012345" | "12345678901234567890123456789012345"
            "1e9999999999"        | "1e9999999999"
            ""                    | ""
            " 1"                  | " 1"
            "1,5"                 | "1,5"
            "1_000"               | "1_000"
            "0x10"                | "0x10"
            "1e"                  | "1e"
            "."                   | "."
            "-"                   | "-"
            "NaN"                 | "NaN"
            "１"                   | "１"
            7.5                   | 7.5
            true                  | true
            null                  | null
            -                     | -
            """)
    void parseNumber(String from, String to) {
        check(new Conversion.ParseNumber(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "0.1"    | 0.1
            "42"     | 42.0
            "1e999"  | "1e999"
            "x"      | "x"
            """)
    void aNumberForADoublePrecisionColumnIsTheNearestDouble(String from, String to) {
        check(new Conversion.ParseNumber(), new ColumnType.DoublePrecision(), from, to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            # in UTC; what is read                     | moment, or the text where it is none
            "2024-05-01"                               | 2024-05-01T00:00:00Z
            "2024-05-01T10:20"                         | 2024-05-01T10:20:00Z
            "2024-05-01T10:20:30"                      | 2024-05-01T10:20:30Z
            "2024-05-01 10:20:30"                      | 2024-05-01T10:20:30Z
            "2024-05-01T10:20:30Z"                     | 2024-05-01T10:20:30Z
            "2024-05-01t10:20:30z"                     | 2024-05-01T10:20:30Z
            "2024-05-01T10:20:30.5Z"                   | 2024-05-01T10:20:30.500Z
            "2024-05-01T10:20:30,123Z"                 | 2024-05-01T10:20:30.123Z
            "2024-05-01T10:20:30.123456Z"              | 2024-05-01T10:20:30.123456Z
            "2024-05-01T10:20:30.123456789Z"           | 2024-05-01T10:20:30.123456Z
            "2024-05-01T10:20:30+02:00"                | 2024-05-01T08:20:30Z
            "2024-05-01T10:20:30+0200"                 | 2024-05-01T08:20:30Z
            "2024-05-01T10:20:30-05"                   | 2024-05-01T15:20:30Z
            "2024-05-01 10:20:30.1 +00:00"             | 2024-05-01T10:20:30.100Z
            "1969-12-31T23:59:59.999999Z"              | 1969-12-31T23:59:59.999999Z
            "0001-01-01T00:00:00Z"                     | 0001-01-01T00:00:00Z
            "+12000-01-01T00:00:00Z"                   | +12000-01-01T00:00:00Z
            "-0044-03-15"                              | -0044-03-15T00:00:00Z
            "2024-02-29"                               | 2024-02-29T00:00:00Z
            "2023-02-29"                               |
            "2024-13-01"                               |
            "2024-05-01T24:00:00"                      |
            "2024-05-01T10:20:60Z"                     |
            "2024-05-01T10"                            |
            "2024-05-01T"                              |
            "2024-05-01T10:20:30."                     |
            "2024-05-01T10:20:30.1234567890Z"          |
            "2024-05-01T10:20:30+25:00"                |
            "2024-05-01T10:20:30Zulu"                  |
            "2024-05-01T10:20:30 "                     |
            " 2024-05-01"                              |
            "24-05-01"                                 |
            "12000-01-01"                              |
            "20240501"                                 |
            "2024-5-1"                                 |
            "01/05/2024"                               |
            "2024-W18-3"                               |
            "yesterday"                                |
            ""                                         |
            """)
    void parseTimestamp(String from, @Nullable String moment) {
        BsonValue parsed = step(new Conversion.ParseTimestamp(ZoneOffset.UTC), new ColumnType.Timestamptz())
                .apply(value(from), Scope.nowhere());
        String expected = moment == null ? from : moment;
        assertThat(parsed instanceof BsonDateTime date ? PreciseDateTime.text(date) : json(parsed))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "2024-07-01 10:00:00"        | 2024-07-01T08:00:00Z
            "2024-01-01"                 | 2023-12-31T23:00:00Z
            "2024-07-01 10:00:00Z"       | 2024-07-01T10:00:00Z
            # Clocks go forward over this one, and back over the next.
            "2024-03-31 02:30:00"        | 2024-03-31T01:30:00Z
            "2024-10-27 02:30:00"        | 2024-10-27T00:30:00Z
            """)
    void aTextWithoutAnOffsetIsInTheZoneOfTheMapping(String from, String moment) {
        BsonValue parsed = step(new Conversion.ParseTimestamp(ZoneId.of("Europe/Paris")), new ColumnType.Timestamptz())
                .apply(value(from), Scope.nowhere());
        assertThat(parsed)
                .isInstanceOfSatisfying(
                        BsonDateTime.class,
                        date -> assertThat(PreciseDateTime.text(date)).isEqualTo(moment));
    }

    private static void check(Conversion conversion, String from, String to) {
        check(conversion, new ColumnType.Text(), from, to);
    }

    private static void check(Conversion conversion, ColumnType type, String from, String to) {
        assertThat(json(step(conversion, type).apply(value(from), Scope.nowhere())))
                .isEqualTo(json(value(to)));
    }

    private static ConversionStep step(Conversion conversion, ColumnType type) {
        return ConversionStep.of(conversion, type, new SourceReader.Rests(FieldTrie.of(List.of()), null));
    }

    private static @Nullable BsonValue value(String json) {
        return json.equals("-")
                ? null
                : BsonDocument.parse("{\"v\": " + json + "}").get("v");
    }

    private static String json(@Nullable BsonValue value) {
        return value == null ? "-" : RowText.extendedJson(value);
    }
}
