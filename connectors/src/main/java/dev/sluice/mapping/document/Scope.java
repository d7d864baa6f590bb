package dev.sluice.mapping.document;

import dev.sluice.bson.ExactBson;
import dev.sluice.bson.Utf8;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.NestedMisfits;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Supplier;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What the columns of one table are read from, and who is told what comes to light: a document, or in a child table
/// an element of an array. [#scan] finds in one pass where the values lie that the mapping reads, and nothing is
/// decoded for it; by the rules of [FieldTrie] it also finds what nothing reads.
///
/// One for each table of a mapper, for one document after the other, and one thread.
public final class Scope implements NestedMisfits {
    /// In [#rest], in the place of an end: an object begins, and the other number is where its fields do.
    private static final int OPENED = -1;

    /// In the place of both: it ends.
    private static final int CLOSED = -2;

    /// The length of `_id` with its terminator.
    private static final int ID_NAME = 4;

    private final RawFields fields;
    private final UnmappedFields.Found unread;
    private final boolean keepsRest;
    private final int idSlot;
    private final @Nullable Scope top;
    private final String array;
    private final Value.Scratch scratch;
    private final Value value;

    // Of all documents and elements.
    private long scans;

    // Of the last one.
    private byte[] bytes = {};
    private byte type;
    private int start;
    private int index;
    /// Where the name of the entry begins that was moved to last.
    private int nameAt;
    /// Of an entry, how many bytes its name has; -1 for an element of an array.
    private int nameLength = -1;
    /// Of an element whose row's key is made of a field; else null.
    private @Nullable Object elementKey;
    private final long[] found;
    private boolean hasTwins;
    private boolean isBlocked;
    /// How much there is that nothing reads.
    private int left;
    /// Whether it is in an array that is read by index, which is left over as a whole.
    private boolean inArray;
    /// What nothing reads, in pairs: where it begins and ends in the bytes.
    private int[] rest = {};

    private int restSize;

    // Of the last document.
    private @Nullable Refusals refusals;
    private @Nullable Findings findings;
    /// Those of one column that conversions have made; null where there are none.
    private @Nullable Set<BsonValue> readAsIds;

    private boolean remembersIds;

    /// @param reads what is read
    /// @param unmapped what the fields are called that nothing reads; null where a column keeps them
    /// @param top the document's scope, for a child table; null for the document's own
    /// @param unread is told of the fields that nothing reads; the same for all tables
    /// @param scratch the same for all tables
    public Scope(
            ReadFields reads,
            @Nullable UnmappedFields unmapped,
            @Nullable Scope top,
            UnmappedFields.Found unread,
            Value.Scratch scratch) {
        FieldTrie trie = top == null ? reads.document() : reads.here();
        this.array = reads.array();
        this.fields = RawFields.of(trie, new RawFields.Names(unmapped, top == null, unread));
        this.unread = unread;
        this.keepsRest = trie.keepsRest();
        this.top = top;
        this.idSlot = top == null ? trie.slot(ReadFields.ID) : -1;
        this.found = new long[trie.slots()];
        this.scratch = scratch;
        this.value = new Value(scratch);
    }

    /// Of a document by itself.
    public static Scope of(BsonDocument document, ReadFields reads) {
        Scope scope = new Scope(reads, null, null, new UnmappedFields.Found(), new Value.Scratch());
        ByteBuffer buffer = ExactBson.document(document).getByteBuffer().asNIO();
        int from = buffer.arrayOffset() + buffer.position();
        scope.startDocument(null);
        scope.scan(buffer.array(), RawBytes.DOCUMENT, from, from + buffer.remaining());
        return scope;
    }

    /// Of values that are in no document: those of the mapping itself.
    public static Scope nowhere(ReadFields reads) {
        Scope document = of(new BsonDocument(), reads);
        return reads.element() == null ? document : new Scope(reads, null, document, document.unread, document.scratch);
    }

    /// To be called of the document's scope, before it is scanned.
    ///
    /// @param refused what PostgreSQL has refused of its rows; null for nothing
    public void startDocument(@Nullable Refusals refused) {
        refusals = refused;
        findings = null;
        unread.startDocument();
    }

    /// Finds what the columns need in a document or an element.
    ///
    /// @param limit what it may not go beyond
    /// @throws org.bson.BSONException when the bytes are none
    public void scan(byte[] document, byte kind, int at, int limit) {
        bytes = document;
        type = kind;
        start = at;
        scans++;
        Arrays.fill(found, 0);
        hasTwins = false;
        isBlocked = false;
        left = 0;
        inArray = false;
        restSize = 0;
        if (kind == RawBytes.DOCUMENT) {
            scan(fields, at, limit);
        }
    }

