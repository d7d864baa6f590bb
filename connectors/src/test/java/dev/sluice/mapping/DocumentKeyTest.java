package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.IdText;
import dev.sluice.mapping.value.IdUuid;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.KeyMapping.Form;
import dev.sluice.schema.KeyMapping.Of;
import dev.sluice.schema.Where;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;
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
            "042"                                                       | 042                                  | "042"
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
            {"$numberDecimal": "0.10000000000000001"}                   | 0.10000000000000001                  | {"$numberDecimal":"0.10000000000000001"}
            {"$numberDouble": "1.0E23"}                                 | 99999999999999991611392              | {"$numberDouble":"1.0E23"}
            {"$numberDecimal": "1E+24"}                                 | 1000000000000000000000000            | {"$numberDecimal":"1E+24"}
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
        BsonValue binary = parse("{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}");
        BsonValue string = parse("\"00112233-4455-6677-8899-aabbccddeeff\"");
        BsonValue objectId = parse("{\"$oid\": \"65f0c0ffee65f0c0ffee65f0\"}");
        KeyResult made = new KeyResult.Key(IdUuid.of("agents", new ObjectId("65f0c0ffee65f0c0ffee65f0")));
        assertThat(key("uuid", Of.ANY, binary)).isEqualTo(uuid);
        assertThat(key("uuid", Of.ANY, string))
                .isEqualTo(noKey(
                        "is a UUID as a string, and a binary one would have the same key; the mapping can keep them apart,"
                                + " with `type: text` and `form: typed` for the key"));
        assertThat(key("uuid", Of.STRING, string)).isEqualTo(uuid);
        assertThat(key("uuid", Of.STRING, binary))
                .isEqualTo(noKey(
                        "is a binary UUID, and the same as a string would have the same key; the mapping can keep them apart,"
                                + " with `type: text` and `form: typed` for the key"));
        assertThat(key("uuid", Of.ANY, objectId)).isEqualTo(made);
        assertThat(key("uuid", Of.STRING, objectId)).isEqualTo(made);
        assertThat(key("uuid", Of.STRING, parse("\"00112233-4455-6677-8899-AABBCCDDEEFF\"")))
                .isEqualTo(noKey(
                        "is a UUID in upper case, and the same in lower case would have the same key; the mapping can keep"
                                + " them apart, with `type: text` and `form: typed` for the key"));
    }

    /// Each is written as another `_id` could be.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "42",
                "-1",
                "0.5",
                "1E+300",
                "NaN",
                "-Infinity",
                "true",
                "null",
                "65a000000000000000000001",
                "00112233-4455-6677-8899-aabbccddeeff",
                "2023-11-14T22:13:20.123Z",
                "+10000-01-01T00:00:00Z",
                "{\"a\":1}",
                "{",
                "[1]"
            })
    void whereNotAllIdsAreStringsAStringLikeAnotherIdIsNoKey(String text) {
        BsonValue id = new BsonString(text);
        assertThat(key("text", Of.STRING, id)).isEqualTo(new KeyResult.Key(text));
        assertThat(key("text", Of.ANY, id))
                .isEqualTo(noKey(
                        "is a string that is written like an _id of another type, which would have the same key; the mapping"
                                + " can keep them apart, with `form: typed` for the key"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "42 ",
                "042",
                "+1",
                ".5",
                "1.",
                "1e5",
                "1E3",
                "1E5",
                "7.0",
                "0.50",
                "-0",
                "1E999999999",
                "2023-11-14T22:13:20.000Z",
                "2023-13-14T22:13:20Z",
                "True",
                "NULL",
                "nan",
                "65A000000000000000000001",
                "65a00000000000000000000",
                "00112233-4455-6677-8899-AABBCCDDEEFF",
                "2023-11-14",
                "2023-11-14 22:13:20",
                "alice",
                "\"alice\""
            })
    void anyOtherStringIsAKeyWhateverElseThereIs(String text) {
        BsonValue id = new BsonString(text);
        assertThat(key("text", Of.STRING, id)).isEqualTo(new KeyResult.Key(text));
        assertThat(key("text", Of.ANY, id)).isEqualTo(new KeyResult.Key(text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"$oid": "65a000000000000000000001"} | an ObjectId
            {"$numberInt": "42"}                 | an int32
            true                                 | a boolean
            null                                 | null
            {"a": 1}                             | an object
            {"$symbol": "abc"}                   | a symbol
            """)
    void whereIdsAreStringsNothingElseIsAKey(String id, String kind) {
        assertThat(key("text", Of.STRING, parse(id)))
                .isEqualTo(noKey("is " + kind
                        + ", and a string that is written like it would have the same key; the mapping can keep them apart,"
                        + " with `form: typed` for the key"));
    }

    @Test
    void ofTwoNumbersThatAreWrittenAlikeTheDoubleIsAKey() {
        assertThat(key("text", Of.ANY, parse("{\"$numberDouble\": \"0.1\"}"))).isEqualTo(new KeyResult.Key("0.1"));
        assertThat(key("text", Of.ANY, parse("{\"$numberDecimal\": \"0.10\"}")))
                .isEqualTo(noKey(
                        "is a decimal128 that no double holds, and the double next to it would have the same key; the mapping can"
                                + " keep them apart, with `form: typed` for the key"));
        assertThat(key("text", Of.ANY, parse("{\"$numberDecimal\": \"1E+23\"}")))
                .isEqualTo(noKey(
                        "is a number of 24 digits, and an ObjectId that is written like it would have the same key; the mapping can"
                                + " keep them apart, with `form: typed` for the key"));
    }

    @Test
    void whichIdsAreUsualIsAskedOnce() {
        AtomicInteger asked = new AtomicInteger();
        DocumentKey key = DocumentKey.of("agents", mapping("text", Form.PLAIN, null));
        key.decideBy(first -> {
            asked.incrementAndGet();
            return first;
        });
        assertThat(key.key(new BsonString("42"))).isEqualTo(new KeyResult.Key("42"));
        assertThat(key.key(new BsonInt32(42))).isInstanceOf(KeyResult.NoKey.class);
        assertThat(key.key(new BsonString("43"))).isEqualTo(new KeyResult.Key("43"));
        assertThat(asked).hasValue(1);
        DocumentKey unknown = DocumentKey.of("agents", mapping("text", Form.PLAIN, null));
        assertThatThrownBy(() -> unknown.key(new BsonString("42"))).isInstanceOf(IllegalStateException.class);
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

    private static KeyResult noKey(String reason) {
        return new KeyResult.NoKey(reason);
    }

    private static KeyResult key(String type, Form form, BsonValue id) {
        return DocumentKey.of("agents", mapping(type, form, null)).key(id);
    }

    private static KeyResult key(String type, Of of, BsonValue id) {
        return DocumentKey.of("agents", mapping(type, Form.PLAIN, of)).key(id);
    }

    private static KeyMapping mapping(String type, Form form, @Nullable Of of) {
        return new KeyMapping(
                "id", (ColumnType.Key) ColumnType.parse(type).orElseThrow(), form, of, new Where("test", 1, "key"));
    }

    private static BsonValue parse(String json) {
        return IdText.parse(json);
    }
}
