package dev.sluice.sink.postgres;

import dev.sluice.schema.ColumnType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Rows in PostgreSQL's binary COPY format, in one growing buffer that is used again and again. For one
/// thread.
///
/// The format: PostgreSQL manual, COPY, "Binary Format"; the values: each type's `recv` function in its
/// sources (`numeric_recv`, `array_recv`, `timestamptz_recv`, ..).
final class CopyBuffer {
    private static final byte[] SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0};

    /// PostgreSQL counts from 2000-01-01: microseconds and days behind 1970-01-01.
    private static final long EPOCH_MICROS = 946_684_800_000_000L;

    private static final int EPOCH_DAYS = 10_957;

    private static final BigInteger TEN_THOUSAND = BigInteger.valueOf(10_000);
    private static final int NUMERIC_NEGATIVE = 0x4000;
    private static final int NUMERIC_NAN = 0xC000;
    private static final int NUMERIC_PLUS_INFINITY = 0xD000;
    private static final int NUMERIC_MINUS_INFINITY = 0xF000;

    /// The bytes in front of the first row.
    static final int HEADER = SIGNATURE.length + 8;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final long[] POWERS = {1, 10, 100, 1000};

    private byte[] bytes = new byte[1 << 16];
    private int size;

    void start() {
        size = 0;
        raw(SIGNATURE, 0, SIGNATURE.length);
        int32(0);
        int32(0);
    }

    /// Forgets the bytes, which have been handed on, in the middle of a COPY.
    void clear() {
        size = 0;
    }

    /// Forgets what was written last.
    ///
    /// @param newSize how much stays, bytes
    void truncate(int newSize) {
        size = newSize;
    }

    /// Lets go of the memory.
    void shrink() {
        bytes = new byte[1 << 16];
        size = 0;
    }

    void startRow(int columns) {
        int16(columns);
    }

    void end() {
        int16(-1);
    }

    byte[] bytes() {
        return bytes;
    }

    /// Bytes written so far.
    int size() {
        return size;
    }

    /// Writes one field: its length, then its bytes; -1 for NULL.
    void field(ColumnType type, @Nullable Object value) {
        if (value == null) {
            int32(-1);
            return;
        }
        int at = size;
        int32(0);
        value(type, value);
        patch(at, size - at - 4);
    }

    /// A field of text.
    void text(byte[] utf8, int offset, int length) {
        int32(length);
        raw(utf8, offset, length);
    }

    /// A field of jsonb.
    void json(byte[] utf8, int offset, int length) {
        int32(length + 1);
        int8(1); // the version jsonb_recv asks for
        raw(utf8, offset, length);
    }

    /// A field of bytea.
    void binary(byte[] value, int offset, int length) {
        text(value, offset, length);
    }

    void field8(int value) {
        int32(1);
        int8(value);
    }

    void field16(int value) {
        int32(2);
        int16(value);
    }

    void field32(int value) {
        ensure(8);
        INTS.set(bytes, size, 4);
        INTS.set(bytes, size + 4, value);
        size += 8;
    }

    void field64(long value) {
        ensure(12);
        INTS.set(bytes, size, 8);
        LONGS.set(bytes, size + 4, value);
        size += 12;
    }

    /// @param micros since 1970
    void timestamp(long micros) {
        field64(micros - EPOCH_MICROS);
    }

    /// @param days since 1970
    void date(long days) {
        field32(Math.toIntExact(days - EPOCH_DAYS));
    }

    void uuid(long mostSignificant, long leastSignificant) {
        int32(16);
        int64(mostSignificant);
        int64(leastSignificant);
    }

    /// A field of numeric.
    ///
    /// @param scale 0 to 18
    void decimal(long unscaled, int scale) {
        int at = size;
        int32(0);
        numeric(unscaled, scale);
        patch(at, size - at - 4);
    }

    /// Begins a field that is an array, whose elements are fields.
    ///
    /// @return what [#endArray] has to know
    int startArray(ColumnType element) {
        int at = size;
        int32(0);
        int32(1); // dimensions
        int32(0);
        int32(oid(element));
        int32(0);
        int32(1); // lower bound
        return at;
    }

    /// @param at what [#startArray] said
    void endArray(int at, int count, boolean hasNull) {
        if (count == 0) {
            size = at + 16;
            patch(at + 4, 0);
        } else {
            patch(at + 8, hasNull ? 1 : 0);
            patch(at + 16, count);
        }
        patch(at, size - at - 4);
    }

    private void value(ColumnType type, Object value) {
        switch (type) {
            case ColumnType.Text t -> utf8((String) value);
            case ColumnType.Varchar t -> utf8((String) value);
            case ColumnType.Citext t -> utf8((String) value);
            case ColumnType.Inet t -> utf8((String) value);
            case ColumnType.Bool t -> int8((Boolean) value ? 1 : 0);
            case ColumnType.Int i -> {
                long number = (Long) value;
                switch (i.bytes()) {
                    case 2 -> int16((int) number);
                    case 4 -> int32((int) number);
                    default -> int64(number);
                }
            }
            case ColumnType.DoublePrecision t -> int64(Double.doubleToLongBits((Double) value));
            case ColumnType.Numeric t -> numeric(value);
            case ColumnType.Timestamptz t -> int64((Long) value - EPOCH_MICROS);
            case ColumnType.Date t -> int32(Math.toIntExact((Long) value - EPOCH_DAYS));
            case ColumnType.Uuid t -> {
                UUID uuid = (UUID) value;
                int64(uuid.getMostSignificantBits());
                int64(uuid.getLeastSignificantBits());
            }
            case ColumnType.Bytea t -> {
                byte[] binary = (byte[]) value;
                raw(binary, 0, binary.length);
            }
            case ColumnType.Jsonb t -> {
                int8(1); // the version jsonb_recv asks for
                utf8((String) value);
            }
            case ColumnType.Array a -> array(a.element(), (List<?>) value);
        }
    }

    private void array(ColumnType element, List<?> values) {
        boolean hasNull = false;
        for (Object value : values) {
            hasNull |= value == null;
        }
        int32(values.isEmpty() ? 0 : 1); // dimensions
        int32(hasNull ? 1 : 0);
        int32(oid(element));
        if (values.isEmpty()) {
            return;
        }
        int32(values.size());
        int32(1); // lower bound
        for (Object value : values) {
            field(element, value);
        }
    }

    /// The type's fixed OID (`pg_type.dat` in PostgreSQL's sources). citext, an extension's type, has none
    /// that is fixed; its arrays are staged as text\[\] and cast (see TableSql), as are those of inet,
    /// which rows carry as text.
    private static int oid(ColumnType type) {
        return switch (type) {
            case ColumnType.Text t -> 25;
            case ColumnType.Varchar t -> 1043;
            case ColumnType.Citext t -> 25;
            case ColumnType.Inet t -> 25;
            case ColumnType.Bool t -> 16;
            case ColumnType.Int i -> i.bytes() == 2 ? 21 : i.bytes() == 4 ? 23 : 20;
            case ColumnType.DoublePrecision t -> 701;
            case ColumnType.Numeric t -> 1700;
            case ColumnType.Timestamptz t -> 1184;
            case ColumnType.Date t -> 1082;
            case ColumnType.Uuid t -> 2950;
            case ColumnType.Bytea t -> 17;
            case ColumnType.Jsonb t -> 3802;
            case ColumnType.Array a -> throw new IllegalArgumentException("an array of arrays");
        };
    }

    /// Base-10000 digits, most significant first; `weight` is the exponent of the first; `dscale` the
    /// digits shown after the point.
    private void numeric(Object value) {
        if (value instanceof Double special) {
            int sign = special.isNaN() ? NUMERIC_NAN : special > 0 ? NUMERIC_PLUS_INFINITY : NUMERIC_MINUS_INFINITY;
            numericHeader(0, 0, sign, special.isNaN() ? 0 : 0x20);
            return;
        }
        BigDecimal number = (BigDecimal) value;
        if (number.precision() <= 15 && number.scale() >= 0 && number.scale() <= 18) {
            numeric(number.unscaledValue().longValue(), number.scale());
        } else {
            numericOf(number);
        }
    }

    private void numericOf(BigDecimal number) {
        int displayScale = Math.max(number.scale(), 0);
        // Bring the fraction to a whole number of base-10000 digits.
        int fractionDigits = Math.ceilDiv(displayScale, 4);
        BigInteger unscaled =
                number.setScale(fractionDigits * 4).unscaledValue().abs();
        short[] digits = new short[8];
        int count = 0;
        while (unscaled.signum() != 0) {
            BigInteger[] parts = unscaled.divideAndRemainder(TEN_THOUSAND);
            if (count == digits.length) {
                digits = Arrays.copyOf(digits, count * 2);
            }
            digits[count++] = parts[1].shortValue();
            unscaled = parts[0];
        }
        int weight = count - fractionDigits - 1;
        int trailingZeros = 0;
        while (trailingZeros < count && digits[trailingZeros] == 0) {
            trailingZeros++;
        }
        numericHeader(
                count - trailingZeros,
                count == 0 ? 0 : weight,
                number.signum() < 0 ? NUMERIC_NEGATIVE : 0,
                displayScale);
        for (int i = count - 1; i >= trailingZeros; i--) {
            int16(digits[i]);
        }
    }

    /// The same without objects.
    private void numeric(long unscaled, int displayScale) {
        long size = Math.abs(unscaled);
        int fractionDigits = (displayScale + 3) >> 2;
        long shift = POWERS[fractionDigits * 4 - displayScale];
        if (size < 0 || size > Long.MAX_VALUE / 1_000) {
            numericOf(BigDecimal.valueOf(unscaled, displayScale));
            return;
        }
        size *= shift;
        ensure(24);
        long rest = size;
        int count = 0;
        int trailingZeros = 0;
        while (rest != 0) {
            rest /= 10_000;
            count++;
        }
        long kept = size;
        while (kept != 0 && kept % 10_000 == 0) {
            kept /= 10_000;
            trailingZeros++;
        }
        int digits = count - trailingZeros;
        numericHeader(
                digits, count == 0 ? 0 : count - fractionDigits - 1, unscaled < 0 ? NUMERIC_NEGATIVE : 0, displayScale);
        int at = this.size + 2 * digits;
        this.size = at;
        while (kept != 0) {
            int digit = (int) (kept % 10_000);
            kept /= 10_000;
            bytes[--at] = (byte) digit;
            bytes[--at] = (byte) (digit >>> 8);
        }
    }

    private void numericHeader(int digits, int weight, int sign, int displayScale) {
        int16(digits);
        int16(weight);
        int16(sign);
        int16(displayScale);
    }

    private void utf8(String text) {
        int length = text.length();
        ensure(length * 3L);
        int at = size;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                // Not plain ASCII from here on: leave it to the JDK's encoder.
                byte[] encoded = text.substring(i).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(encoded, 0, bytes, at, encoded.length);
                size = at + encoded.length;
                return;
            }
            bytes[at++] = (byte) c;
        }
        size = at;
    }

    private void raw(byte[] value, int offset, int length) {
        ensure(length);
        System.arraycopy(value, offset, bytes, size, length);
        size += length;
    }

    private void int8(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
    }

    private void int16(int value) {
        ensure(2);
        bytes[size++] = (byte) (value >>> 8);
        bytes[size++] = (byte) value;
    }

    private void int32(int value) {
        ensure(4);
        INTS.set(bytes, size, value);
        size += 4;
    }

    private void int64(long value) {
        ensure(8);
        LONGS.set(bytes, size, value);
        size += 8;
    }

    private void patch(int at, int value) {
        INTS.set(bytes, at, value);
    }

    private void ensure(long more) {
        long needed = size + more;
        if (needed > bytes.length) {
            if (needed > Integer.MAX_VALUE - 16) {
                throw new IllegalStateException("a COPY of more than 2 GB in one buffer");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(Math.max(needed, bytes.length * 2L), Integer.MAX_VALUE - 16));
        }
    }
}
