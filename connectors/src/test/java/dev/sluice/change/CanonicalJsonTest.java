package dev.sluice.change;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Test;

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
