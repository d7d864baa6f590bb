package dev.sluice.mapping;

import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The columns of one table, ready to be written from the bytes of a document, or of an element of an
/// array. [#scan] finds where each column's value lies, [#write] writes the values in the columns' order.
/// For one thread.
final class RawTable {
    private final Reports reports;
    private final boolean isDocument;
    private final boolean keepsRest;
    private final RawFields root;
    private final RawNeeds needs = new RawNeeds();
    private Column[] columns = new Column[0];
    private boolean restIsJsonb = true;
    private int slots;
    private int idSlot;

    // Of the document or element that was scanned last.
    private byte[] bytes = new byte[0];
    private long[] found = new long[0];
    private long scanned;
    private boolean restSeen;
    private final RawJson restJson = new RawJson();
    private byte type;
    private int start;
    private RawFields.Field[] capturedFields = new RawFields.Field[16];
    private byte[] capturedTypes = new byte[16];
    private int[] capturedAt = new int[16];
    private int captured;

    /// Is told what comes to light.
    interface Reports {
        /// The paths of one table's fields that nothing reads are the same objects for the same paths.
        RawFields.Unread unread(String path);

        void report(RawFields.Unread unread);

        /// A number that no document or element had before.
        long next();
    }

    private enum How {
        /// The value lies where a field is.
        FIELD,
        /// The same, in the document that holds the array.
        PARENT_FIELD,
        /// The array's element itself.
        ELEMENT,
        /// The value lies where one of several fields is, or needs conversions that mostly do nothing.
        CHOSEN,
        /// Fields that nothing reads, of which there are mostly none.
        REST,
        /// Worked out from decoded values.
        DECODED
    }

    private record Column(
            How how,
            int slot,
            @Nullable Object missing,
            @Nullable Object nulls,
            RawConverter converter,
            ColumnMapper mapper,
            @Nullable RawSource source,
            @Nullable RawSteps steps) {}

    /// Decodes what has to be decoded, when it has to be.
    interface Scopes {
        Scope scope();
    }

    /// @param read the fields that the mapping reads here by name
    /// @param unmapped names those that it does not; null when it keeps them
    /// @param isDocument whether it is the collection's own table
    RawTable(FieldTrie read, @Nullable UnmappedFields unmapped, boolean isDocument, Reports reports) {
        this.reports = reports;
        this.isDocument = isDocument;
        this.keepsRest = unmapped == null;
        this.root = fields(read, List.of(), true, true, unmapped);
        if (isDocument) {
            // Read always, for the key.
            root.field("_id");
            idSlot = slot(new Source.Path(List.of("_id")));
        }
    }

    private RawFields fields(
            FieldTrie trie, List<String> outer, boolean tracks, boolean blocks, @Nullable UnmappedFields unmapped) {
        RawFields fields =
                new RawFields(name -> unmapped == null || !tracks ? null : reports.unread(unmapped.path(outer, name)));
        fields.tracks = tracks;
        fields.blocks = blocks;
        for (String name : trie.names()) {
            FieldTrie inside = trie.inside(name);
            RawFields.Field field = fields.field(name);
            field.whole = inside.isWhole();
            if (!inside.names().isEmpty()) {
                List<String> path = new ArrayList<>(outer);
                path.add(name);
                // What nothing reads of the document's _id is no matter.
                boolean ofId = isDocument && outer.isEmpty() && name.equals("_id");
                field.inside = fields(inside, path, tracks && !field.whole && !ofId, blocks && !field.whole, unmapped);
            }
        }
        return fields;
    }

    /// @param document the table that holds the array; this one for the collection's own
    void columns(
            List<ColumnMapping> mappings, ColumnMapper[] mappers, RawTable document, RawConverter.Scratch scratch) {
        columns = new Column[mappers.length];
        for (int i = 0; i < mappers.length; i++) {
            Source source = mappings.get(i).source();
            How how = mappers[i].isPlain() ? how(source) : How.DECODED;
            RawSource chosen = null;
            RawSteps steps = null;
            if (how == How.DECODED) {
                chosen = RawSource.of(source, this, document);
                steps = RawSteps.of(mappings.get(i).conversions());
                how = chosen != null && steps != null ? How.CHOSEN : How.DECODED;
            }
            restIsJsonb &= how != How.REST || mappings.get(i).type() instanceof ColumnType.Jsonb;
            int slot = switch (how) {
                case FIELD -> slot((Source.Path) source);
                case PARENT_FIELD -> document.slot((Source.Path) ((Source.Parent) source).source());
                case ELEMENT -> -1;
                case CHOSEN, REST, DECODED -> {
                    RawNeeds.add(source, mappings.get(i).conversions(), needs, document.needs);
                    yield -1;
                }
            };
            columns[i] = new Column(
                    how,
                    slot,
                    mappers[i].missing(),
                    mappers[i].nulls(),
                    new RawConverter(ColumnMapper.typeOf(mappings.get(i)), scratch),
                    mappers[i],
                    chosen,
                    steps);
        }
    }

