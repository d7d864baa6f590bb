package dev.sluice.mapping.value;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.TwinDocument;
import dev.sluice.bson.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.bson.BSONException;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonSerializationException;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.types.ObjectId;

/// BSON as it lies in memory, read without decoding it: values by where they begin, behind their type and name. The
/// constants are BSON's types, and say what a value's bytes are; numbers have their least byte first. Methods throw
/// [BSONException] where the bytes are not well-formed. Any thread.
public final class RawBytes {
    /// 8 bytes.
    public static final byte DOUBLE = 0x01;
    /// Its length with the NUL in 4 bytes, UTF-8, NUL.
    public static final byte STRING = 0x02;
    /// Its length in 4 bytes, its fields, NUL.
    public static final byte DOCUMENT = 0x03;
    /// As a document; the names of its elements do not matter.
    public static final byte ARRAY = 0x04;
    /// The length of its data in 4 bytes, its subtype, the data.
    public static final byte BINARY = 0x05;
    /// Nothing.
    public static final byte UNDEFINED = 0x06;
    /// 12 bytes.
    public static final byte OBJECT_ID = 0x07;
    /// A byte, 0 or 1.
    public static final byte BOOLEAN = 0x08;
    /// Milliseconds since 1970 UTC in 8 bytes.
    public static final byte DATE_TIME = 0x09;
    /// Nothing.
    public static final byte NULL = 0x0A;
    /// Its pattern and its options, each with a NUL behind it.
    public static final byte REGULAR_EXPRESSION = 0x0B;
    /// A string and 12 bytes.
    public static final byte DB_POINTER = 0x0C;
    /// As a string.
    public static final byte JAVASCRIPT = 0x0D;
    /// As a string.
    public static final byte SYMBOL = 0x0E;
    /// Its length in 4 bytes, a string, a document.
    public static final byte JAVASCRIPT_WITH_SCOPE = 0x0F;
    /// 4 bytes.
    public static final byte INT32 = 0x10;
    /// 8 bytes: a count, then seconds since 1970 UTC.
    public static final byte TIMESTAMP = 0x11;
    /// 8 bytes.
    public static final byte INT64 = 0x12;
    /// 16 bytes, the low half first.
    public static final byte DECIMAL128 = 0x13;
    /// Nothing.
    public static final byte MIN_KEY = -1;
    /// Nothing.
    public static final byte MAX_KEY = 0x7F;

    /// Of a binary that is a UUID.
    static final byte UUID_SUBTYPE = 4;

    /// Has its length twice.
    public static final byte OLD_BINARY_SUBTYPE = 2;

    /// A date with microseconds, see [PreciseDateTime]: the date, and two bytes. No document of MongoDB's has it, only
    /// what conversions make.
    public static final byte PRECISE_DATE_TIME = 0x20;

    /// Deeper than MongoDB itself lets documents be nested, and than any column takes; this only keeps the stack
    /// bounded.
    static final int DEPTH_MAX = ExtendedJson.DEPTH_MAX + 100;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BIG_LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHS = 0x8080_8080_8080_8080L;

    private RawBytes() {}

    /// What is no document, without what is in it.
    static BSONException malformed(String what) {
        return new BsonSerializationException("The bytes are no document: " + what);
    }

    /// Four bytes from `at` on, the least first.
    public static int int32(byte[] bytes, int at) {
        return (int) INTS.get(bytes, at);
    }

    /// Writes four bytes from `at` on, the least first.
    public static void putInt32(byte[] bytes, int at, int value) {
        INTS.set(bytes, at, value);
    }

    /// Eight bytes from `at` on, the least first.
    public static long int64(byte[] bytes, int at) {
        return (long) LONGS.get(bytes, at);
    }

    static long int64BigEndian(byte[] bytes, int at) {
        return (long) BIG_LONGS.get(bytes, at);
    }

    /// The double whose eight bytes begin at `at`.
    public static double float64(byte[] bytes, int at) {
        return Double.longBitsToDouble(int64(bytes, at));
    }

    /// Where a document or array ends that begins here; behind its terminator.
    ///
    /// @param limit what it may not go beyond
    public static int documentEnd(byte[] bytes, int at, int limit) {
        int length = limit - at < 5 ? 0 : int32(bytes, at);
        if (length < 5 || length > limit - at || bytes[at + length - 1] != 0) {
            throw malformed("its length is wrong");
        }
        return at + length;
    }

