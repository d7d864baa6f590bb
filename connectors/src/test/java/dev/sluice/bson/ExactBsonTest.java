package dev.sluice.bson;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.IdText;
import dev.sluice.testkit.OddBytes;
import java.util.HexFormat;
import java.util.Random;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Documents whose bytes a decoder would change")
class ExactBsonTest {
    @ParameterizedTest
    @DisplayName("a text is the bytes that it was made of, whatever they are")
    @ValueSource(
            strings = {
                "",
                "61",
                "636166e9",
                "ff",
                "c3a9",
                "c3",
                "e282",
                "eda080",
                "f09f918d",
                "f09f91",
                "00",
                "80",
                "c080",
                "efbfbd",
                "efbfbdff",
                "f4908080",
                "ffc3a9fe"
            })
    void bytesComeBack(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        String text = Utf8.decode(bytes, 0, bytes.length);

        assertThat(Utf8.encode(text)).isEqualTo(bytes);
        assertThat(Utf8.isUtf8(text)).isEqualTo(!text.matches("(?s).*[\\uDC80-\\uDCFF].*") || hex.equals("f09f918d"));
    }

    @Test
    @DisplayName("so do random bytes, and the text has a character for each that is one")
    void randomBytesComeBack() {
        Random random = new Random(20_261_129);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            String text = Utf8.decode(bytes, 0, bytes.length);
            assertThat(Utf8.encode(text)).isEqualTo(bytes);
        }
        assertThat(Utf8.decode(HexFormat.of().parseHex("ffc3a9fe"), 0, 4)).isEqualTo("\uDCFFé\uDCFE");
    }

    @Test
    @DisplayName("an _id is written as Extended JSON and read back as the same bytes")
    void idsComeBack() {
        RawBsonDocument latin1 = OddBytes.withId("636166e9", new BsonDocument("n", new BsonInt32(1)));
        RawBsonDocument twins = RawBsonDocument.parse("{n: 1, _id: {a: 1, a: {b: 2, b: 3}}}");

        assertThat(IdText.canonical(ExactBson.id(latin1))).isEqualTo("\"caf\\udce9\"");
        assertThat(IdText.parse("\"caf\\udce9\"")).isEqualTo(ExactBson.id(latin1));
        for (RawBsonDocument document : new RawBsonDocument[] {latin1, twins}) {
            BsonDocument again = new BsonDocument("_id", IdText.parse(IdText.canonical(ExactBson.id(document))));
            assertThat(OddBytes.bytes(ExactBson.document(again)))
                    .isEqualTo(OddBytes.bytes(ExactBson.document(new BsonDocument("_id", ExactBson.id(document)))));
        }
    }

    @Test
    @DisplayName("two texts with different bytes that are no character are different")
    void differentBytesAreDifferent() {
        assertThat(ExactBson.id(OddBytes.withId("78ff", new BsonDocument())))
                .isNotEqualTo(ExactBson.id(OddBytes.withId("78fe", new BsonDocument())))
                .isNotEqualTo(new BsonString("x\uFFFD"));
    }

    @Test
    @DisplayName("an _id is found wherever it is, first or last, and BSON's null where there is none")
    void idsAreFound() {
        BsonObjectId id = new BsonObjectId(new ObjectId("65a000000000000000000001"));

        assertThat(ExactBson.id(RawBsonDocument.parse("{_id: {$oid: '65a000000000000000000001'}, n: 1}")))
                .isEqualTo(id);
        assertThat(ExactBson.id(RawBsonDocument.parse("{n: 1, _id: {$oid: '65a000000000000000000001'}}")))
                .isEqualTo(id);
        assertThat(ExactBson.id(RawBsonDocument.parse("{n: {_id: 2}}")).isNull())
                .isTrue();
    }

    @Test
    @DisplayName("the driver keeps what is plain, and neither bytes that are not UTF-8 nor a name that is there twice")
    void whatTheDriverKeeps() {
        BsonDocument plain = BsonDocument.parse("{_id: {$in: ['é', {a: 1, b: [1, 'x']}, 1.5]}}");

        assertThat(ExactBson.isKeptByDriver(plain)).isTrue();
        assertThat(ExactBson.isKeptByDriver(
                        new BsonDocument("_id", new BsonDocument("$gt", IdText.parse("\"\\udcff\"")))))
                .isFalse();
        assertThat(ExactBson.isKeptByDriver(
                        new BsonDocument("_id", new BsonArray(java.util.List.of(IdText.parse("{a: 1, a: 2}"))))))
                .isFalse();
    }
}
