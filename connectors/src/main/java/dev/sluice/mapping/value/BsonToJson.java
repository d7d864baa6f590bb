package dev.sluice.mapping.value;

import dev.sluice.bson.TwinDocument;
import dev.sluice.bson.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/// BSON as the JSON that people and SQL expect in a jsonb column, as UTF-8: numbers are JSON numbers with all their
/// digits (-0.0 is 0, a whole double has no `.0`), an ObjectId is its 24 hex digits, a date is ISO 8601 in
/// UTC, a UUID is its canonical text. What JSON has no word for is canonical Extended JSON, an object whose
/// only field starts with `$`.
///
/// Everything lands. A string or field name that PostgreSQL can't hold is written with U+FFFD in place of
/// the bad characters, and reported as it was; what comes behind another value of its name is reported too. A long
/// value goes to the output in pieces, so that none is held as JSON. For one thread.
public final class BsonToJson {
    /// So much is held; what is longer is handed on.
    private static final int HELD_MAX = 1 << 16;

    /// Bytes of a string that are written at a time; each may become six. Divisible by 3 for base64.
    private static final int STEP = 3 << 10;

    /// From so many fields on, names that are there twice are found by hashing.
    private static final int SCANNED_MAX = 64;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHS = 0x8080_8080_8080_8080L;

    /// From here on a double no longer holds every whole number.
    private static final double EXACT_MAX = 0x1p53;

    /// From here on texts of doubles have exponents.
    private static final double PLAIN_MAX = 1e7;

    private static final long DAY_MILLIS = 86_400_000L;
    private static final long YEAR_0 = -62_167_219_200_000L;
    private static final long YEAR_10000 = 253_402_300_800_000L;

