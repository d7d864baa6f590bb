package dev.sluice.mapping.value;

import dev.sluice.bson.Utf8;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDbPointer;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonJavaScript;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonMaxKey;
import org.bson.BsonMinKey;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonRegularExpression;
import org.bson.BsonString;
import org.bson.BsonSymbol;
import org.bson.BsonTimestamp;
import org.bson.BsonUndefined;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// Arbitrary BSON: every type, its extremes, nested.
public final class RandomBson {
    private RandomBson() {}

    public static Arbitrary<BsonValue> numbers() {
        return Arbitraries.oneOf(
                Arbitraries.integers().map(BsonInt32::new),
                Arbitraries.longs().map(BsonInt64::new),
                doubles().map(BsonDouble::new),
                Arbitraries.longs().map(l -> new BsonDouble(l)),
                decimals().map(BsonDecimal128::new));
    }

    static Arbitrary<Double> doubles() {
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(4, Arbitraries.longs().map(Double::longBitsToDouble)),
                net.jqwik.api.Tuple.of(2, Arbitraries.doubles().between(-1e6, 1e6)),
                net.jqwik.api.Tuple.of(
                        1,
                        Arbitraries.of(
                                -0.0,
                                0.0,
                                1.0,
                                0.1,
                                Double.NaN,
                                Double.POSITIVE_INFINITY,
                                Double.NEGATIVE_INFINITY,
                                Double.MIN_VALUE,
                                Double.MAX_VALUE,
                                0x1p53,
                                0x1p53 + 2,
                                0x1p63,
                                -0x1p63,
                                1e23,
                                1e34)));
    }

    public static Arbitrary<Decimal128> decimals() {
        Arbitrary<Decimal128> any = Combinators.combine(
                        Arbitraries.bigIntegers()
                                .between(
                                        BigInteger.TEN.pow(34).negate().add(BigInteger.ONE),
                                        BigInteger.TEN.pow(34).subtract(BigInteger.ONE)),
                        Arbitraries.oneOf(
                                Arbitraries.integers().between(-40, 40),
                                Arbitraries.integers().between(-6111, 6176)))
                .as((digits, scale) -> new Decimal128(new BigDecimal(digits, scale)));
        return Arbitraries.oneOf(
                any,
                Arbitraries.longs().map(Decimal128::new),
                Arbitraries.doubles().between(-1e6, 1e6).ofScale(3).map(d -> new Decimal128(BigDecimal.valueOf(d))),
                Arbitraries.of(
                        Decimal128.NaN,
                        Decimal128.NEGATIVE_NaN,
                        Decimal128.POSITIVE_INFINITY,
                        Decimal128.NEGATIVE_INFINITY,
                        Decimal128.NEGATIVE_ZERO,
                        Decimal128.POSITIVE_ZERO,
                        Decimal128.parse("-0E+3"),
                        Decimal128.parse("0.5")));
    }

    /// A half of a surrogate pair stands for a byte that is not UTF-8.
    private static String ofBytes(String text) {
        StringBuilder bytes = new StringBuilder(text);
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < bytes.length()
                    && Character.isLowSurrogate(bytes.charAt(i + 1));
            if (pair) {
                i++;
            } else if (Character.isSurrogate(c)) {
                bytes.setCharAt(i, (char) (0xDC80 + (c & 0x7F)));
            }
        }
        // Several of them may be a character.
        byte[] utf8 = Utf8.encode(bytes.toString());
        return Utf8.decode(utf8, 0, utf8.length);
    }

    public static Arbitrary<String> strings() {
        return Arbitraries.oneOf(
                Arbitraries.strings().alpha().ofMaxLength(12),
                // Any char at all: NUL and what is not UTF-8 too.
                Arbitraries.strings().all().ofMaxLength(6).map(RandomBson::ofBytes),
                Arbitraries.of(
                        "",
                        "\u0000",
                        "\uDCE9",
                        "😀",
                        "NaN",
                        "1e5",
                        "2024-02-30",
                        "2024-05-01T10:20:30Z",
                        "00112233-4455-6677-8899-aabbccddeeff",
                        "65a000000000000000000001"));
    }

    public static Arbitrary<BsonDateTime> dates() {
        return Arbitraries.oneOf(
                        Arbitraries.longs(),
                        Arbitraries.longs().between(-300_000_000_000_000L, 300_000_000_000_000L),
                        Arbitraries.longs().between(-100_000, 100_000).map(day -> day * 86_400_000))
                .map(BsonDateTime::new);
    }

    public static Arbitrary<BsonValue> scalars() {
        return Arbitraries.oneOf(List.of(
                numbers(),
                strings().map(BsonString::new),
                Arbitraries.of(BsonBoolean.TRUE, BsonBoolean.FALSE),
                Arbitraries.of(BsonNull.VALUE, new BsonUndefined(), new BsonMinKey(), new BsonMaxKey()),
                dates().map(d -> d),
                bytes(12).map(b -> new BsonObjectId(new ObjectId(b))),
                bytes(16).map(b -> new BsonBinary((byte) 4, b)),
                Combinators.combine(
                                Arbitraries.bytes(),
                                Arbitraries.bytes().array(byte[].class).ofMaxSize(20))
                        .as(BsonBinary::new),
                Arbitraries.longs().map(BsonTimestamp::new),
                // Patterns and names are C strings: no NUL.
                Arbitraries.strings().alpha().ofMaxLength(5).map(p -> new BsonRegularExpression(p, "i")),
                bytes(12).map(b -> new BsonDbPointer("db.c", new ObjectId(b))),
                strings().map(BsonJavaScript::new),
                strings().map(BsonSymbol::new),
                strings().map(s -> new BsonJavaScriptWithScope(s, new BsonDocument("x", new BsonString(s))))));
    }

    private static Arbitrary<byte[]> bytes(int length) {
        return Arbitraries.bytes().array(byte[].class).ofSize(length);
    }

    /// Every type, nested up to four levels.
    public static Arbitrary<BsonValue> values() {
        return Arbitraries.recursive(RandomBson::scalars, RandomBson::containers, 0, 4);
    }

    public static Arbitrary<BsonDocument> documents() {
        return Arbitraries.maps(strings(), values()).ofMaxSize(5).map(RandomBson::document);
    }

    private static Arbitrary<BsonValue> containers(Arbitrary<BsonValue> inner) {
        return Arbitraries.oneOf(
                inner,
                inner.list().ofMaxSize(4).map(BsonArray::new),
                Arbitraries.maps(strings(), inner).ofMaxSize(4).map(RandomBson::document));
    }

    private static BsonDocument document(java.util.Map<String, BsonValue> fields) {
        BsonDocument document = new BsonDocument();
        // Names are C strings.
        fields.forEach((name, value) -> document.put(name.replace("\0", ""), value));
        return document;
    }
}