    private void scan(RawFields in, int from, int limit) {
        byte[] document = bytes;
        int last = RawBytes.documentEnd(document, from, limit) - 1;
        int at = from + 4;
        RawFields.Field before = in.start;
        while (at < last) {
            int element = at;
            byte kind = document[at++];
            RawFields.Field field = in.next(before, document, at, last);
            before = field;
            int place = at + field.length;
            at = RawBytes.end(document, kind, place, last);
            if (field.isKnown()) {
                if (!field.isMetAgain(scans)) {
                    meet(field, element, place, at);
                } else if (field.isRead()) {
                    // A name twice: queries see the first, and the other is to be kept.
                    hasTwins = true;
                    continue;
                }
            }
            if (in.tracks && !field.isRead()) {
                leave(element, at);
                report(field);
            }
        }
    }

    /// @param element where its type is, before its name
    private void meet(RawFields.Field field, int element, int place, int end) {
        byte kind = bytes[element];
        if (field.slot() >= 0) {
            found[field.slot()] = ((long) place << 8) | (kind & 0xFF);
        }
        RawFields inside = field.inside();
        if (inside == null) {
            return;
        }
        if (kind == RawBytes.DOCUMENT) {
            object(inside, element, place, end);
        } else if (kind == RawBytes.ARRAY && inside.lastIndex() >= 0) {
            array(field, inside, element, end);
        } else {
            if (inside.tracks) {
                // Nobody reads it, so it is in the rest as it is.
                leave(element, end);
            }
            isBlocked |= inside.blocks && kind != RawBytes.NULL && kind != RawBytes.UNDEFINED;
        }
    }

    private void object(RawFields inside, int element, int place, int end) {
        boolean opens = keepsRest && inside.tracks && !inArray;
        int before = restSize;
        if (opens) {
            addRest(element, OPENED);
            addRest(place, OPENED);
        }
        scan(inside, place, end);
        if (opens && restSize == before + 4) {
            restSize = before;
        } else if (opens) {
            addRest(CLOSED, CLOSED);
        }
    }

