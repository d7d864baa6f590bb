package dev.sluice.sink.postgres.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.KeyResult;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import java.util.List;
import java.util.Random;
import org.bson.BsonDateTime;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The way back from a row's key to the _id that has become it")
class RowIdentityTest {
    @Test
    @DisplayName("the key null is the string's where ids are strings, and else BSON's null")
    void ofNull() {
        assertThat(RowIdentity.candidates(target("string"), "null")).hasValue(List.of(new BsonString("null")));
        assertThat(RowIdentity.candidates(target("any"), "null")).hasValue(List.of(BsonNull.VALUE));
    }

    @Test
    @DisplayName("24 digits may be a number too, so all _ids have to be looked at; with a letter they are an ObjectId")
    void of24Digits() {
        assertThat(RowIdentity.candidates(target("any"), "100000000000000000000000"))
                .isEmpty();
        assertThat(RowIdentity.candidates(target("any"), "65f0c0ffee65f0c0ffee65f0"))
                .hasValue(List.of(new BsonObjectId(new ObjectId("65f0c0ffee65f0c0ffee65f0"))));
        assertThat(RowIdentity.candidates(target("string"), "65f0c0ffee65f0c0ffee65f0"))
                .hasValue(List.of(new BsonString("65f0c0ffee65f0c0ffee65f0")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "zzz",
                "{",
                "}",
                "[",
                "1 2",
                "{\"$oid\": \"zz\"}",
                "{\"$oid\": 1}",
                "{\"$date\": \"x\"}",
                "{\"$date\": {\"$numberLong\": \"x\"}}",
                "{\"$numberLong\": \"9223372036854775808\"}",
                "{\"$numberInt\": \"x\"}",
                "{\"$numberDecimal\": \"1e9999999\"}",
                "{\"$uuid\": \"x\"}",
                "{\"$binary\": {\"base64\": \"*\", \"subType\": \"zz\"}}",
                "ObjectId(\"zz\")",
                "ISODate(\"x\")",
                "\"\\u12\"",
                "1}, {",
                "1} trailing"
            })
    @DisplayName("a text that no _id is written as belongs to none")
    void ofNoId(String text) {
        assertThat(RowIdentity.candidates(typed(), text)).hasValue(List.of());
    }

    @Test
    @DisplayName("an _id is found from its typed key")
    void ofTypedKeys() {
        for (BsonValue id : List.of(
                new BsonString("zzz"),
                new BsonObjectId(new ObjectId("65f0c0ffee65f0c0ffee65f0")),
                new BsonDateTime(0),
                BsonNull.VALUE)) {
            String key = ((KeyResult.Key) typed().mapper().key(id)).key().toString();
            assertThat(RowIdentity.candidates(typed(), key)).hasValue(List.of(id));
        }
    }

    @Test
    @DisplayName("any text has candidates or none, whatever it is made of")
    void ofAnyText() {
        String[] pieces = {
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "\\",
            "\\u",
            "'",
            "(",
            ")",
            "/",
            " ",
            "-",
            ".",
            "0",
            "1",
            "e",
            "zz",
            "null",
            "NaN",
            "true",
            "new ",
            "é",
            "\ud83d\ude00",
            "\"$oid\":",
            "\"$date\":",
            "\"$numberLong\":",
            "\"$numberDecimal\":",
            "\"$binary\":",
            "\"$code\":",
            "\"$scope\":",
            "\"$timestamp\":",
            "\"$uuid\":",
            "\"$undefined\":",
            "\"$dbPointer\":",
            "\"$regularExpression\":",
            "\"$minKey\":",
            "ObjectId",
            "ISODate",
            "UUID",
            "NumberDecimal",
            "Timestamp",
            "BinData",
            "HexData",
            "/a/",
            "\"x\"",
            "{\"a\": 1}",
            "[[[[[[[["
        };
        Random random = new Random(1);
        List<CollectionTarget> targets = List.of(typed(), target("any"), target("string"));
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "{" : "");
            for (int n = random.nextInt(10); n > 0; n--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            for (CollectionTarget target : targets) {
                assertThatCode(() -> RowIdentity.candidates(target, text.toString()))
                        .as("%s", text)
                        .doesNotThrowAnyException();
            }
        }
        assertThat(RowIdentity.candidates(typed(), "[".repeat(100_000))).hasValue(List.of());
        assertThat(RowIdentity.candidates(typed(), "{\"a\":".repeat(100_000))).hasValue(List.of());
    }

    private static CollectionTarget target(String of) {
        return keyed("of: " + of);
    }

    private static CollectionTarget typed() {
        return keyed("form: typed");
    }

    private static CollectionTarget keyed(String how) {
        var collection =
                MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things: {table: things, key: {column: id, type: text, %s}, columns: {n: integer}}
                """.formatted(how)).collections().getFirst();
        return new CollectionTarget(0, collection, DocumentMapper.of(collection));
    }
}
