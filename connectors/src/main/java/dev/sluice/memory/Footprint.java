package dev.sluice.memory;

import dev.sluice.bson.TwinDocument;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDbPointer;
import org.bson.BsonDocument;
import org.bson.BsonJavaScript;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonRegularExpression;
import org.bson.BsonString;
import org.bson.BsonSymbol;
import org.bson.BsonValue;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;

/// How many bytes of heap changes, documents and values take: never less than they do. Arrays are counted as they are,
/// each character of a text as two bytes, and objects by the constants here.
public final class Footprint {
    /// The objects of a change that is mapped, without the arrays that its document, its rows and its `_id` lie in.
    public static final int CHANGE = 512;

    /// A small object, without what it refers to.
    public static final int OBJECT = 64;

    /// A document or an array, decoded, without what is in it.
    private static final int CONTAINER = 128;

    /// An entry of a document or an array, without its name and its value.
    private static final int ENTRY = 80;

    /// Rows take about as many bytes as their document.
    private static final int COPIES = 2;

    private static final int LARGE = 1 << 18;

    private Footprint() {}

    /// Whether so much is not held twice: rows of such a document, or such rows, are made when they are written.
    ///
    /// @param bytes of BSON, or of rows
    public static boolean isLarge(long bytes) {
        return bytes >= LARGE;
    }

    /// What a change will take once it is mapped, about: for a lease that is taken before.
    ///
    /// @param bytes of BSON; 0 without a document
    public static long expected(long bytes) {
        return CHANGE + (isLarge(bytes) ? bytes : COPIES * bytes);
    }

    /// @param key of a row
    public static long ofKey(Object key) {
        return key instanceof String text ? of(text) : OBJECT;
    }

    public static long of(String text) {
        return OBJECT + (long) Character.BYTES * text.length();
    }

    public static long of(BsonValue value) {
        return switch (value) {
            case RawBsonDocument document -> CONTAINER + ofArray(document);
            case TwinDocument document -> {
                long[] bytes = {2 * CONTAINER};
                document.forEachField((name, field) -> bytes[0] += 2 * ENTRY + of(name) + of(field));
                yield bytes[0];
            }
            case BsonDocument document ->
                CONTAINER
                        + document.entrySet().stream()
                                .mapToLong(entry -> ENTRY + of(entry.getKey()) + of(entry.getValue()))
                                .sum();
            case BsonArray array ->
                CONTAINER
                        + array.stream()
                                .mapToLong(element -> ENTRY + of(element))
                                .sum();
            case BsonString text -> OBJECT + of(text.getValue());
            case BsonSymbol symbol -> OBJECT + of(symbol.getSymbol());
            case BsonBinary binary -> OBJECT + binary.getData().length;
            case BsonRegularExpression expression -> OBJECT + of(expression.getPattern()) + of(expression.getOptions());
            case BsonJavaScript code -> OBJECT + of(code.getCode());
            case BsonJavaScriptWithScope code -> OBJECT + of(code.getCode()) + of(code.getScope());
            case BsonDbPointer pointer -> 2 * OBJECT + of(pointer.getNamespace());
            default -> OBJECT;
        };
    }

    /// All of its array, where it begins with the document: an array that grew while it was read is longer.
    private static int ofArray(RawBsonDocument document) {
        ByteBuf bytes = document.getByteBuffer();
        return bytes.position() == 0 ? bytes.array().length : bytes.remaining();
    }
}