    private void array(RawFields.Field field, RawFields inside, int element, int end) {
        boolean outer = inArray;
        inArray = true;
        int last = end - 1;
        int at = element + 1 + field.length + 4;
        boolean isEmpty = at >= last;
        boolean isReadWhole = !isEmpty;
        for (int i = 0; at < last && i <= inside.lastIndex(); i++) {
            int inner = at;
            int place = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, bytes[inner], place, last);
            boolean isRead = false;
            for (RawFields.Field each : inside.known()) {
                if (each.index == i) {
                    int before = left;
                    meet(each, inner, place, at);
                    isRead |= each.isIndex && each.isRead() && left == before;
                }
            }
            isReadWhole &= isRead;
        }
        inArray = outer;
        isBlocked |= inside.blocks && !inside.isReadByIndex;
        if (inside.tracks && (at < last || !isReadWhole)) {
            leave(element, end);
            if (!isEmpty && inside.isReadByIndex) {
                report(field);
            }
        }
    }

    private void leave(int element, int end) {
        left++;
        if (keepsRest && !inArray) {
            addRest(element, end);
        }
    }

    private void addRest(int from, int to) {
        if (restSize + 2 > rest.length) {
            rest = Arrays.copyOf(rest, Math.max(32, 2 * rest.length));
        }
        rest[restSize++] = from;
        rest[restSize++] = to;
    }

    private void report(RawFields.Field field) {
        if (field.unread != null && !inArray) {
            unread.report(field.unread);
        }
    }

    /// To be called of a child table's scope before an element of an array is scanned.
    public void moveTo(int next) {
        index = next;
    }

    /// The same where the child table's rows are entries of an object, whose names lie in the bytes
    /// that are scanned.
    ///
    /// @param next the entry's number in the object, from 0
    /// @param at where its name begins
    /// @param length of its name, bytes
    public void moveToEntry(int next, int at, int length) {
        index = next;
        nameAt = at;
        nameLength = length;
    }

    /// To be called when an element was scanned whose row's key is made of a field.
    public void knowRowKey(Object key) {
        elementKey = key;
    }

    /// What was scanned lies in these bytes; not to be changed.
    public byte[] bytes() {
        return bytes;
    }

    /// Of the value at a slot, its place and in the lowest byte its type; 0 when it is missing.
    public long found(int slot) {
        return found[slot];
    }

    /// The document's `_id`, as [#found] has it.
    public long foundId() {
        Scope document = top();
        return document.found[document.idSlot];
    }

    /// What was scanned, as [#found] has it.
    public long all() {
        return ((long) start << 8) | (type & 0xFF);
    }

    /// What was scanned, decoded anew each time.
    public BsonValue decoded() {
        Value all = new Value(scratch);
        all.set(bytes, all());
        return all.decoded();
    }

    /// What nothing reads, as an object; missing where that is nothing.
    public void rest(Value into) {
        if (restSize == 0) {
            into.setMissing();
            return;
        }
        int length = 5;
        for (int i = 0; i < restSize; i += 2) {
            length += rest[i + 1] == CLOSED ? 1 : rest[i + 1] == OPENED ? 0 : rest[i + 1] - rest[i];
            if (rest[i + 1] == OPENED) {
                length += rest[i + 2] - rest[i] + 4;
                i += 2;
            }
        }
        byte[] object = new byte[length];
        into.set(object, RawBytes.DOCUMENT, 0);
        RawBytes.putInt32(object, 0, write(object));
    }

    /// @return where it ends
    private int write(byte[] object) {
        int[] starts = new int[restSize];
        int depth = 0;
        int size = 4;
        for (int i = 0; i < restSize; i += 2) {
            int from = rest[i];
            int to = rest[i + 1];
            if (to == CLOSED) {
                size++;
                RawBytes.putInt32(object, starts[--depth], size - starts[depth]);
                continue;
            }
            if (to == OPENED) {
                i += 2;
                to = rest[i];
                starts[depth++] = size + to - from;
                System.arraycopy(bytes, from, object, size, to - from);
                size += to - from + 4;
            } else {
                System.arraycopy(bytes, from, object, size, to - from);
                size += to - from;
            }
        }
        return size + 1;
    }

    /// The document without its `_id`.
    public void whole(Value into) {
        Scope document = top();
        byte[] all = document.bytes;
        int id = (int) (document.foundId() >>> 8);
        if (id == 0) {
            into.set(all, RawBytes.DOCUMENT, document.start);
            return;
        }
        int idStart = id - 1 - ID_NAME;
        int idEnd = RawBytes.end(all, all[idStart], id, all.length);
        int end = document.start + RawBytes.int32(all, document.start);
        byte[] object = new byte[end - document.start - (idEnd - idStart)];
        System.arraycopy(all, document.start, object, 0, idStart - document.start);
        System.arraycopy(all, idEnd, object, idStart - document.start, end - idEnd);
        RawBytes.putInt32(object, 0, object.length);
        into.set(object, RawBytes.DOCUMENT, 0);
    }

    /// For the columns, one after the other.
    public Value value() {
        return value;
    }

    /// For a source that is read in addition to another one.
    public Value another() {
        return new Value(scratch);
    }

    /// What comes to light meanwhile is not said of the document.
    public <T> @Nullable T quietly(Supplier<@Nullable T> work) {
        Scope document = top();
        Findings before = document.findings;
        document.findings = null;
        T result = work.get();
        document.findings = before;
        return result;
    }

    /// From here on, what conversions read as an id is remembered, for a column that refers to
    /// documents.
    public void startReference() {
        top().remembersIds = true;
    }

    /// From here on nothing is remembered.
    public void endReference() {
        Scope document = top();
        document.remembersIds = false;
        document.readAsIds = null;
    }

    /// Says that a conversion has made an id of what was none: an ObjectId of a text, a UUID of an
    /// ObjectId.
    ///
    /// @return the id, the same instance
    public BsonValue readAsId(BsonValue id) {
        Scope document = top();
        if (document.remembersIds) {
            if (document.readAsIds == null) {
                document.readAsIds = Collections.newSetFromMap(new IdentityHashMap<>());
            }
            document.readAsIds.add(id);
        }
        return id;
    }

    /// Whether this instance was read as an id since [#startReference].
    public boolean isReadAsId(@Nullable BsonValue value) {
        Set<BsonValue> read = top().readAsIds;
        return read != null && value != null && read.contains(value);
    }

    /// What is recorded of this document. Created when it is first asked for, since most documents have none.
    public Findings findings() {
        Scope document = top();
        if (document.findings == null) {
            document.findings = new Findings();
        }
        return document.findings;
    }

    /// What has been said of the document; null when that is nothing.
    public @Nullable Findings said() {
        return top().findings;
    }

    /// Whether a name that is read was there twice.
    public boolean hasTwins() {
        return hasTwins;
    }

    /// Whether a path could not go on through a value.
    public boolean isBlocked() {
        return isBlocked;
    }

    @Override
    public void misfit(String path, BsonValue part, String reason) {
        findings().misfit(path, part, reason);
    }

    /// The scope of the document that holds the array; this one outside child tables.
    public Scope top() {
        return top == null ? this : top;
    }

    /// What PostgreSQL has refused of the document's rows; null for nothing.
    public @Nullable Refusals refusals() {
        return top().refusals;
    }

    /// What tells the row from the document's others in its table, as [Refusals] has it.
    public Object rowKey() {
        Object key = elementKey;
        return key != null ? key : nameLength < 0 ? (Object) (long) index : entryName();
    }

    /// The path of the value that paths start at: empty, `lines[3]`, or `scores.alice`.
    public String place() {
        if (top == null) {
            return "";
        }
        return nameLength < 0
                ? array + "[" + index + "]"
                : DocumentPath.join(array, DocumentPath.segment(PgText.escaped(entryName())));
    }

    private String entryName() {
        return Utf8.decode(bytes, nameAt, nameLength);
    }
}