    private static How how(Source source) {
        return switch (source) {
            case Source.Path path when hasNoIndex(path) -> How.FIELD;
            case Source.Parent(Source.Path path) when hasNoIndex(path) -> How.PARENT_FIELD;
            case Source.Element e -> How.ELEMENT;
            case Source.Rest r -> How.REST;
            default -> How.DECODED;
        };
    }

    static boolean hasNoIndex(Source.Path path) {
        return path.segments().stream().noneMatch(name -> SourceReader.PathReader.index(name) >= 0);
    }

    /// Where the document's key is put.
    int idSlot() {
        return idSlot;
    }

    RawNeeds needs() {
        return needs;
    }

    /// Where the field's value is put when it is met.
    int slot(Source.Path path) {
        RawFields fields = root;
        RawFields.Field field = null;
        for (String name : path.segments()) {
            if (fields == null) {
                throw new IllegalStateException(path + " is not read");
            }
            field = fields.field(name);
            fields = field.inside;
        }
        if (field == null) {
            throw new IllegalStateException("a path has at least one name");
        }
        if (field.slot < 0) {
            field.slot = slots++;
        }
        return field.slot;
    }

    /// To be called when all columns of all tables are there.
    void complete() {
        found = new long[slots];
        for (RawFields.Field field : root.fields()) {
            boolean isId = isDocument && field.name.equals("_id");
            field.captured = needs.names.contains(field.name) || (!isId && (needs.all || (needs.rest && !field.whole)));
        }
        needs.names.forEach(root::capture);
        search(root);
    }

    private static boolean search(RawFields fields) {
        fields.searched = fields.tracks || fields.blocks;
        for (RawFields.Field field : fields.fields()) {
            fields.searched |= field.slot >= 0;
            if (field.inside != null) {
                fields.searched |= search(field.inside);
            }
        }
        return fields.searched;
    }

    /// Finds what the columns need in a document or an element.
    ///
    /// @param limit what it may not go beyond
    /// @throws RawBytes.Declined when something is there that has to be reported
    void scan(byte[] document, byte kind, int at, int limit) {
        bytes = document;
        type = kind;
        start = at;
        captured = 0;
        restSeen = false;
        scanned = reports.next();
        Arrays.fill(found, 0);
        if (kind == RawBytes.DOCUMENT) {
            scan(root, at, limit);
        }
    }

    private void scan(RawFields fields, int from, int limit) {
        byte[] document = bytes;
        int last = RawBytes.documentEnd(document, from, limit) - 1;
        int at = from + 4;
        RawFields.Field before = fields.start;
        while (at < last) {
            byte kind = document[at++];
            RawFields.Field field = fields.next(before, document, at, last);
            before = field;
            int value = at + field.length;
            at = RawBytes.end(document, kind, value, last);
            if (field.read) {
                if (field.metIn == scanned) {
                    // A name twice: queries see the first, and the other is to be kept.
                    throw RawBytes.Declined.INSTANCE;
                }
                field.metIn = scanned;
                if (field.slot >= 0) {
                    found[field.slot] = ((long) value << 8) | (kind & 0xFF);
                }
                boolean left = false;
                if (field.inside != null) {
                    boolean seenBefore = restSeen;
                    restSeen = false;
                    inside(fields, field, field.inside, kind, value, last);
                    left = restSeen;
                    restSeen |= seenBefore;
                }
                if (field.captured || (left && field.capturedForRest)) {
                    capture(field, kind, value);
                }
            } else {
                unread(fields, field, kind, value);
            }
        }
    }

    private void inside(RawFields fields, RawFields.Field field, RawFields inside, byte kind, int value, int limit) {
        if (kind == RawBytes.DOCUMENT) {
            if (inside.searched) {
                scan(inside, value, limit);
            }
        } else if (!field.whole) {
            if (keepsRest) {
                // Nobody reads it, so it is in the rest as it is.
                restSeen |= inside.tracks;
            } else if (fields.blocks && kind != RawBytes.NULL && kind != RawBytes.UNDEFINED) {
                throw RawBytes.Declined.INSTANCE;
            }
        }
    }

    private void unread(RawFields fields, RawFields.Field field, byte kind, int value) {
        if (fields.tracks) {
            restSeen = true;
            if (field.unread != null) {
                reports.report(field.unread);
            }
        }
        if (fields == root && (field.captured || needs.all || needs.rest)) {
            capture(field, kind, value);
        }
    }