    /// Where the value ends that begins here.
    ///
    /// @param limit where the document's terminator is
    public static int end(byte[] bytes, byte type, int at, int limit) {
        int size = switch (type) {
            case DOUBLE, DATE_TIME, INT64, TIMESTAMP -> 8;
            case STRING, JAVASCRIPT, SYMBOL -> stringSize(bytes, at, limit);
            case DOCUMENT, ARRAY -> documentEnd(bytes, at, limit) - at;
            case BINARY -> sized(bytes, at, limit, 5);
            case UNDEFINED, NULL, MIN_KEY, MAX_KEY -> 0;
            case OBJECT_ID -> 12;
            case BOOLEAN -> 1;
            case INT32 -> 4;
            case DECIMAL128 -> 16;
            case PRECISE_DATE_TIME -> 10;
            case REGULAR_EXPRESSION -> {
                int pattern = nameEnd(bytes, at, limit);
                yield nameEnd(bytes, pattern, limit) - at;
            }
            case DB_POINTER -> stringSize(bytes, at, limit) + 12;
            case JAVASCRIPT_WITH_SCOPE -> sized(bytes, at, limit, 0);
            default -> throw malformed("a type that BSON has not");
        };
        if (size > limit - at) {
            throw malformed("a value is longer than its document");
        }
        return at + size;
    }

    private static int stringSize(byte[] bytes, int at, int limit) {
        int size = sized(bytes, at, limit, 4);
        if (size < 5 || bytes[at + size - 1] != 0) {
            throw malformed("a string's length is wrong");
        }
        return size;
    }

    /// @param more than its length says
    private static int sized(byte[] bytes, int at, int limit, int more) {
        int length = limit - at < 4 ? -1 : int32(bytes, at);
        if (length < 0 || length > limit - at - more) {
            throw malformed("a value's length is wrong");
        }
        return length + more;
    }

    /// Where the name ends that begins here; behind its terminator.
    public static int nameEnd(byte[] bytes, int at, int limit) {
        int end = at;
        while (end < limit) {
            if (bytes[end++] == 0) {
                return end;
            }
        }
        throw malformed("a name has no end");
    }

    /// A string's length in bytes, without its terminator.
    public static int stringLength(byte[] bytes, int at) {
        return int32(bytes, at) - 1;
    }

    /// Whether it is text as PostgreSQL has it: valid UTF-8, and no NUL.
    public static boolean isText(byte[] bytes, int from, int length) {
        int at = from;
        int to = from + length;
        while (to - at >= 8) {
            long eight = int64(bytes, at);
            // Of a NUL, the subtraction sets the highest bit; next to others too, never where there is none.
            if (((eight | (eight - ONES)) & HIGHS) == 0) {
                at += 8;
            } else {
                at = textUntil(bytes, at, at + 8, to);
                if (at < 0) {
                    return false;
                }
            }
        }
        return textUntil(bytes, at, to, to) >= 0;
    }

    /// Where the text goes on, at `stop` or behind the character that lies across it; -1 when it is none.
    private static int textUntil(byte[] bytes, int from, int stop, int to) {
        int at = from;
        while (at < stop) {
            int first = bytes[at];
            if (first > 0) {
                at++;
            } else {
                int size = first == 0 ? 0 : Utf8.characterSize(bytes, at, to);
                if (size == 0) {
                    return -1;
                }
                at += size;
            }
        }
        return at;
    }

    /// How many characters valid UTF-8 has.
    public static int characters(byte[] bytes, int from, int length) {
        int count = 0;
        for (int i = from; i < from + length; i++) {
            if (!Utf8.isInside(bytes[i])) {
                count++;
            }
        }
        return count;
    }

    /// The value, as MongoDB's queries see it: of a name that is there twice, the first, see [TwinDocument].
    static BsonValue decode(byte[] bytes, byte type, int at) {
        return decode(bytes, type, at, end(bytes, type, at, bytes.length), 1);
    }

