package dev.sluice.mapping.value;

import dev.sluice.bson.ExactBson;
import dev.sluice.bson.TwinDocument;
import dev.sluice.bson.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;

/// The bytes of values that are none of a document's: what conversions have made, and the mapping's own. Not for
/// MongoDB: dates keep their microseconds ([RawBytes#PRECISE_DATE_TIME]), and each character that UTF-8 has not is one
/// byte that UTF-8 has not either. For one value.
public final class MadeBson {
    /// UTF-8 has no such byte.
    private static final byte NO_CHARACTER = (byte) 0xFF;

    private byte[] bytes = new byte[64];
    private int size;

    private MadeBson() {}

    /// As it would lie in a document.
    ///
    /// @throws ExtendedJson.TooDeep when it is
    static byte[] of(BsonValue value) {
        MadeBson made = new MadeBson();
        made.write(value, 1);
        return Arrays.copyOf(made.bytes, made.size);
    }

    /// The type of a value, as [RawBytes] has them.
    public static byte type(BsonValue value) {
        return value instanceof PreciseDateTime
                ? RawBytes.PRECISE_DATE_TIME
                : (byte) value.getBsonType().getValue();
    }

    private void write(BsonValue value, int depth) {
        if (depth > ExtendedJson.DEPTH_MAX) {
            throw new ExtendedJson.TooDeep();
        }
        if (value instanceof BsonDocument document) {
            document(document, depth);
        } else if (value instanceof BsonArray array) {
            array(array, depth);
        } else {
            scalar(value, depth);
        }
    }

    /// By itself, since a level of nesting must not take the stack that all these need.
    private void scalar(BsonValue value, int depth) {
        switch (value.getBsonType()) {
            case DOUBLE -> number(Double.doubleToRawLongBits(value.asDouble().getValue()), 8);
            case STRING -> string(value.asString().getValue());
            case OBJECT_ID -> raw(value.asObjectId().getValue().toByteArray(), 0, 12);
            case BOOLEAN -> number(value.asBoolean().getValue() ? 1 : 0, 1);
            case DATE_TIME -> {
                number(value.asDateTime().getValue(), 8);
                if (value instanceof PreciseDateTime precise) {
                    number(PreciseDateTime.microsOfMilli(precise), 2);
                }
            }
            case NULL, UNDEFINED, MIN_KEY, MAX_KEY -> {}
            case INT32 -> number(value.asInt32().getValue(), 4);
            case INT64 -> number(value.asInt64().getValue(), 8);
            case JAVASCRIPT_WITH_SCOPE -> {
                BsonJavaScriptWithScope code = value.asJavaScriptWithScope();
                int start = startSized();
                string(code.getCode());
                document(code.getScope(), depth + 1);
                endSized(start);
            }
            case BINARY, DECIMAL128, TIMESTAMP, REGULAR_EXPRESSION, DB_POINTER, JAVASCRIPT, SYMBOL -> {
                byte[] alone = ExactBson.document(new BsonDocument("", value))
                        .getByteBuffer()
                        .asNIO()
                        .array();
                raw(alone, 6, RawBytes.int32(alone, 0) - 7);
            }
            case DOCUMENT, ARRAY, END_OF_DOCUMENT ->
                throw new IllegalArgumentException("no scalar has the type " + value.getBsonType());
        }
    }

    private void document(BsonDocument document, int depth) {
        if (document instanceof RawBsonDocument raw) {
            ByteBuffer in = raw.getByteBuffer().asNIO();
            raw(in.array(), in.arrayOffset() + in.position(), in.remaining());
            return;
        }
        int start = startSized();
        for (Map.Entry<String, BsonValue> field : document.entrySet()) {
            name(field.getKey(), field.getValue());
            write(field.getValue(), depth + 1);
        }
        if (document instanceof TwinDocument made) {
            // Of a document that was put together, they need not have a place among the others.
            for (TwinDocument.Twin twin : made.twins()) {
                name(twin.name(), twin.value());
                write(twin.value(), depth + 1);
            }
        }
        number(0, 1);
        endSized(start);
    }

    private void name(String name, BsonValue value) {
        number(type(value), 1);
        byte[] utf8 = utf8(name, true);
        for (int i = 0; i < utf8.length; i++) {
            // A name in BSON ends with NUL.
            utf8[i] = utf8[i] == 0 ? NO_CHARACTER : utf8[i];
        }
        raw(utf8, 0, utf8.length);
        number(0, 1);
    }

    private void array(BsonArray array, int depth) {
        int start = startSized();
        for (BsonValue element : array) {
            // What the names are is of no matter in an array.
            number(type(element) & 0xFF, 2);
            write(element, depth + 1);
        }
        number(0, 1);
        endSized(start);
    }

    private void string(String text) {
        byte[] utf8 = utf8(text, false);
        number(utf8.length + 1L, 4);
        raw(utf8, 0, utf8.length);
        number(0, 1);
    }

    /// @param exact whether bytes that are no UTF-8 are to be these bytes again, so that different names stay
    /// different;
    ///     texts may have been put together, and must not become UTF-8 by that
    private static byte[] utf8(String text, boolean exact) {
        if (Utf8.isUtf8(text)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        byte[] utf8 = new byte[3 * text.length()];
        int size = 0;
        for (int i = 0; i < text.length(); i++) {
            int point = text.codePointAt(i);
            if (point <= Character.MAX_VALUE && Character.isSurrogate((char) point)) {
                utf8[size++] = exact && Utf8.isEscape(text, i) ? (byte) point : NO_CHARACTER;
            } else {
                byte[] character = Character.toString(point).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(character, 0, utf8, size, character.length);
                size += character.length;
                i += Character.charCount(point) - 1;
            }
        }
        return Arrays.copyOf(utf8, size);
    }

    private int startSized() {
        number(0, 4);
        return size - 4;
    }

    private void endSized(int start) {
        int end = size;
        size = start;
        number(end - start, 4);
        size = end;
    }

    /// @param length in bytes, the least first
    private void number(long number, int length) {
        ensure(length);
        for (int i = 0; i < length; i++) {
            bytes[size++] = (byte) (number >>> (8 * i));
        }
    }

    private void raw(byte[] more, int from, int length) {
        ensure(length);
        System.arraycopy(more, from, bytes, size, length);
        size += length;
    }

    private void ensure(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
    }
}