    private static final byte[] HEX_UPPER = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_START = "{\"$binary\":{\"base64\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_TYPE = "\",\"subType\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_END = "\"}}".getBytes(StandardCharsets.US_ASCII);
    private static final Base64.Encoder BASE64 = Base64.getEncoder();
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);

    private final DecimalDigits decimal = new DecimalDigits();
    private byte[] out = new byte[1 << 10];
    private int size;
    /// Of the objects that are open, the hashes of their names so far, and where these begin.
    private int[] names = new int[256];

    private int[] places = new int[256];
    private int namesSize;

    /// What the value goes to.
    @SuppressWarnings("NullAway.Init") // given with each value
    private TextOutput output;

    /// Whether the beginning of the value was handed on.
    private boolean handedOn;

    /// Whether something was left out, or written otherwise than it is.
    private boolean cleaned;

    /// Writes a value as JSON, as one field of the output.
    ///
    /// @return a misfit, and then nothing was written: only beyond [ExtendedJson#DEPTH_MAX] levels. Null where it
    ///     was written
    public @Nullable String write(Value value, TextOutput to, NestedMisfits nested) {
        byte[] bytes = value.bytes();
        output = to;
        size = 0;
        handedOn = false;
        cleaned = false;
        namesSize = 0;
        try {
            value(bytes, value.type(), value.at(), value.end(), 1);
        } catch (ExtendedJson.TooDeep tooDeep) {
            if (handedOn) {
                output.takeBackText();
            }
            return ExtendedJson.TooDeep.REASON;
        }
        if (handedOn) {
            output.piece(out, 0, size);
            output.endText();
        } else {
            output.text(out, 0, size);
        }
        if (cleaned) {
            // Seldom, so paths are worked out by a second walk instead of being carried along by the first.
            JsonMisfits.report(value.decoded(), "", nested);
        }
        return null;
    }

    /// What JSON has no word for.
    private void extended(byte[] bytes, byte type, int at, int depth) {
        BsonValue value = RawBytes.decode(bytes, type, at);
        cleaned |= TwinDocument.isIn(value);
        raw(ExtendedJson.text(value, this::clean, depth).getBytes(StandardCharsets.UTF_8));
    }

    private String clean(String text) {
        String clean = PgText.clean(text);
        cleaned |= !clean.equals(text);
        return clean;
    }

    private void value(byte[] bytes, byte type, int at, int end, int depth) {
        if (depth > ExtendedJson.DEPTH_MAX) {
            throw new ExtendedJson.TooDeep();
        }
        switch (type) {
            case RawBytes.STRING -> string(bytes, at + 4, end - 1);
            case RawBytes.DOCUMENT -> document(bytes, at, end, depth);
            case RawBytes.ARRAY -> array(bytes, at, end, depth);
            case RawBytes.INT32 -> whole(RawBytes.int32(bytes, at));
            case RawBytes.INT64 -> whole(RawBytes.int64(bytes, at));
            case RawBytes.DOUBLE -> {
                double number = RawBytes.float64(bytes, at);
                double absolute = Math.abs(number);
                if (absolute < EXACT_MAX && number == Math.rint(number)) {
                    whole((long) number);
                } else if (absolute < PLAIN_MAX && decimal.takeDouble(number)) {
                    decimal();
                } else if (Double.isFinite(number)) {
                    ascii(BsonNumbers.text(number));
                } else {
                    extended(bytes, type, at, depth);
                }
            }
            case RawBytes.DECIMAL128 -> {
                if (decimal.takeDecimal128(RawBytes.int64(bytes, at + 8), RawBytes.int64(bytes, at))
                        && decimal.isPlain()) {
                    decimal();
                } else {
                    decimal128(RawBytes.decode(bytes, type, at).asDecimal128().getValue());
                }
            }
            case RawBytes.BINARY -> binary(bytes, at, end);
            case RawBytes.BOOLEAN -> raw(RawBytes.isTrue(bytes, at) ? TRUE : FALSE);
            case RawBytes.NULL -> raw(NULL);
            case RawBytes.OBJECT_ID -> {
                ensure(26);
                out[size] = '"';
                HexDigits.objectId(bytes, at, out, size + 1);
                out[size + 25] = '"';
                size += 26;
            }
            case RawBytes.DATE_TIME, RawBytes.PRECISE_DATE_TIME -> {
                long millis = RawBytes.int64(bytes, at);
                if (type == RawBytes.DATE_TIME && millis >= YEAR_0 && millis < YEAR_10000) {
                    date(millis);
                } else {
                    ascii('"'
                            + PreciseDateTime.text(
                                    RawBytes.decode(bytes, type, at).asDateTime())
                            + '"');
                }
            }
            default -> extended(bytes, type, at, depth);
        }
    }

    private void decimal128(Decimal128 value) {
        BigDecimal number = BsonNumbers.finite(value);
        ascii(number == null ? "{\"$numberDecimal\":\"" + value + "\"}" : number.toString());
    }

    private void ascii(String text) {
        raw(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void document(byte[] bytes, int start, int end, int depth) {
        int last = end - 1;
        int at = start + 4;
        int firstName = namesSize;
        Names many = null;
        one('{');
        while (at < last) {
            byte type = bytes[at];
            int name = at + 1;
            int value = RawBytes.nameEnd(bytes, name, last);
            at = RawBytes.end(bytes, type, value, last);
            many = many(bytes, firstName, many);
            if (!isNew(bytes, name, value - 1, firstName, many)) {
                // Queries see the first, and the other is reported.
                cleaned = true;
                continue;
            }
            if (name > start + 5) {
                one(',');
            }
            string(bytes, name, value - 1);
            one(':');
            value(bytes, type, value, at, depth + 1);
        }
        one('}');
        namesSize = firstName;
    }

    /// Whether the object has no such name yet.
    ///
    /// @param firstName of the object's names
    /// @param many the names of an object that has many; null before it has
    private boolean isNew(byte[] bytes, int from, int to, int firstName, @Nullable Names many) {
        if (many != null) {
            return many.add(bytes, from, to);
        }
        int hash = Names.hash(bytes, from, to);
        for (int i = firstName; i < namesSize; i++) {
            if (names[i] == hash && Names.isSame(bytes, places[i], from, to)) {
                return false;
            }
        }
        if (namesSize == names.length) {
            names = Arrays.copyOf(names, 2 * namesSize);
            places = Arrays.copyOf(places, 2 * namesSize);
        }
        places[namesSize] = from;
        names[namesSize++] = hash;
        return true;
    }

    /// The names so far, when they are many.
    private @Nullable Names many(byte[] bytes, int firstName, @Nullable Names before) {
        if (before != null || namesSize - firstName < SCANNED_MAX) {
            return before;
        }
        Names many = new Names();
        for (int i = firstName; i < namesSize; i++) {
            many.add(bytes, places[i], RawBytes.nameEnd(bytes, places[i], bytes.length) - 1);
        }
        return many;
    }

    /// The names of one object, by where they lie. For documents with hundreds of thousands of fields.
    private static final class Names {
        /// Open addressing; 0 where there is none.
        private int[] table = new int[256];
        private int size;

        static int hash(byte[] bytes, int from, int to) {
            int hash = to - from;
            for (int i = from; i < to; i++) {
                hash = hash * 31 + bytes[i];
            }
            return hash;
        }

        /// @param from never 0: a document begins with its length
        /// @return false when it is there already
        boolean add(byte[] bytes, int from, int to) {
            if (2 * size >= table.length) {
                grow(bytes);
            }
            int slot = slot(hash(bytes, from, to));
            while (table[slot] != 0) {
                if (isSame(bytes, table[slot], from, to)) {
                    return false;
                }
                slot = (slot + 1) & (table.length - 1);
            }
            table[slot] = from;
            size++;
            return true;
        }

        private static boolean isSame(byte[] bytes, int known, int from, int to) {
            // Both end with a NUL.
            return Arrays.equals(bytes, known, known + to - from + 1, bytes, from, to + 1);
        }

        private int slot(int hash) {
            return ((hash * 0x9E3779B9) >>> 7) & (table.length - 1);
        }

        private void grow(byte[] bytes) {
            int[] old = table;
            table = new int[4 * old.length];
            for (int name : old) {
                if (name != 0) {
                    int slot = slot(hash(bytes, name, RawBytes.nameEnd(bytes, name, bytes.length) - 1));
                    while (table[slot] != 0) {
                        slot = (slot + 1) & (table.length - 1);
                    }
                    table[slot] = name;
                }
            }
        }
    }

    private void array(byte[] bytes, int start, int end, int depth) {
        int last = end - 1;
        int at = start + 4;
        one('[');
        while (at < last) {
            if (at > start + 4) {
                one(',');
            }
            byte type = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, type, value, last);
            value(bytes, type, value, at, depth + 1);
        }
        one(']');
    }

    private void string(byte[] bytes, int from, int to) {
        one('"');
        int at = from;
        while (at < to) {
            int step = Math.min(to, at + STEP);
            // Each byte may become six, and the last character may lie across the step's end.
            ensure(6 * STEP + 8);
            at = characters(bytes, at, step, to);
        }
        one('"');
    }

    /// @param step up to where there is room
    /// @param to the string's end
    /// @return where the string goes on
    private int characters(byte[] bytes, int from, int step, int to) {
        int at = from;
        while (at < step) {
            int stop = step;
            if (step - at >= 8) {
                long eight = RawBytes.int64(bytes, at);
                if (isPlain(eight)) {
                    LONGS.set(out, size, eight);
                    size += 8;
                    at += 8;
                    continue;
                }
                stop = at + 8;
            }
            while (at < stop) {
                byte b = bytes[at];
                if (b < 0) {
                    int length = Utf8.characterSize(bytes, at, to);
                    if (length == 0) {
                        replacement();
                        at++;
                    } else {
                        System.arraycopy(bytes, at, out, size, length);
                        size += length;
                        at += length;
                    }
                } else {
                    if (b >= 0x20 && b != '"' && b != '\\') {
                        out[size++] = b;
                    } else if (b == 0) {
                        replacement();
                    } else {
                        escaped(b);
                    }
                    at++;
                }
            }
        }
        return at;
    }

    /// Whether eight bytes are ASCII that JSON has as it is.
    private static boolean isPlain(long eight) {
        long quotes = eight ^ (ONES * '"');
        long backslashes = eight ^ (ONES * '\\');
        long special = (eight - ONES * 0x20) | (quotes - ONES) | (backslashes - ONES) | eight;
        return (special & HIGHS) == 0;
    }

    private void replacement() {
        cleaned = true;
        System.arraycopy(REPLACEMENT, 0, out, size, REPLACEMENT.length);
        size += REPLACEMENT.length;
    }

    private void escaped(byte b) {
        out[size++] = '\\';
        switch (b) {
            case '"', '\\' -> out[size++] = b;
            case '\b' -> out[size++] = 'b';
            case '\t' -> out[size++] = 't';
            case '\n' -> out[size++] = 'n';
            case '\f' -> out[size++] = 'f';
            case '\r' -> out[size++] = 'r';
            default -> {
                out[size++] = 'u';
                out[size++] = '0';
                out[size++] = '0';
                out[size++] = HEX_UPPER[b >> 4];
                out[size++] = HEX_UPPER[b & 15];
            }
        }
    }

    private void whole(long number) {
        ensure(20);
        if (number < 0) {
            if (number == Long.MIN_VALUE) {
                raw(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
                return;
            }
            out[size++] = '-';
        }
        long absolute = Math.abs(number);
        int digits = DecimalDigits.count(absolute);
        digits(absolute, digits);
    }

    private void digits(long number, int count) {
        long rest = number;
        for (int i = size + count - 1; i >= size; i--) {
            long tenth = rest / 10;
            out[i] = (byte) ('0' + (rest - tenth * 10));
            rest = tenth;
        }
        size += count;
    }

    /// The decimal that was taken.
    private void decimal() {
        ensure(24);
        long absolute = Math.abs(decimal.unscaled());
        if (decimal.unscaled() < 0) {
            out[size++] = '-';
        }
        int scale = decimal.scale();
        long power = DecimalDigits.power(scale);
        long whole = absolute / power;
        digits(whole, DecimalDigits.count(whole));
        if (scale > 0) {
            out[size++] = '.';
            digits(absolute - whole * power, scale);
        }
    }

    /// ISO 8601, as `Instant.toString` writes it.
    private void date(long millis) {
        ensure(26);
        long day = Math.floorDiv(millis, DAY_MILLIS);
        int time = (int) (millis - day * DAY_MILLIS);
        // Days since 0000-03-01, so that the leap day is a year's last; eras of 400 years.
        long shifted = day + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        long dayOfEra = shifted - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long month = (5 * dayOfYear + 2) / 153;
        long dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1;
        month = month < 10 ? month + 3 : month - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        out[size++] = '"';
        digits(year, 4);
        out[size++] = '-';
        digits(month, 2);
        out[size++] = '-';
        digits(dayOfMonth, 2);
        out[size++] = 'T';
        digits(time / 3_600_000, 2);
        out[size++] = ':';
        digits(time / 60_000 % 60, 2);
        out[size++] = ':';
        digits(time / 1_000 % 60, 2);
        if (time % 1_000 != 0) {
            out[size++] = '.';
            digits(time % 1_000, 3);
        }
        out[size++] = 'Z';
        out[size++] = '"';
    }

    private void one(char c) {
        ensure(1);
        out[size++] = (byte) c;
    }

    private void raw(byte[] more) {
        int from = 0;
        while (from < more.length) {
            int piece = Math.min(more.length - from, HELD_MAX / 2);
            ensure(piece);
            System.arraycopy(more, from, out, size, piece);
            size += piece;
            from += piece;
        }
    }

    /// A UUID as its text, else canonical Extended JSON.
    private void binary(byte[] bytes, int at, int end) {
        byte subtype = bytes[at + 4];
        if (subtype == RawBytes.UUID_SUBTYPE && end - at == 5 + 16) {
            UUID uuid = new UUID(RawBytes.int64BigEndian(bytes, at + 5), RawBytes.int64BigEndian(bytes, at + 13));
            ascii('"' + uuid.toString() + '"');
            return;
        }
        // The old subtype has its length twice, which the driver checks.
        byte[] data = subtype == RawBytes.OLD_BINARY_SUBTYPE
                ? RawBytes.decode(bytes, RawBytes.BINARY, at).asBinary().getData()
                : bytes;
        int from = data == bytes ? at + 5 : 0;
        int to = data == bytes ? end : data.length;
        raw(BINARY_START);
        while (from < to) {
            int next = Math.min(to, from + STEP);
            raw(BASE64.encode(Arrays.copyOfRange(data, from, next)));
            from = next;
        }
        raw(BINARY_TYPE);
        ensure(2);
        HexDigits.of(subtype, out, size);
        size += 2;
        raw(BINARY_END);
    }

    /// Makes room.
    ///
    /// @param more at most half of what is held
    private void ensure(int more) {
        if (size + more <= out.length) {
            return;
        }
        if (out.length < HELD_MAX) {
            out = Arrays.copyOf(out, Math.min(HELD_MAX, Math.max(size + more, 2 * out.length)));
        }
        if (size + more > out.length) {
            if (!handedOn) {
                output.startText();
                handedOn = true;
            }
            output.piece(out, 0, size);
            size = 0;
        }
    }
}
