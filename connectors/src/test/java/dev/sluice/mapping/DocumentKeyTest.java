package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.IdText;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.KeyMapping.Form;
import dev.sluice.schema.Where;
import java.util.UUID;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an `_id` becomes as the key of a row, and that one that was noted as text arrives at the same one.
class DocumentKeyTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            # id                                                        | plain                                | typed
            "abc"                                                       | abc                                  | "abc"
            "42"                                                        | 42                                   | "42"
            ""                                                          | ``                                   | ""
            {"$oid": "65a000000000000000000001"}                        | 65a000000000000000000001             | {"$oid":"65a000000000000000000001"}
            {"$numberInt": "42"}                                        | 42                                   | {"$numberLong":"42"}
            {"$numberLong": "42"}                                       | 42                                   | {"$numberLong":"42"}
            {"$numberDouble": "42.0"}                                   | 42                                   | {"$numberLong":"42"}
            {"$numberDecimal": "4.20E+1"}                               | 42                                   | {"$numberLong":"42"}
            {"$numberDouble": "-0.0"}                                   | 0                                    | {"$numberLong":"0"}
            {"$numberDecimal": "-0"}                                    | 0                                    | {"$numberLong":"0"}
            {"$numberDouble": "0.5"}                                    | 0.5                                  | {"$numberDouble":"0.5"}
            {"$numberDecimal": "0.50"}                                  | 0.5                                  | {"$numberDouble":"0.5"}
            {"$numberDouble": "0.1"}                                    | 0.1                                  | {"$numberDouble":"0.1"}
            {"$numberDecimal": "0.10"}                                  | 0.1                                  | {"$numberDecimal":"0.1"}
            {"$numberDouble": "1.0E23"}                                 | 99999999999999991611392              | {"$numberDouble":"1.0E23"}
            {"$numberDecimal": "1E+23"}                                 | 100000000000000000000000             | {"$numberDecimal":"1E+23"}
            {"$numberDouble": "9.223372036854775807E18"}                | 9223372036854775808                  | {"$numberDouble":"9.223372036854776E18"}
            {"$numberDecimal": "9223372036854775808"}                   | 9223372036854775808                  | {"$numberDouble":"9.223372036854776E18"}
            {"$numberDouble": "1.0E300"}                                | 1E+300                               | {"$numberDouble":"1.0E300"}
            {"$numberDecimal": "1E+6111"}                               | 1E+6111                              | {"$numberDecimal":"1E+6111"}
            {"$numberDouble": "NaN"}                                    | NaN                                  | {"$numberDouble":"NaN"}
            {"$numberDecimal": "NaN"}                                   | NaN                                  | {"$numberDouble":"NaN"}
            {"$numberDecimal": "-Infinity"}                             | -Infinity                            | {"$numberDouble":"-Infinity"}
            true                                                        | true                                 | true
            null                                                        | null                                 | null
            {"$date": {"$numberLong": "1700000000123"}}                 | 2023-11-14T22:13:20.123Z             | {"$date":{"$numberLong":"1700000000123"}}
            {"$date": {"$numberLong": "-1"}}                            | 1969-12-31T23:59:59.999Z             | {"$date":{"$numberLong":"-1"}}
            {"$date": {"$numberLong": "253402300800000"}}               | +10000-01-01T00:00:00Z               | {"$date":{"$numberLong":"253402300800000"}}
            {"$binary": {"base64": "ABEiM0RVZneImaq7zN3u/w==", "subType": "04"}} | 00112233-4455-6677-8899-aabbccddeeff | {"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}}
            {"$binary": {"base64": "AQID", "subType": "00"}}            | {"$binary":{"base64":"AQID","subType":"00"}} | {"$binary":{"base64":"AQID","subType":"00"}}
            {"b": 1.0, "a": [{"$numberLong": "2"}, "x"]}                | {"b":{"$numberLong":"1"},"a":[{"$numberLong":"2"},"x"]} | {"b":{"$numberLong":"1"},"a":[{"$numberLong":"2"},"x"]}
            {"s": "a\\u0000b"}                                          | {"s":"a\\u0000b"}                    | {"s":"a\\u0000b"}
            {"$dbPointer": {"$ref": "a", "$id": {"$oid": "65f0c0ffee65f0c0ffee65f0"}}} | {"$dbPointer":{"$ref":"a","$id":{"$oid":"65f0c0ffee65f0c0ffee65f0"}}} | {"$dbPointer":{"$ref":"a","$id":{"$oid":"65f0c0ffee65f0c0ffee65f0"}}}
            {"$timestamp": {"t": 4294967295, "i": 1}}                   | {"$timestamp":{"t":4294967295,"i":1}} | {"$timestamp":{"t":4294967295,"i":1}}
            {"$minKey": 1}                                              | {"$minKey":1}                        | {"$minKey":1}
            {"$symbol": "abc"}                                          | {"$symbol":"abc"}                    | {"$symbol":"abc"}
            """)
    void textKeys(String id, String plain, String typed) {
        BsonValue value = parse(id);
        for (BsonValue same : new BsonValue[] {value, parse(IdText.canonical(value)), parse(typed)}) {
            assertThat(key("text", Form.PLAIN, same)).isEqualTo(new KeyResult.Key(plain));
            assertThat(key("text", Form.TYPED, same)).isEqualTo(new KeyResult.Key(typed));
        }
    }

    @Test
    void aStringThatPostgresqlCantHoldIsNoPlainKeyButATypedOne() {
        assertThat(key("text", Form.PLAIN, parse("\"a\\u0000\"")))
                .isEqualTo(new KeyResult.NoKey("holds NUL, which PostgreSQL text can't"));
        assertThat(key("text", Form.TYPED, parse("\"a\\u0000\""))).isEqualTo(new KeyResult.Key("\"a\\u0000\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"caf\\udce9\"", "{\"s\": \"a\\udcff\"}", "{\"a\\udcff\": 1}"})
    void anIdWithBytesThatAreNotUtf8IsNoKey(String id) {
        for (Form form : Form.values()) {
            assertThat(key("text", form, parse(id))).isEqualTo(new KeyResult.NoKey("holds bytes that are not UTF-8"));
        }
    }

    @Test
    void aVarcharKeyCountsCharacters() {
        assertThat(key("varchar(2)", Form.PLAIN, parse("\"😀😀\""))).isEqualTo(new KeyResult.Key("😀😀"));
        assertThat(key("varchar(2)", Form.PLAIN, parse("\"abc\"")))
                .isEqualTo(new KeyResult.NoKey("is longer than 2 characters"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"$numberInt\": \"7\"}", "{\"$numberLong\": \"7\"}", "7.0", "{\"$numberDecimal\": \"7.00\"}"})
    void aBigintKeyTakesWholeNumbersOfAnyType(String id) {
        assertThat(key("bigint", Form.PLAIN, parse(id))).isEqualTo(new KeyResult.Key(7L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"7.5", "1.0E300", "{\"$numberDecimal\": \"9223372036854775808\"}", "{\"$numberDouble\": \"NaN\"}"
            })
    void aBigintKeyRefusesOtherNumbers(String id) {
        assertThat(key("bigint", Form.PLAIN, parse(id)))
                .isEqualTo(new KeyResult.NoKey("is no whole number in the range of bigint"));
    }

    @Test
    void aBigintKeyRefusesText() {
        assertThat(key("bigint", Form.PLAIN, parse("\"7\"")))
                .isEqualTo(new KeyResult.NoKey("is a string, not a number"));
    }

    @Test
    void aUuidKeyTakesUuidsAndStandsForObjectIds() {
        KeyResult uuid = new KeyResult.Key(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
        assertThat(key(
                        "uuid",
                        Form.PLAIN,
                        parse("{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}")))
                .isEqualTo(uuid);
        assertThat(key("uuid", Form.PLAIN, parse("\"00112233-4455-6677-8899-AABBCCDDEEFF\"")))
                .isEqualTo(uuid);
        assertThat(key("uuid", Form.PLAIN, parse("{\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"}")))
                .isEqualTo(new KeyResult.Key(IdUuid.of("agents", new ObjectId("65f0c0ffee65f0c0ffee65f0"))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"abc\"",
                "\"65f0c0ffee65f0c0ffee65f0\"",
                "7",
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"03\"}}",
                "null"
            })
    void aUuidKeyRefusesTheRest(String id) {
        assertThat(key("uuid", Form.PLAIN, parse(id))).isInstanceOf(KeyResult.NoKey.class);
    }

    /// By hand: `uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, 'https://sluice.dev/id/agents'),
    /// '65f0c0ffee65f0c0ffee65f0')` in Python.
    @Test
    void theUuidOfAnObjectIdCanBeWorkedOutElsewhere() {
        assertThat(IdUuid.namespace("agents")).hasToString("f9d409cc-73e8-545a-bf34-27bfdf94e8c1");
        assertThat(IdUuid.of("agents", new ObjectId("65f0c0ffee65f0c0ffee65f0")))
                .hasToString("d30d9a21-ce98-5bdd-80b1-3676b35ebf74");
    }

    private static KeyResult key(String type, Form form, BsonValue id) {
        KeyMapping key = new KeyMapping("id", ColumnType.parse(type).orElseThrow(), form, new Where("test", 1, "key"));
        return DocumentKey.of("agents", key).key(id);
    }

    private static BsonValue parse(String json) {
        return IdText.parse(json);
    }
}
