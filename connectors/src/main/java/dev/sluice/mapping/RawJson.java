package dev.sluice.mapping;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// [BsonToJson] for values that are not decoded, as UTF-8. What it is not certain of it leaves to that: a
/// name that is there twice, a string that can't be stored, the types that are seldom. For one thread.
final class RawJson {
    /// A larger buffer is not kept.
    private static final int KEPT_MAX = 1 << 20;

    /// Objects of more fields are left to the other way, which finds names that are there twice by hashing.
    private static final int FIELDS_MAX = 64;

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
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private static final NestedMisfits DECLINE = (path, part, reason) -> {
        throw RawBytes.Declined.INSTANCE;
    };

    private final DecimalDigits decimal = new DecimalDigits();
    private byte[] out = new byte[1 << 10];
    private int size;
    private int[] names = new int[256];
    private int namesSize;

    void clear() {
        size = 0;
        if (out.length > KEPT_MAX) {
            out = new byte[1 << 10];
        }
    }

    byte[] bytes() {
        return out;
    }

    int size() {
        return size;
    }

    /// Adds a value as JSON.
    ///
    /// @throws RawBytes.Declined when there is something in it to be reported
    void write(byte[] bytes, byte type, int at) {
        int before = size;
        namesSize = 0;
        int end = RawBytes.end(bytes, type, at, bytes.length);
        if (!value(bytes, type, at, end, 1)) {
            size = before;
            decoded(bytes, type, at, end);
        }
    }

    /// Begins an object whose fields are added one by one.
    void startObject() {
        namesSize = 0;
        one('{');
    }

    /// @param name where the field's name begins
    /// @return false when it is not certain
    boolean addField(byte[] bytes, int name, byte type, int at) {
        if (namesSize > 0) {
            one(',');
        }
        if (!isNew(bytes, name, at - 1, 0) || !string(bytes, name, at - 1)) {
            return false;
        }
        one(':');
        return value(bytes, type, at, RawBytes.end(bytes, type, at, bytes.length), 2);
    }

    /// To be called when all fields have been added.
    void endObject() {
        one('}');
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
        one('{');
        while (at < last) {
            if (at > start + 4) {
                one(',');
            }
            byte type = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            if (!isNew(bytes, at + 1, value - 1, firstName) || !string(bytes, at + 1, value - 1)) {
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
    private boolean isNew(byte[] bytes, int from, int to, int firstName) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + bytes[i];
        }
        for (int i = firstName; i < namesSize; i++) {
            if (names[i] == hash) {
                return false;
            }
        }
        if (namesSize - firstName == FIELDS_MAX) {
            return false;
        }
        if (namesSize == names.length) {
            names = Arrays.copyOf(names, 2 * namesSize);
        }
        names[namesSize++] = hash;
        return true;
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
        // Each byte may become six.
        ensure(6L * (to - from) + 10);
        out[size++] = '"';
        int at = from;
        while (at < to) {
            int stop = to;
            if (to - at >= 8) {
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
                    int length = RawBytes.characterSize(bytes, at, to);
                    if (length == 0) {
                        return false;
                    }
                    System.arraycopy(bytes, at, out, size, length);
                    size += length;
                    at += length;
                } else {
                    if (b >= 0x20 && b != '"' && b != '\\') {
                        out[size++] = b;
                    } else if (b == 0) {
                        return false;
                    } else {
                        escaped(b);
                    }
                    at++;
                }
            }
        }
        out[size++] = '"';
        return true;
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
        ensure(more.length);
        System.arraycopy(more, 0, out, size, more.length);
        size += more.length;
    }

    private void ensure(long more) {
        long needed = size + more;
        if (needed > out.length) {
            if (needed > Integer.MAX_VALUE - 16) {
                throw RawBytes.Declined.INSTANCE;
            }
            out = Arrays.copyOf(out, (int) Math.min(Math.max(needed, 2L * out.length), Integer.MAX_VALUE - 16));
        }
    }
}
