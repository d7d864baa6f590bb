package dev.sluice.sink.copy;

import dev.sluice.schema.ColumnType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Rows in PostgreSQL's binary COPY format. The bytes lie in segments that are never copied when more are
/// needed, so that the memory taken is the bytes written, and no value needs one large array. Segments are
/// used again. What is more than a buffer may take of the heap goes to a temporary file: a document of 16 MB
/// can be JSON of six times its size. For one thread.
///
/// A position in the buffer is a `long`: the number of the segment in its upper half, the place within it
/// in its lower half. Positions compare as the places they stand for.
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

    /// The bytes in front of the first row; also their end's position, since they lie in the first segment.
    static final int HEADER = SIGNATURE.length + 8;

    /// Bytes of a segment; also what is handed to the driver at a time. Measured: larger ones are no faster.
    static final int SEGMENT = 1 << 16;

    /// Bytes of the first segment; each one has twice as many as the one before, up to [#SEGMENT]. Many buffers never
    /// hold more than the rows of one document.
    private static final int FIRST_SEGMENT = 1 << 12;

    /// The memory that [#clear] keeps, bytes: many buffers may be open at once.
    private static final long KEPT_MAX = Math.clamp(Runtime.getRuntime().maxMemory() / 256, 1L << 20, 16L << 20);

    /// How many segments lie in memory at most; the one that is written, too, where there are more. Larger
    /// than what rows take that are made of [dev.sluice.memory.MemoryBudget#piece()] bytes of documents.
    static final int HEAP_SEGMENTS =
            (int) (Math.clamp(Runtime.getRuntime().maxMemory() / 32, 4L << 20, 256L << 20) / SEGMENT);

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /// Characters that are encoded at a time.
    private static final int STEP = 1 << 12;

    private static final long[] POWERS = {1, 10, 100, 1000};

    private final List<byte[]> segments = new ArrayList<>(List.of(new byte[FIRST_SEGMENT]));
    /// How much of each segment before the current one is used, bytes.
    private int[] used = new int[1];
    /// How many bytes lie before each segment up to the current one.
    private long[] before = new long[1];
    private int current;
    /// The current segment, and how much of it is used.
    private byte[] bytes = segments.getFirst();

    private int size;
    private @Nullable SpilledSegments spilled;
    private final int heapSegments;

    CopyBuffer() {
        this(HEAP_SEGMENTS);
    }

    /// @param heapSegments how many segments lie in memory, in addition to the one that is written
    CopyBuffer(int heapSegments) {
        this.heapSegments = heapSegments;
    }

    void start() {
        clear();
        raw(SIGNATURE, 0, SIGNATURE.length);
        int32(0);
        int32(0);
    }

    /// Forgets the bytes, and keeps some of the memory.
    void clear() {
        int kept = (int) (KEPT_MAX / SEGMENT);
        if (segments.size() > kept) {
            segments.subList(kept, segments.size()).clear();
        }
        if (spilled != null) {
            spilled.close();
            spilled = null;
        }
        current = 0;
        bytes = segments.getFirst();
        size = 0;
    }

    /// The position behind the last byte.
    long position() {
        return ((long) current << 32) | size;
    }

    /// Forgets what was written behind a position.
    void truncate(long position) {
        int to = (int) (position >>> 32);
        if (to != current) {
            bytes = segment(to);
            if (isSpilled(to)) {
                spilled().read(to - heapSegments, bytes, used[to]);
            }
            current = to;
        }
        size = (int) position;
    }

    private byte[] segment(int number) {
        return segments.get(Math.min(number, heapSegments));
    }

    private boolean isSpilled(int number) {
        return number >= heapSegments && number != current;
    }

    private SpilledSegments spilled() {
        if (spilled == null) {
            spilled = SpilledSegments.create(SEGMENT);
        }
        return spilled;
    }

    /// Bytes between two positions.
    long length(long from, long to) {
        return offset(to) - offset(from);
    }

    private long offset(long position) {
        return before[(int) (position >>> 32)] + (int) position;
    }

    /// Shows the bytes between two positions, in pieces of at most [#SEGMENT].
    <E extends Exception> void send(long from, long to, Pieces<E> pieces) throws E {
        int last = (int) (to >>> 32);
        int at = (int) from;
        byte[] read = last >= heapSegments ? new byte[SEGMENT] : bytes;
        for (int i = (int) (from >>> 32); i <= last; i++) {
            int end = i == last ? (int) to : used[i];
            if (end > at) {
                if (isSpilled(i)) {
                    spilled().read(i - heapSegments, read, end);
                    pieces.take(read, at, end - at);
                } else {
                    pieces.take(segment(i), at, end - at);
                }
            }
            at = 0;
        }
    }

    /// Goes on in the next segment.
    private void nextSegment() {
        used[current] = size;
        int next = current + 1;
        if (next == used.length) {
            used = Arrays.copyOf(used, 2 * next);
            before = Arrays.copyOf(before, 2 * next);
        }
        if (next == segments.size() && next <= heapSegments) {
            segments.add(new byte[Math.min(SEGMENT, 2 * bytes.length)]);
        }
        if (current >= heapSegments) {
            spilled().write(current - heapSegments, bytes, size);
        }
        before[next] = before[current] + size;
        current = next;
        bytes = segment(next);
        size = 0;
    }

    void startRow(int columns) {
        int16(columns);
    }

    /// Bytes written so far.
    long size() {
        return before[current] + size;
    }

    /// How many of them lie in memory.
    long heapBytes() {
        return Math.min(size(), (heapSegments + 1L) * SEGMENT);
    }

    /// Writes one field: its length, then its bytes; -1 for NULL.
    void field(ColumnType type, @Nullable Object value) {
        if (value == null) {
            int32(-1);
            return;
        }
        long at = startField();
        value(type, value);
        endField(at);
    }

    /// Begins a field whose bytes are given by [#raw].
    ///
    /// @return what [#endField] has to know
    long startField() {
        ensure(4);
        long at = position();
        int32(0);
        return at;
    }

    /// The same of jsonb.
    long startJson() {
        long at = startField();
        int8(1); // the version jsonb_recv asks for
        return at;
    }

    /// @param at what [#startField] said
    void endField(long at) {
        patch(at, Math.toIntExact(length(at, position()) - 4));
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
        long at = startField();
        numeric(unscaled, scale);
        endField(at);
    }

    /// Begins a field that is an array, whose elements are fields.
    ///
    /// @return what [#endArray] has to know
    long startArray(ColumnType element) {
        ensure(24);
        long at = position();
        int32(0);
        int32(1); // dimensions
        int32(0);
        int32(oid(element));
        int32(0);
        int32(1); // lower bound
        return at;
    }

    /// @param at what [#startArray] said
    void endArray(long at, int count, boolean hasNull) {
        // The head lies in one segment, so its parts' positions can be counted.
        if (count == 0) {
            truncate(at + 16);
            patch(at + 4, 0);
        } else {
            patch(at + 8, hasNull ? 1 : 0);
            patch(at + 16, count);
        }
        endField(at);
    }

    private void value(ColumnType type, Object value) {
        switch (type) {
            case ColumnType.Text t -> utf8((String) value);
            case ColumnType.Varchar t -> utf8((String) value);
            case ColumnType.Citext t -> utf8((String) value);
            case ColumnType.Inet t -> utf8((String) value);
            case ColumnType.Postgres t -> utf8((String) value);
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
    /// that is fixed; its arrays are staged as text\[\] and cast (see TableSql), as are those of inet and of
    /// types by name, which rows carry as text.
    private static int oid(ColumnType type) {
        return switch (type) {
            case ColumnType.Text t -> 25;
            case ColumnType.Varchar t -> 1043;
            case ColumnType.Citext t -> 25;
            case ColumnType.Inet t -> 25;
            case ColumnType.Postgres t -> 25;
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
        int i = 0;
        while (i < length) {
            // In steps, so that a long text needs no array of its own size.
            int stop = Math.min(length, i + STEP);
            ensure(stop - i);
            int at = size;
            while (i < stop) {
                char c = text.charAt(i);
                if (c >= 0x80) {
                    break;
                }
                bytes[at++] = (byte) c;
                i++;
            }
            size = at;
            if (i < stop) {
                // Not plain ASCII: leave this step to the JDK's encoder, and part no pair of surrogates.
                int end = Math.min(length, i + STEP);
                if (end < length && Character.isHighSurrogate(text.charAt(end - 1))) {
                    end++;
                }
                byte[] encoded = text.substring(i, end).getBytes(StandardCharsets.UTF_8);
                raw(encoded, 0, encoded.length);
                i = end;
            }
        }
    }

    /// Bytes of a field that was begun by [#startField].
    void raw(byte[] value, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (size == bytes.length) {
                nextSegment();
            }
            int piece = Math.min(left, bytes.length - size);
            System.arraycopy(value, from, bytes, size, piece);
            size += piece;
            from += piece;
            left -= piece;
        }
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

    private void patch(long at, int value) {
        int number = (int) (at >>> 32);
        if (isSpilled(number)) {
            spilled().patch(number - heapSegments, (int) at, value);
        } else {
            INTS.set(segment(number), (int) at, value);
        }
    }

    /// Makes room for so many bytes that have to lie together.
    private void ensure(int more) {
        if (size + more > bytes.length) {
            nextSegment();
        }
    }
}
