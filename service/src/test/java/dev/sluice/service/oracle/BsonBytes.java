package dev.sluice.service.oracle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// BSON read and written as bytes, by the specification alone: what no driver writes can be made, and nothing is
/// decoded that a driver would decode wrongly too. Bytes are held as text in Latin 1, a character for each.
final class BsonBytes {
    static final int DOUBLE = 0x01;
    static final int STRING = 0x02;
    static final int DOCUMENT = 0x03;
    static final int ARRAY = 0x04;
    static final int BINARY = 0x05;
    static final int UNDEFINED = 0x06;
    static final int OBJECT_ID = 0x07;
    static final int BOOLEAN = 0x08;
    static final int DATE = 0x09;
    static final int NULL = 0x0A;
    static final int REGEX = 0x0B;
    static final int DB_POINTER = 0x0C;
    static final int CODE = 0x0D;
    static final int SYMBOL = 0x0E;
    static final int SCOPED_CODE = 0x0F;
    static final int INT32 = 0x10;
    static final int TIMESTAMP = 0x11;
    static final int INT64 = 0x12;
    static final int DECIMAL128 = 0x13;
    static final int MAX_KEY = 0x7F;
    static final int MIN_KEY = 0xFF;

    private BsonBytes() {}

    /// A value as it lies in a document.
    record Value(int type, String bytes) {
        boolean is(int wanted) {
            return type == wanted;
        }

        int int32() {
            return at(bytes, 0).getInt();
        }

        long int64() {
            return at(bytes, 0).getLong();
        }

        double float64() {
            return at(bytes, 0).getDouble();
        }

        /// Of a string, code, symbol or pointer: its bytes.
        String text() {
            return string(bytes, is(SCOPED_CODE) ? 4 : 0);
        }

        /// Of a document, an array, or the scope of code.
        List<Field> fields() {
            return BsonBytes.fields(is(SCOPED_CODE) ? bytes.substring(4 + stringSize(bytes, 4)) : bytes);
        }

        /// Of an array.
        List<Value> elements() {
            return fields().stream().map(Field::value).toList();
        }
    }

    /// @param name its bytes
    record Field(String name, Value value) {}

    static byte[] raw(String bytes) {
        return bytes.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String held(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static ByteBuffer at(String bytes, int from) {
        byte[] rest = raw(bytes.substring(from, Math.min(bytes.length(), from + 8)));
        return little(rest);
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static String utf8(String text) {
        return held(text.getBytes(StandardCharsets.UTF_8));
    }

    // Reading

    /// The fields of a document in their order, those of a name that was there before too.
    static List<Field> fields(String document) {
        List<Field> fields = new ArrayList<>();
        int at = 4;
        int last = at(document, 0).getInt() - 1;
        while (at < last) {
            int type = document.charAt(at);
            int end = document.indexOf('\0', at + 1);
            String name = document.substring(at + 1, end);
            int next = end + 1 + size(type, document, end + 1);
            fields.add(new Field(name, new Value(type, document.substring(end + 1, next))));
            at = next;
        }
        return fields;
    }

    /// The first of a name, as MongoDB's queries see it.
    static Value first(List<Field> fields, String name) {
        return fields.stream()
                .filter(field -> field.name().equals(name))
                .map(Field::value)
                .findFirst()
                .orElse(NOTHING);
    }

    /// Stands for a field that is not there.
    static final Value NOTHING = new Value(0, "");

    private static int stringSize(String bytes, int at) {
        return 4 + at(bytes, at).getInt();
    }

    private static String string(String bytes, int at) {
        return bytes.substring(at + 4, at + stringSize(bytes, at) - 1);
    }

    private static int size(int type, String bytes, int at) {
        return switch (type) {
            case DOUBLE, DATE, TIMESTAMP, INT64 -> 8;
            case STRING, CODE, SYMBOL -> stringSize(bytes, at);
            case DOCUMENT, ARRAY, SCOPED_CODE -> at(bytes, at).getInt();
            case BINARY -> 5 + at(bytes, at).getInt();
            case UNDEFINED, NULL, MAX_KEY, MIN_KEY -> 0;
            case OBJECT_ID -> 12;
            case BOOLEAN -> 1;
            case REGEX -> bytes.indexOf('\0', bytes.indexOf('\0', at) + 1) + 1 - at;
            case DB_POINTER -> stringSize(bytes, at) + 12;
            case INT32 -> 4;
            case DECIMAL128 -> 16;
            default -> throw new IllegalArgumentException("BSON has no type " + type);
        };
    }

    // Writing

    static String document(List<Field> fields) {
        StringBuilder all = new StringBuilder();
        for (Field field : fields) {
            all.append((char) field.value().type())
                    .append(field.name())
                    .append('\0')
                    .append(field.value().bytes());
        }
        return int32(all.length() + 5) + all + "\0";
    }

    static Field field(String name, Value value) {
        return new Field(utf8(name), value);
    }

    static Value object(List<Field> fields) {
        return new Value(DOCUMENT, document(fields));
    }

    static Value object(Field... fields) {
        return object(List.of(fields));
    }

    static Value array(List<Value> elements) {
        List<Field> fields = new ArrayList<>();
        elements.forEach(element -> fields.add(field(String.valueOf(fields.size()), element)));
        return new Value(ARRAY, document(fields));
    }

    private static String int32(int value) {
        byte[] bytes = new byte[4];
        little(bytes).putInt(value);
        return held(bytes);
    }

    private static String int64(long value) {
        byte[] bytes = new byte[8];
        little(bytes).putLong(value);
        return held(bytes);
    }

    private static String string(String bytes) {
        return int32(bytes.length() + 1) + bytes + "\0";
    }

    /// @param bytes of any kind
    static Value stringOf(String bytes) {
        return new Value(STRING, string(bytes));
    }

    static Value text(String text) {
        return stringOf(utf8(text));
    }

    static Value whole(int value) {
        return new Value(INT32, int32(value));
    }

    static Value whole(long value) {
        return new Value(INT64, int64(value));
    }

    static Value fraction(double value) {
        return new Value(DOUBLE, int64(Double.doubleToRawLongBits(value)));
    }

    static Value decimal(long high, long low) {
        return new Value(DECIMAL128, int64(low) + int64(high));
    }

    static Value truth(boolean value) {
        return new Value(BOOLEAN, value ? "\1" : "\0");
    }

    static Value date(long millis) {
        return new Value(DATE, int64(millis));
    }

    static Value timestamp(int seconds, int increment) {
        return new Value(TIMESTAMP, int32(increment) + int32(seconds));
    }

    static Value objectId(String bytes) {
        return new Value(OBJECT_ID, bytes);
    }

    static Value binary(int subtype, String bytes) {
        return new Value(BINARY, int32(bytes.length()) + (char) subtype + bytes);
    }

    static Value regex(String pattern, String options) {
        return new Value(REGEX, pattern + "\0" + options + "\0");
    }

    static Value dbPointer(String namespace, String objectId) {
        return new Value(DB_POINTER, string(namespace) + objectId);
    }

    static Value code(String bytes) {
        return new Value(CODE, string(bytes));
    }

    static Value symbol(String bytes) {
        return new Value(SYMBOL, string(bytes));
    }

    static Value code(String bytes, List<Field> scope) {
        String both = string(bytes) + document(scope);
        return new Value(SCOPED_CODE, int32(both.length() + 4) + both);
    }

    /// A value that is its type alone: null, undefined, the least or the greatest key.
    static Value bare(int type) {
        return new Value(type, "");
    }
}
