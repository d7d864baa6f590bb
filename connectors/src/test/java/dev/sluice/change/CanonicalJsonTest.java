package dev.sluice.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.ExactBson;
import dev.sluice.testkit.OddBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalJsonTest {
    private static final JsonWriterSettings DRIVER =
            JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build();

    @Test
    void aDocumentIsWrittenAsTheDriverWritesIt() throws IOException {
        BsonDocument document = new BsonDocument("_id", new BsonInt64(7))
                .append("text", new BsonString("a\u0000b \"quoted\" 日本 \uD83D\uDE00"))
                .append("nan", new BsonDouble(Double.NaN))
                .append("inner", new BsonDocument("empty", new BsonDocument()));

        assertThat(text(CanonicalJson.of(document))).isEqualTo(document.toJson(DRIVER));
        assertThat(text(CanonicalJson.of(new RawBsonDocument(document, new BsonDocumentCodec()))))
                .isEqualTo(document.toJson(DRIVER));
    }

    @Test
    void aValueIsWrittenByItself() throws IOException {
        BsonValue value = new BsonString("x");

        assertThat(text(CanonicalJson.ofValue(value))).isEqualTo("\"x\"").isEqualTo(IdText.canonical(value));
        assertThat(text(CanonicalJson.ofValue(new BsonDocument()))).isEqualTo("{}");
    }

    @ParameterizedTest
    @DisplayName(
            "a decoded document is written as its bytes are: names that are there twice in their places, also in scopes")
    @ValueSource(
            strings = {
                "{a: 1, b: 2, a: 3}",
                "{a: 1, a: 2, b: 3, a: 4, b: 5}",
                "{o: {a: 1, a: {b: 2, b: 3}}, l: [{x: 1, x: 2}]}",
                "{f: {$code: 'f', $scope: {a: 1, a: 2}}, e: {}, n: null}"
            })
    void twinsAreWritten(String json) throws IOException {
        RawBsonDocument raw = RawBsonDocument.parse(json);
        BsonDocument decoded = DocumentDecoder.document(raw);

        assertThat(text(CanonicalJson.of(decoded))).isEqualTo(text(CanonicalJson.of(raw)));
        assertThat(text(CanonicalJson.ofValue(decoded))).isEqualTo(text(CanonicalJson.of(raw)));
        assertThat(OddBytes.bytes(ExactBson.document(decoded))).isEqualTo(OddBytes.bytes(raw));
    }

    @Test
    void ofManySegmentsNoByteIsLost() throws IOException {
        BsonValue value = new BsonString("é".repeat(200_000));

        CanonicalJson json = CanonicalJson.ofValue(value);

        assertThat(json.length()).isEqualTo(400_002);
        assertThat(text(json)).isEqualTo(IdText.canonical(value));
    }

    private static String text(CanonicalJson json) throws IOException {
        byte[] bytes = json.stream().readAllBytes();
        assertThat(bytes).hasSize(json.length());
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
