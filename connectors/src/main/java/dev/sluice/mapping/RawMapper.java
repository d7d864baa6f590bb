package dev.sluice.mapping;

import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From a document's bytes straight to its rows, for where there are many: one pass finds the values, a
/// second writes them, and nothing is decoded that need not be. What a document becomes is
/// [DocumentMapper]'s to say; this is a faster way to the same rows for documents without anything special
/// about them, and declines the others: a misfit, a skip rule that applies, a name that is there twice.
///
/// Made by [DocumentMapper#raw]. For one thread: it owns scratch space, and learns the order of the fields.
public final class RawMapper {
    private static final byte[] NO_BYTES = new byte[0];

    private final DocumentMapper mapper;
    private final boolean never;
    private final RawTable own;
    private final Child[] children;
    private final int idSlot;
    private final KeyKind keyKind;
    private final int keyLength;
    /// A rule that is never certain is null.
    private final RawSource.@Nullable Rule[] skips;

    private final RawTable.Scopes ownScopes = this::ownScope;
    private final byte[] hex = new byte[24];
    private final IdUuid.Maker uuids;
    private long objects;

    // Of the last document.
    private byte[] bytes = NO_BYTES;
    private byte idType;
    private int idAt;
    private @Nullable Object key;
    private boolean keyIsKnown;
    private long document;
    private @Nullable Scope scope;

    private final Map<String, RawFields.Unread> unreadPaths = new HashMap<>();
    private final List<String> unmapped = new ArrayList<>();
    private List<String> lastUnmapped = List.of();

    /// What keys are made of without decoding.
    private enum KeyKind {
        TEXT,
        WHOLE,
        UUID,
        OTHER
    }

    /// One child table.
    private final class Child implements RawTable.Scopes {
        final RawTable table;
        final int arraySlot;
        final boolean takesScalars;
        private final String path;
        private @Nullable Scope scope;
        private int index;
        private boolean isThere;

        Child(RawTable table, int arraySlot, boolean takesScalars, String path) {
            this.table = table;
            this.arraySlot = arraySlot;
            this.takesScalars = takesScalars;
            this.path = path;
        }

        void startDocument() {
            scope = null;
        }

        /// After the element has been scanned.
        void startElement(int number) {
            index = number;
            isThere = false;
        }

        @Override
        public Scope scope() {
            if (scope == null) {
                scope = ownScope().elements(path);
            }
            if (!isThere) {
                scope.moveTo(index, table.decoded());
                isThere = true;
            }
            return scope;
        }
    }

    RawMapper(DocumentMapper mapper, FieldTrie read) {
        this.mapper = mapper;
        CollectionMapping mapping = mapper.mapping();
        List<ChildMapping> childMappings = mapping.children();
        this.never = !mapping.redactions().isEmpty()
                || !childMappings.stream().allMatch(child -> RawTable.hasNoIndex(child.array()));
        Unmapped reports = new Unmapped();
        this.own = new RawTable(read, mapper.unmappedFields(), true, reports);
        this.idSlot = own.idSlot();
        RawConverter.Scratch scratch = new RawConverter.Scratch();
        own.columns(mapping.columns(), mapper.columnMappers(), own, scratch);
        this.skips = mapping.skips().stream()
                .map(rule -> RawSource.Rule.of(rule, own))
                .toArray(RawSource.Rule[]::new);
        mapping.skips().forEach(rule -> RawNeeds.add(rule.source(), List.of(), own.needs(), own.needs()));
        this.children = new Child[childMappings.size()];
        for (int i = 0; i < children.length; i++) {
            ChildMapping child = childMappings.get(i);
            ChildMapper childMapper = mapper.childMappers()[i];
            RawTable table = new RawTable(FieldTrie.of(child.readPaths()), childMapper.unmapped(), false, reports);
            table.columns(child.columns(), childMapper.columns(), own, scratch);
            table.complete();
            children[i] = new Child(
                    table,
                    own.slot(child.array()),
                    childMapper.takesScalars(),
                    child.array().toString());
        }
        own.complete();
        this.uuids = new IdUuid.Maker(IdUuid.namespace(mapping.collection()));
        KeyMapping keyMapping = mapping.key();
        boolean plain = keyMapping.form() == KeyMapping.Form.PLAIN;
        this.keyLength = keyMapping.type() instanceof ColumnType.Varchar(int length) ? length : Integer.MAX_VALUE;
        this.keyKind = switch (keyMapping.type()) {
            case ColumnType.Text t when plain -> KeyKind.TEXT;
            case ColumnType.Varchar t when plain -> KeyKind.TEXT;
            case ColumnType.Int(int size) when size == 8 -> KeyKind.WHOLE;
            case ColumnType.Uuid u -> KeyKind.UUID;
            default -> KeyKind.OTHER;
        };
    }

    /// Writes the document's rows to the output: its own row first, then those of the child tables.
    ///
    /// @return false when this document has to be mapped the long way, [DocumentMapper#map]; whatever was
    ///     written for it is then to be taken back by the caller
    public boolean map(RawBsonDocument raw, RowOutput output) {
        if (never) {
            return false;
        }
        ByteBuffer buffer = raw.getByteBuffer().asNIO();
        bytes = buffer.array();
        int start = buffer.arrayOffset() + buffer.position();
        key = null;
        keyIsKnown = false;
        scope = null;
        unmapped.clear();
        document = ++objects;
        try {
            rows(start, start + buffer.remaining(), output);
            return true;
        } catch (RawBytes.Declined declined) {
            return false;
        }
    }

