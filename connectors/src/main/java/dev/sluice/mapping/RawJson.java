package dev.sluice.mapping;

import dev.sluice.bson.Utf8;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// [BsonToJson] for values that are not decoded, as UTF-8. What it is not certain of it leaves to that: a
/// name that is there twice, a string that can't be stored, the types that are seldom. A long value goes to
/// the output in pieces, so that none is held as JSON. For one thread.
final class RawJson {
    /// So much is held; what is longer is handed on.
    private static final int HELD_MAX = 1 << 16;

    /// Bytes of a string that are written at a time; each may become six. Divisible by 3 for base64.
    private static final int STEP = 3 << 10;

    /// Shorter binary values are left to the other way.
    private static final int BINARY_LEAST = 1 << 10;

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
    private static final byte[] HEX_LOWER = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_START = "{\"$binary\":{\"base64\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_TYPE = "\",\"subType\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY_END = "\"}}".getBytes(StandardCharsets.US_ASCII);
    private static final Base64.Encoder BASE64 = Base64.getEncoder();
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private static final NestedMisfits DECLINE = (path, part, reason) -> {
        throw RawBytes.Declined.INSTANCE;
    };

    private final DecimalDigits decimal = new DecimalDigits();
    private byte[] out = new byte[1 << 10];
    private int size;
    /// Of the objects that are open, the hashes of their names so far, and where these begin.
    private int[] names = new int[256];

    private int[] places = new int[256];
    private int namesSize;
    /// The names of the object that is put together from fields, when they are many.
    private @Nullable Names ownNames;

    /// What the value goes to.
    @SuppressWarnings("NullAway.Init") // given with each value
    private RowOutput output;

    /// Whether the beginning of the value was handed on.
    private boolean handedOn;

    /// Writes a value as JSON, as one field of the output.
    ///
    /// @throws RawBytes.Declined when there is something in it to be reported, or when a long value turns
    ///     out to be uncertain
    void write(byte[] bytes, byte type, int at, RowOutput to) {
        begin(to);
        int end = RawBytes.end(bytes, type, at, bytes.length);
        if (!value(bytes, type, at, end, 1)) {
            takeBack();
            decoded(bytes, type, at, end);
        }
        end();
    }

    private void begin(RowOutput to) {
        output = to;
        size = 0;
        handedOn = false;
        namesSize = 0;
        ownNames = null;
    }

    private void takeBack() {
        if (handedOn) {
            throw RawBytes.Declined.INSTANCE;
        }
        size = 0;
    }

    private void end() {
        if (handedOn) {
            output.piece(out, 0, size);
            output.endText();
        } else {
            output.text(out, 0, size);
        }
    }

    /// Begins an object whose fields are added one by one, as one field of the output.
    void startObject(RowOutput to) {
        begin(to);
        one('{');
    }

    /// @param name where the field's name begins
    /// @return false when it is not certain; then nothing was written, or it is declined
    boolean addField(byte[] bytes, int name, byte type, int at) {
        if (namesSize > 0) {
            one(',');
        }
        ownNames = many(bytes, 0, ownNames);
        if (!isNew(bytes, name, at - 1, 0, ownNames) || !string(bytes, name, at - 1)) {
            takeBack();
            return false;
        }
        one(':');
        if (!value(bytes, type, at, RawBytes.end(bytes, type, at, bytes.length), 2)) {
            takeBack();
            return false;
        }
        return true;
    }

    /// To be called when all fields have been added.
    void endObject() {
        one('}');
        end();
    }

    private void decoded(byte[] bytes, byte type, int at, int end) {
        Outcome outcome = BsonToJson.convert(RawBytes.decode(bytes, type, at, end), DECLINE);
        if (!(outcome instanceof Outcome.Fits(String json))) {
            throw RawBytes.Declined.INSTANCE;
        }
        raw(json.getBytes(StandardCharsets.UTF_8));
    }

