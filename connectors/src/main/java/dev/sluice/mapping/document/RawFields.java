package dev.sluice.mapping.document;

import dev.sluice.bson.Utf8;
import dev.sluice.mapping.value.RawBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The fields of objects at one place, found by the bytes of their names. Documents of one collection
/// mostly have the same fields in the same order, so the field that followed last time is tried first. It
/// learns the names it meets, so it is for one thread.
final class RawFields {
    /// Beyond these, names that nothing reads are not kept: there are documents whose field names are data.
    private static final int LEARNT_MAX = 256;

    private static final int LEARNT_LENGTH_MAX = 200;

    private final Names names;
    private final List<String> outer;
    private final List<Field> known = new ArrayList<>();
    private Field[] table = new Field[32];
    private int size;
    private int learnt;

    /// What stands before the first field.
    final Field start = new Field("", null);

    /// Whether fields in here that nothing reads are left over.
    final boolean tracks;

    /// Whether a value matters that is no object though paths go on through it to these fields.
    final boolean blocks;

    /// Whether all that is read in here are elements of an array.
    final boolean isReadByIndex;

    /// The greatest index of an array's element in here; -1 where there is none.
    private int lastIndex = -1;

    /// @param trie what the mapping reads here
    static RawFields of(FieldTrie trie, Names names) {
        return new RawFields(trie, List.of(), names, true, true);
    }

    private RawFields(FieldTrie trie, List<String> outer, Names names, boolean tracks, boolean blocks) {
        this.names = names;
        this.outer = outer;
        this.tracks = tracks;
        this.blocks = blocks;
        this.isReadByIndex = trie.isReadByIndex();
        trie.read().forEach((name, node) -> know(name, node, true));
        trie.compared().forEach((name, node) -> know(name, node, names.isId(outer, name)));
    }

    private void know(String name, FieldTrie node, boolean read) {
        boolean isLeftOver = !read || node.read().keySet().stream().anyMatch(inner -> FieldTrie.index(inner) >= 0);
        Field field = new Field(name, isLeftOver ? unread(name) : null);
        field.known = true;
        field.read = read;
        field.whole = node.isWhole();
        field.slot = node.slot();
        if (!node.isEmpty()) {
            List<String> path = new ArrayList<>(outer);
            path.add(name);
            boolean inPart = read && !field.whole;
            field.inside =
                    new RawFields(node, path, names, tracks && inPart && !names.isId(outer, name), blocks && inPart);
        }
        lastIndex = Math.max(lastIndex, field.index);
        known.add(field);
        add(field);
    }

    private UnmappedFields.@Nullable Unread unread(String name) {
        return tracks ? names.unread(outer, name) : null;
    }

    /// What the fields are called that nothing reads, and which of them the document has. For one table of one
    /// mapper, so for one thread.
    static final class Names {
        private final @Nullable UnmappedFields unmapped;
        private final boolean isDocument;
        private final UnmappedFields.Found found;

        /// @param unmapped null where a column keeps what nothing reads
        /// @param isDocument whether the fields are a document's, so that nothing in `_id` is left over
        Names(@Nullable UnmappedFields unmapped, boolean isDocument, UnmappedFields.Found found) {
            this.unmapped = unmapped;
            this.isDocument = isDocument;
            this.found = found;
        }

        private boolean isId(List<String> outer, String name) {
            return isDocument && outer.isEmpty() && name.equals("_id");
        }

        private UnmappedFields.@Nullable Unread unread(List<String> outer, String name) {
            return unmapped == null ? null : found.known(unmapped.path(outer, name));
        }
    }

    /// One name.
    static final class Field {
        /// The length of its bytes with their terminator.
        final int length;

        /// Of an array's element; -1 for none.
        final int index;

        /// Whether it is how an index is written.
        final boolean isIndex;

        /// What is to be said where nothing reads it, or of an array not all elements; null for nothing.
        final UnmappedFields.@Nullable Unread unread;

        /// Whether the mapping has the name.
        private boolean known;
        /// Whether it counts as read, whole or in part.
        private boolean read;
        /// Whether it is read by itself, and not only fields inside it.
        private boolean whole;
        /// Where the value is put; -1 for nowhere.
        private int slot = -1;
        /// What is known inside it; null for nothing.
        private @Nullable RawFields inside;
        /// The document or element that it was last met in.
        private long metIn;
        /// The field that followed last time.
        private @Nullable Field next;

        private final byte[] bytes;
        private final long first;
        private final long firstMask;

        private Field(String name, UnmappedFields.@Nullable Unread unread) {
            this(terminated(name), FieldTrie.index(name), name, unread);
        }

        private Field(byte[] bytes, int index, String name, UnmappedFields.@Nullable Unread unread) {
            this.bytes = bytes;
            this.length = bytes.length;
            this.index = index;
            this.isIndex = index >= 0 && name.equals(Integer.toString(index));
            this.unread = unread;
            int inFirst = Math.min(8, bytes.length);
            this.firstMask = inFirst == 8 ? -1 : (1L << (8 * inFirst)) - 1;
            this.first = RawBytes.int64(Arrays.copyOf(bytes, 8 + bytes.length), 0) & firstMask;
        }

        boolean isKnown() {
            return known;
        }

        boolean isRead() {
            return read;
        }

        boolean isWhole() {
            return whole;
        }

        int slot() {
            return slot;
        }

        @Nullable
        RawFields inside() {
            return inside;
        }

        /// Whether it was met in this document or element before.
        boolean isMetAgain(long in) {
            boolean again = metIn == in;
            metIn = in;
            return again;
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
    List<Field> known() {
        return known;
    }

    /// Whether elements of an array are read in here, up to which one.
    int lastIndex() {
        return lastIndex;
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
        byte[] bytes = Arrays.copyOfRange(document, at, end);
        String name = Utf8.decode(bytes, 0, bytes.length - 1);
        field = new Field(bytes, -1, name, unread(name));
        if (learnt < LEARNT_MAX && bytes.length <= LEARNT_LENGTH_MAX) {
            learnt++;
            add(field);
        }
        return field;
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