    private void rows(int start, int limit, RowOutput output) {
        own.scan(bytes, RawBytes.DOCUMENT, start, limit);
        long id = own.found(idSlot);
        if (id == 0) {
            throw RawBytes.Declined.INSTANCE;
        }
        idType = (byte) id;
        idAt = (int) (id >>> 8);
        if (skips.length > 0 && !isLeftBySkips() && mapper.skips(ownScope())) {
            throw RawBytes.Declined.INSTANCE;
        }
        output.startRow(0);
        writeKey(output);
        own.write(output, own, ownScopes);
        for (int i = 0; i < children.length; i++) {
            rows(children[i], i + 1, output);
        }
    }

    /// Whether certainly no rule leaves the document out.
    private boolean isLeftBySkips() {
        for (RawSource.Rule rule : skips) {
            if (rule == null || !rule.leaves(bytes)) {
                return false;
            }
        }
        return true;
    }

    private Scope ownScope() {
        if (scope == null) {
            scope = Scope.of((BsonDocument) own.decoded());
        }
        return scope;
    }

    private void rows(Child child, int number, RowOutput output) {
        long place = own.found(child.arraySlot);
        byte kind = (byte) place;
        if (place == 0 || kind == RawBytes.NULL || kind == RawBytes.UNDEFINED) {
            return;
        }
        if (kind != RawBytes.ARRAY) {
            throw RawBytes.Declined.INSTANCE;
        }
        child.startDocument();
        int start = (int) (place >>> 8);
        int last = start + RawBytes.int32(bytes, start) - 1;
        int at = start + 4;
        RawTable table = child.table;
        for (int index = 0; at < last; index++) {
            byte type = bytes[at];
            int value = RawBytes.nameEnd(bytes, at + 1, last);
            at = RawBytes.end(bytes, type, value, last);
            if (type != RawBytes.DOCUMENT && !child.takesScalars) {
                throw RawBytes.Declined.INSTANCE;
            }
            table.scan(bytes, type, value, last);
            child.startElement(index);
            output.startRow(number);
            writeKey(output);
            output.whole(index);
            table.write(output, own, child);
        }
    }

    private void writeKey(RowOutput output) {
        switch (keyKind) {
            case TEXT -> {
                if (idType == RawBytes.OBJECT_ID && keyLength >= 24) {
                    if (!keyIsKnown) {
                        RawConverter.hex(bytes, idAt, hex);
                        keyIsKnown = true;
                    }
                    output.text(hex, 0, 24);
                    return;
                }
                if (idType == RawBytes.STRING) {
                    int size = RawBytes.stringLength(bytes, idAt);
                    if (keyIsKnown
                            || (RawBytes.isText(bytes, idAt + 4, size)
                                    && (size <= keyLength
                                            || RawBytes.characters(bytes, idAt + 4, size) <= keyLength))) {
                        keyIsKnown = true;
                        output.text(bytes, idAt + 4, size);
                        return;
                    }
                }
            }
            case WHOLE -> {
                if (idType == RawBytes.INT32) {
                    output.whole(RawBytes.int32(bytes, idAt));
                    return;
                }
                if (idType == RawBytes.INT64) {
                    output.whole(RawBytes.int64(bytes, idAt));
                    return;
                }
            }
            case UUID, OTHER -> {}
        }
        output.value(key());
    }

    /// The key of the last document that [#map] returned true for: equal to [MappingResult.Mapped#key].
    public Object key() {
        if (key == null) {
            key = makeKey();
        }
        return key;
    }

    private Object makeKey() {
        if (keyKind == KeyKind.TEXT && keyIsKnown) {
            return idType == RawBytes.STRING
                    ? RawBytes.string(bytes, idAt)
                    : new String(hex, StandardCharsets.ISO_8859_1);
        }
        if (keyKind == KeyKind.UUID && idType == RawBytes.OBJECT_ID) {
            RawConverter.hex(bytes, idAt, hex);
            return uuids.of(hex);
        }
        BsonValue id = RawBytes.decode(bytes, idType, idAt, RawBytes.end(bytes, idType, idAt, bytes.length));
        if (mapper.key(id) instanceof KeyResult.Key(Object made)) {
            return made;
        }
        throw RawBytes.Declined.INSTANCE;
    }

    /// Of the last document that [#map] returned true for, the fields that nothing reads, as
    /// [MappingResult.Mapped#unmapped] has them, in no order.
    public List<String> unmapped() {
        if (unmapped.isEmpty()) {
            return List.of();
        }
        if (!lastUnmapped.equals(unmapped)) {
            lastUnmapped = List.copyOf(unmapped);
        }
        return lastUnmapped;
    }

    /// Takes down what nothing reads.
    private final class Unmapped implements RawTable.Reports {
        @Override
        public RawFields.Unread unread(String path) {
            return unreadPaths.computeIfAbsent(path, RawFields.Unread::new);
        }

        @Override
        public void report(RawFields.Unread unread) {
            if (unread.saidOf != document) {
                unread.saidOf = document;
                unmapped.add(unread.path);
            }
        }

        @Override
        public long next() {
            return ++objects;
        }
    }
}