    private static BsonValue decode(byte[] bytes, byte type, int at, int end, int depth) {
        return switch (type) {
            case DOUBLE -> new BsonDouble(float64(bytes, at));
            case STRING -> new BsonString(string(bytes, at));
            case DOCUMENT -> document(bytes, at, end, depth);
            case ARRAY -> array(bytes, at, end, depth);
            case OBJECT_ID -> new BsonObjectId(objectId(bytes, at));
            case BOOLEAN -> BsonBoolean.valueOf(isTrue(bytes, at));
            case DATE_TIME -> new BsonDateTime(int64(bytes, at));
            case PRECISE_DATE_TIME -> new PreciseDateTime(int64(bytes, at), micros(bytes, type, at));
            case NULL -> BsonNull.VALUE;
            case INT32 -> new BsonInt32(int32(bytes, at));
            case INT64 -> new BsonInt64(int64(bytes, at));
            case JAVASCRIPT_WITH_SCOPE -> code(bytes, at, end, depth);
            default -> byDriver(bytes, type, at, end);
        };
    }

    /// The boolean that begins at `at`.
    public static boolean isTrue(byte[] bytes, int at) {
        if ((bytes[at] & ~1) != 0) {
            throw malformed("a boolean is neither true nor false");
        }
        return bytes[at] == 1;
    }

    /// Of a date, the microseconds behind its milliseconds.
    public static int micros(byte[] bytes, byte type, int at) {
        return type == PRECISE_DATE_TIME ? (bytes[at + 8] & 0xFF) | (bytes[at + 9] & 0xFF) << 8 : 0;
    }

    /// The string, code or symbol whose length stands at `at`. What is not UTF-8 in it becomes halves of surrogate
    /// pairs,
    /// see [Utf8].
    public static String string(byte[] bytes, int at) {
        return Utf8.decode(bytes, at + 4, stringLength(bytes, at));
    }

    static ObjectId objectId(byte[] bytes, int at) {
        return new ObjectId(Arrays.copyOfRange(bytes, at, at + 12));
    }

    private static BsonDocument document(byte[] bytes, int start, int end, int depth) {
        check(depth);
        BsonDocument document = new BsonDocument();
        int last = end - 1;
        int at = start + 4;
        while (at < last) {
            byte type = bytes[at];
            int value = nameEnd(bytes, at + 1, last);
            int next = end(bytes, type, value, last);
            String name = Utf8.decode(bytes, at + 1, value - at - 2);
            BsonValue decoded = decode(bytes, type, value, next, depth + 1);
            if (document.putIfAbsent(name, decoded) != null) {
                document = TwinDocument.with(document, name, decoded);
            }
            at = next;
        }
        return document;
    }

    private static void check(int depth) {
        if (depth > DEPTH_MAX) {
            throw malformed("it is nested deeper than " + DEPTH_MAX + " levels");
        }
    }

    private static BsonArray array(byte[] bytes, int start, int end, int depth) {
        check(depth);
        BsonArray array = new BsonArray();
        int last = end - 1;
        int at = start + 4;
        while (at < last) {
            byte type = bytes[at];
            int value = nameEnd(bytes, at + 1, last);
            int next = end(bytes, type, value, last);
            array.add(decode(bytes, type, value, next, depth + 1));
            at = next;
        }
        return array;
    }

    private static BsonValue code(byte[] bytes, int at, int end, int depth) {
        int scope = end - at < 4 + 5 + 5 ? end : at + 4 + stringSize(bytes, at + 4, end);
        if (documentEnd(bytes, scope, end) != end) {
            throw malformed("a scope's length is wrong");
        }
        return new BsonJavaScriptWithScope(string(bytes, at + 4), document(bytes, scope, end, depth + 1));
    }

    /// The types that are seldom, in a document of their own.
    private static BsonValue byDriver(byte[] bytes, byte type, int at, int end) {
        if (type == BINARY && bytes[at + 4] == OLD_BINARY_SUBTYPE && end - at < 9) {
            throw malformed("a binary's length is wrong");
        }
        int length = end - at + 7;
        byte[] alone = new byte[length];
        INTS.set(alone, 0, length);
        alone[4] = type;
        System.arraycopy(bytes, at, alone, 6, end - at);
        return Objects.requireNonNull(
                DocumentDecoder.document(new RawBsonDocument(alone)).get(""));
    }
}
