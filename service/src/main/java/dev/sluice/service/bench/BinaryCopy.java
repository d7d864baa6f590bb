package dev.sluice.service.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.bson.types.Decimal128;

/// PostgreSQL's binary COPY format, written by hand for the columns of the bench and for nothing else:
/// part of the limit that Sluice is measured against, so it shares no code with Sluice.
final class BinaryCopy {
    private static final byte[] HEADER = {
        'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
    };
    private static final long EPOCH_MILLIS = 946_684_800_000L;
    private static final int TEXT_OID = 25;
    private static final int DECIMAL128_BIAS = 6176;

    private static final long[] POWERS = {1, 10_000, 100_000_000, 1_000_000_000_000L, 10_000_000_000_000_000L};

    private byte[] bytes = new byte[1 << 20];
    private int size;
    private int rows;

    BinaryCopy() {
        start();
    }

    void start() {
        System.arraycopy(HEADER, 0, bytes, 0, HEADER.length);
        size = HEADER.length;
        rows = 0;
    }

    void end() {
        ensure(2);
        int16(-1);
    }

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    int rows() {
        return rows;
    }

    void row(int columns) {
        ensure(2);
        int16(columns);
        rows++;
    }

    void nothing() {
        ensure(4);
        int32(-1);
    }

    void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        ensure(4 + utf8.length);
        int32(utf8.length);
        append(utf8);
    }

    void jsonb(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        ensure(5 + utf8.length);
        int32(utf8.length + 1);
        bytes[size++] = 1; // the format's version
        append(utf8);
    }

    void bool(boolean value) {
        ensure(5);
        int32(1);
        bytes[size++] = (byte) (value ? 1 : 0);
    }

    void integer(int value) {
        ensure(8);
        int32(4);
        int32(value);
    }

    void bigint(long value) {
        ensure(12);
        int32(8);
        int64(value);
    }

    void float8(double value) {
        bigint(Double.doubleToLongBits(value));
    }

    /// @param millis since 1970
    void timestamptz(long millis) {
        bigint((millis - EPOCH_MILLIS) * 1_000);
    }

    void textArray(List<String> values) {
        ensure(24);
        int at = size;
        int32(0);
        int32(values.isEmpty() ? 0 : 1);
        int32(0);
        int32(TEXT_OID);
        if (!values.isEmpty()) {
            int32(values.size());
            int32(1);
            for (int i = 0; i < values.size(); i++) {
                text(values.get(i));
            }
        }
        patch(at, size - at - 4);
    }

    /// An amount with two decimals, not negative: what the bench's numbers are.
    ///
    /// @throws IllegalArgumentException for any other number
    void amount(Decimal128 value) {
        int exponent = (int) (value.getHigh() >>> 49) - DECIMAL128_BIAS;
        if ((value.getHigh() & 0x1_FFFF_FFFF_FFFFL) != 0 || exponent != -2 || value.getLow() < 0) {
            throw new IllegalArgumentException("not an amount with two decimals");
        }
        long whole = value.getLow() / 100;
        int fraction = (int) (value.getLow() % 100) * 100;
        int digits = fraction == 0 ? 0 : 1;
        int wholeDigits = 0;
        for (long rest = whole; rest != 0; rest /= 10_000) {
            wholeDigits++;
        }
        // Digits of zero at the end are not sent.
        int least = 0;
        for (long rest = whole; fraction == 0 && rest != 0 && rest % 10_000 == 0; rest /= 10_000) {
            least++;
        }
        int count = wholeDigits - least + digits;
        ensure(12 + 2 * count);
        int32(8 + 2 * count);
        int16(count);
        int16(count == 0 ? 0 : wholeDigits - 1);
        int16(0);
        int16(2);
        for (int digit = wholeDigits - 1; digit >= least; digit--) {
            int16((int) (whole / POWERS[digit] % 10_000));
        }
        if (fraction != 0) {
            int16(fraction);
        }
    }

    private void append(byte[] value) {
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    private void int16(int value) {
        bytes[size++] = (byte) (value >>> 8);
        bytes[size++] = (byte) value;
    }

    private void int32(int value) {
        patch(size, value);
        size += 4;
    }

    private void int64(long value) {
        int32((int) (value >>> 32));
        int32((int) value);
    }

    private void patch(int at, int value) {
        bytes[at] = (byte) (value >>> 24);
        bytes[at + 1] = (byte) (value >>> 16);
        bytes[at + 2] = (byte) (value >>> 8);
        bytes[at + 3] = (byte) value;
    }

    private void ensure(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }
}