    /// @return false when it is not certain
    private boolean value(byte[] bytes, byte type, int at, int end, int depth) {
        switch (type) {
            case RawBytes.STRING -> {
                return string(bytes, at + 4, end - 1);
            }
            case RawBytes.DOCUMENT -> {
                return document(bytes, at, end, depth);
            }
            case RawBytes.ARRAY -> {
                return array(bytes, at, end, depth);
            }
            case RawBytes.INT32 -> whole(RawBytes.int32(bytes, at));
            case RawBytes.INT64 -> whole(RawBytes.int64(bytes, at));
            case RawBytes.DOUBLE -> {
                double number = RawBytes.float64(bytes, at);
                double absolute = Math.abs(number);
                if (absolute < EXACT_MAX && number == Math.rint(number)) {
                    whole((long) number);
                } else if (absolute < PLAIN_MAX && decimal.takeDouble(number)) {
                    decimal();
                } else {
                    decoded(bytes, type, at, end);
                }
            }
            case RawBytes.DECIMAL128 -> {
                if (decimal.takeDecimal128(RawBytes.int64(bytes, at + 8), RawBytes.int64(bytes, at))
                        && decimal.isPlain()) {
                    decimal();
                } else {
                    decoded(bytes, type, at, end);
                }
            }
            case RawBytes.BINARY -> {
                // The old subtype has its length twice, and UUIDs have 16 bytes.
                if (end - at >= BINARY_LEAST && bytes[at + 4] != RawBytes.OLD_BINARY_SUBTYPE) {
                    binary(bytes, at, end);
                } else {
                    decoded(bytes, type, at, end);
                }
            }
            case RawBytes.BOOLEAN -> {
                if ((bytes[at] & ~1) != 0) {
                    return false;
                }
                raw(bytes[at] == 1 ? TRUE : FALSE);
            }
            case RawBytes.NULL -> raw(NULL);
            case RawBytes.OBJECT_ID -> {
                ensure(26);
                out[size] = '"';
                RawConverter.hex(bytes, at, out, size + 1);
                out[size + 25] = '"';
                size += 26;
            }
            case RawBytes.DATE_TIME -> {
                long millis = RawBytes.int64(bytes, at);
                if (millis >= YEAR_0 && millis < YEAR_10000) {
                    date(millis);
                } else {
                    decoded(bytes, type, at, end);
                }
            }
            default -> decoded(bytes, type, at, end);
        }
        return true;
    }

    private boolean document(byte[] bytes, int start, int end, int depth) {
        if (depth > RawBytes.DEPTH_MAX) {
            return false;
        }
        int last = end - 1;
        int at = start + 4;
        int firstName = namesSize;
        Names many = null;
        one('{');
        while (at < last) {
            if (at > start + 4) {
                one(',');
            }
            byte type = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            many = many(bytes, firstName, many);
            if (!isNew(bytes, at + 1, value - 1, firstName, many) || !string(bytes, at + 1, value - 1)) {
                return false;
            }
            one(':');
            at = RawBytes.end(bytes, type, value, last);
            if (!value(bytes, type, value, at, depth + 1)) {
                return false;
            }
        }
        one('}');
        namesSize = firstName;
        return true;
    }

    /// Whether the object has certainly no such name yet.
    ///
    /// @param firstName of the object's names
    /// @param many the names of an object that has many; null before it has
    private boolean isNew(byte[] bytes, int from, int to, int firstName, @Nullable Names many) {
        if (many != null) {
            return many.add(bytes, from, to);
        }
        int hash = Names.hash(bytes, from, to);
        for (int i = firstName; i < namesSize; i++) {
            if (names[i] == hash) {
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

    private boolean array(byte[] bytes, int start, int end, int depth) {
        if (depth > RawBytes.DEPTH_MAX) {
            return false;
        }
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
            if (!value(bytes, type, value, at, depth + 1)) {
                return false;
            }
        }
        one(']');
        return true;
    }

    private boolean string(byte[] bytes, int from, int to) {
        one('"');
        int at = from;
        while (at < to) {
            int step = Math.min(to, at + STEP);
            // Each byte may become six, and the last character may lie across the step's end.
            ensure(6 * STEP + 8);
            at = characters(bytes, at, step, to);
            if (at < 0) {
                return false;
            }
        }
        one('"');
        return true;
    }

    /// @param step up to where there is room
    /// @param to the string's end
    /// @return where the string goes on; -1 where it is no text
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
                        return -1;
                    }
                    System.arraycopy(bytes, at, out, size, length);
                    size += length;
                    at += length;
                } else {
                    if (b >= 0x20 && b != '"' && b != '\\') {
                        out[size++] = b;
                    } else if (b == 0) {
                        return -1;
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

    /// Canonical Extended JSON of a binary value.
    private void binary(byte[] bytes, int at, int end) {
        int data = at + 5;
        raw(BINARY_START);
        for (int from = data; from < end; from += STEP) {
            raw(BASE64.encode(Arrays.copyOfRange(bytes, from, Math.min(end, from + STEP))));
        }
        raw(BINARY_TYPE);
        ensure(6);
        int subtype = bytes[at + 4] & 0xFF;
        out[size++] = HEX_LOWER[subtype >> 4];
        out[size++] = HEX_LOWER[subtype & 15];
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
