package dev.sluice.mapping;

import dev.sluice.bson.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The fields of objects at one place, found by the bytes of their names. Documents of one collection
/// mostly have the same fields in the same order, so the field that followed last time is tried first. It
/// learns the names it meets, so it is for one thread.
final class RawFields {
    /// Beyond these, names that nothing reads are not kept: there are documents whose field names are data.
    private static final int LEARNT_MAX = 256;

    private static final int LEARNT_LENGTH_MAX = 200;

    private final Function<String, @Nullable Unread> unread;
    private Field[] table = new Field[32];
    private int size;
    private int learnt;

    /// What stands before the first field.
    final Field start = new Field(new byte[0], "", false, null);

    /// Whether fields in here that nothing reads matter.
    boolean tracks;

    /// Whether values in here matter that are no objects though paths go on through them.
    boolean blocks;

    /// Whether there is anything in here to look for.
    boolean searched;

    /// @param unread what to say of a name that nothing reads
    RawFields(Function<String, @Nullable Unread> unread) {
        this.unread = unread;
    }

    /// The path of fields that nothing reads: one for each distinct path.
    static final class Unread {
        final String path;
        /// The document that it was last said of.
        long saidOf;

        Unread(String path) {
            this.path = path;
        }
    }

    /// One name.
    static final class Field {
        final String name;
        /// The length of its bytes with their terminator.
        final int length;

        final boolean read;
        final @Nullable Unread unread;

        /// Where the value is put; -1 for nowhere.
        int slot = -1;
        /// Whether it is read by itself, and not only fields inside it.
        boolean whole;
        /// Whether the value is kept for columns that need it decoded.
        boolean captured;
        /// The same, where something is left in it that nothing reads.
        boolean capturedForRest;
        /// Fields that are read inside it; null for none.
        @Nullable
        RawFields inside;
        /// The document or element that it was last met in.
        long metIn;
        /// The field that followed last time.
        @Nullable
        Field next;

        private final byte[] bytes;
        private final long first;
        private final long firstMask;

        private Field(byte[] bytes, String name, boolean read, @Nullable Unread unread) {
            this.name = name;
            this.length = bytes.length;
            this.read = read;
            this.unread = unread;
            this.bytes = bytes;
            int inFirst = Math.min(8, bytes.length);
            this.firstMask = inFirst == 8 ? -1 : (1L << (8 * inFirst)) - 1;
            this.first = RawBytes.int64(Arrays.copyOf(bytes, 8 + bytes.length), 0) & firstMask;
        }

        /// Whether this is the name that begins here.
        boolean isAt(byte[] document, int at) {
            if (at + 8 > document.length) {
                return at + length <= document.length && Arrays.equals(document, at, at + length, bytes, 0, length);
            }
            if (((RawBytes.int64(document, at) ^ first) & firstMask) != 0) {
                return false;
            }
            if (length <= 8) {
                return true;
            }
            if (length <= 16 && at + length <= document.length) {
                return RawBytes.int64(document, at + length - 8) == RawBytes.int64(bytes, length - 8);
            }
            return at + length <= document.length && Arrays.equals(document, at + 8, at + length, bytes, 8, length);
        }
    }

    /// A name that the mapping has, made when it is asked for first.
    Field field(String name) {
        byte[] bytes = terminated(name);
        Field field = search(bytes, 0, bytes.length, hash(bytes, 0, bytes.length));
        if (field == null) {
            field = new Field(bytes, name, true, null);
            add(field);
        }
        return field;
    }

    /// The field whose name begins here, most likely the one that followed this one last time.
    ///
    /// @param limit where the document's terminator is
    Field next(Field before, byte[] document, int at, int limit) {
        Field guess = before.next;
        if (guess != null) {
            if (guess.isAt(document, at)) {
                return guess;
            }
            // Where a field is missing, it is the one behind it.
            Field second = guess.next;
            if (second != null && second.isAt(document, at)) {
                return second;
            }
        }
        Field found = find(document, at, limit);
        before.next = found;
        return found;
    }

    /// The names that the mapping has.
    List<Field> fields() {
        return Arrays.stream(table).filter(f -> f != null && f.read).toList();
    }

    /// The field whose name begins here.
    ///
    /// @param limit where the document's terminator is
    private Field find(byte[] document, int at, int limit) {
        int end = RawBytes.nameEnd(document, at, limit);
        int hash = hash(document, at, end);
        Field field = search(document, at, end, hash);
        if (field != null) {
            return field;
        }
        // Names that are none can look like others when they are decoded.
        if (!RawBytes.isText(document, at, end - at - 1)) {
            throw RawBytes.Declined.INSTANCE;
        }
        byte[] bytes = Arrays.copyOfRange(document, at, end);
        String name = Utf8.decode(bytes, 0, bytes.length - 1);
        field = new Field(bytes, name, false, unread.apply(name));
        if (learnt < LEARNT_MAX && bytes.length <= LEARNT_LENGTH_MAX) {
            learnt++;
            add(field);
        }
        return field;
    }

    /// A field that the mapping does not have, for its value to be kept.
    void capture(String name) {
        byte[] bytes = terminated(name);
        if (search(bytes, 0, bytes.length, hash(bytes, 0, bytes.length)) == null) {
            add(new Field(bytes, name, false, unread.apply(name)));
        }
        Field field = search(bytes, 0, bytes.length, hash(bytes, 0, bytes.length));
        if (field != null) {
            field.captured = true;
        }
    }

    private static byte[] terminated(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private @Nullable Field search(byte[] document, int at, int end, int hash) {
        int mask = table.length - 1;
        for (int i = hash & mask; ; i = (i + 1) & mask) {
            Field field = table[i];
            if (field == null) {
                return null;
            }
            if (field.length == end - at && field.isAt(document, at)) {
                return field;
            }
        }
    }

    private void add(Field field) {
        if (2 * ++size > table.length) {
            Field[] smaller = table;
            table = new Field[2 * smaller.length];
            for (Field old : smaller) {
                if (old != null) {
                    put(old);
                }
            }
        }
        put(field);
    }

    private void put(Field field) {
        int mask = table.length - 1;
        int i = hash(field.bytes, 0, field.length) & mask;
        while (table[i] != null) {
            i = (i + 1) & mask;
        }
        table[i] = field;
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash ^ (hash >>> 15);
    }
}