    private void capture(RawFields.Field field, byte kind, int value) {
        if (captured == capturedFields.length) {
            int more = 2 * captured;
            capturedFields = Arrays.copyOf(capturedFields, more);
            capturedTypes = Arrays.copyOf(capturedTypes, more);
            capturedAt = Arrays.copyOf(capturedAt, more);
        }
        capturedFields[captured] = field;
        capturedTypes[captured] = kind;
        capturedAt[captured++] = value;
    }

    /// Of the value at a slot, its place and in the lowest byte its type; 0 when it is missing.
    long found(int slot) {
        return found[slot];
    }

    /// As much of what was scanned as has to be decoded.
    BsonValue decoded() {
        if (type != RawBytes.DOCUMENT) {
            return RawBytes.decode(bytes, type, start, end(type, start));
        }
        BsonDocument decoded = new BsonDocument();
        for (int i = 0; i < captured; i++) {
            byte kind = capturedTypes[i];
            int at = capturedAt[i];
            if (decoded.put(capturedFields[i].name, RawBytes.decode(bytes, kind, at, end(kind, at))) != null) {
                throw RawBytes.Declined.INSTANCE;
            }
        }
        return decoded;
    }

    private int end(byte kind, int at) {
        return RawBytes.end(bytes, kind, at, bytes.length);
    }

    /// Puts the rest together from the bytes of its fields, where all that nothing reads are whole fields
    /// with names that are there once.
    ///
    /// @return false when it has to be decoded, and nothing is written
    private boolean writeRest(RowOutput out) {
        if (!restIsJsonb) {
            return false;
        }
        for (int i = 0; i < captured; i++) {
            RawFields.Field field = capturedFields[i];
            if (field.read && !field.whole && field.inside != null) {
                return false;
            }
        }
        restJson.startObject(out);
        for (int i = 0; i < captured; i++) {
            RawFields.Field field = capturedFields[i];
            if (!field.read
                    && !restJson.addField(bytes, capturedAt[i] - field.length, capturedTypes[i], capturedAt[i])) {
                return false;
            }
        }
        restJson.endObject();
        return true;
    }

    /// Whether the document's key is an ObjectId.
    boolean isIdObjectId() {
        return (byte) found[idSlot] == RawBytes.OBJECT_ID;
    }

    /// Writes the columns, without the key.
    ///
    /// @param document the table that holds the array; this one for the collection's own
    /// @param scopes for columns that need decoded values
    /// @throws RawBytes.Declined when a value does not fit
    void write(RowOutput out, RawTable document, Scopes scopes) {
        for (Column column : columns) {
            switch (column.how) {
                case FIELD -> write(column, bytes, found[column.slot], out);
                case PARENT_FIELD -> write(column, bytes, document.found[column.slot], out);
                case ELEMENT -> write(column, bytes, ((long) start << 8) | (type & 0xFF), out);
                case CHOSEN -> {
                    if (!chosen(column, document, out)) {
                        decoded(column, scopes.scope(), out);
                    }
                }
                case REST -> {
                    if (!restSeen) {
                        out.value(column.missing);
                    } else if (!writeRest(out)) {
                        decoded(column, scopes.scope(), out);
                    }
                }
                case DECODED -> decoded(column, scopes.scope(), out);
            }
        }
    }

    private static void write(Column column, byte[] bytes, long place, RowOutput out) {
        byte kind = (byte) place;
        if (place == 0) {
            out.value(column.missing);
        } else if (kind == RawBytes.NULL || kind == RawBytes.UNDEFINED) {
            out.value(column.nulls);
        } else {
            column.converter.write(bytes, kind, (int) (place >>> 8), out);
        }
    }

    /// @return false when the value has to be decoded, and nothing is written
    private boolean chosen(Column column, RawTable document, RowOutput out) {
        if (column.source == null || column.steps == null) {
            return false;
        }
        long place = column.source.choose(bytes);
        if (place == RawSource.ID_TIME) {
            if (!column.converter.isTimestamptz() || !column.steps.leave(bytes, RawBytes.DATE_TIME, 0)) {
                return false;
            }
            // The seconds are unsigned: they last until 2106.
            int id = (int) (document.found[document.idSlot] >>> 8);
            out.whole(Integer.toUnsignedLong(Integer.reverseBytes(RawBytes.int32(bytes, id))) * 1_000_000);
            return true;
        }
        if (place == RawSource.UNCERTAIN || !column.steps.leave(bytes, (byte) place, (int) (place >>> 8))) {
            return false;
        }
        write(column, bytes, place, out);
        return true;
    }

    private static void decoded(Column column, Scope scope, RowOutput out) {
        Object value = column.mapper.value(scope);
        Findings said = scope.said();
        if (said != null && !said.isNothing()) {
            throw RawBytes.Declined.INSTANCE;
        }
        out.value(value);
    }
}
