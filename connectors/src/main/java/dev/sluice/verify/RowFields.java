package dev.sluice.verify;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Steps from field to field of rows in the format of binary COPY. Stands on one field at a time, the
/// first of a row after [#start]. For one thread.
final class RowFields {
    private static final VarHandle SHORTS = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private byte[] bytes = {};
    private int at;
    private int length;
    private int fields;

    /// Goes to the first field of a row.
    ///
    /// @param row where it begins, with the number of its fields
    void start(byte[] rows, int row) {
        bytes = rows;
        fields = (short) SHORTS.get(bytes, row);
        at = row + 6;
        length = fields > 0 ? (int) INTS.get(bytes, row + 2) : -1;
    }

    /// How many fields the row has; -1 for the end of all rows.
    int fields() {
        return fields;
    }

    /// Goes to the next field. There is one, or only [#rowEnd] is asked for then.
    void next() {
        at += Math.max(length, 0) + 4;
        length = at <= bytes.length ? (int) INTS.get(bytes, at - 4) : -1;
    }

    /// Where the row ends whose last field this is.
    int rowEnd() {
        return at + Math.max(length, 0);
    }

    boolean isNull() {
        return length < 0;
    }

    byte[] bytes() {
        return bytes;
    }

    int at() {
        return at;
    }

    /// Bytes; -1 for NULL.
    int length() {
        return length;
    }

    /// A whole number of 2, 4 or 8 bytes.
    long whole() {
        return switch (length) {
            case 2 -> (short) SHORTS.get(bytes, at);
            case 4 -> (int) INTS.get(bytes, at);
            case 8 -> (long) LONGS.get(bytes, at);
            default -> throw new IllegalStateException("a field of " + length + " bytes is no whole number");
        };
    }

    /// Two bytes within the field.
    int int16(int offset) {
        return (short) SHORTS.get(bytes, at + offset);
    }

    boolean isSameAs(RowFields other) {
        return length == other.length && isSameAs(other, 0, length);
    }

    /// Whether both have the same bytes between two places within the field.
    boolean isSameAs(RowFields other, int from, int to) {
        return Arrays.equals(bytes, at + from, at + to, other.bytes, other.at + from, other.at + to);
    }

    /// A hash of the field's bytes.
    int hash() {
        int hash = length;
        for (int i = at; i < at + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash * 0x9E3779B9;
    }
}
