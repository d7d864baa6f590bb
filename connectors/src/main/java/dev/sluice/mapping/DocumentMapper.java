package dev.sluice.mapping;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.TwinDocument;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.SkipRule;
import dev.sluice.schema.Source;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From one document to the rows it should be: the same for backfill, stream, verification and repair,
/// which is why they agree. Everything that can be decided from the mapping alone is decided once, in
/// [#of].
///
/// Immutable; any thread. Pure: no I/O, no clock, and the same document always becomes the same rows.
public final class DocumentMapper {
    /// The part of the heap that one document may take when it has to be decoded.
    private static final int DECODED_SHARE = 3;

    /// Held while a large document is decoded: one at a time.
    private static final ReentrantLock DECODING = new ReentrantLock();

    private final CollectionMapping mapping;
    private final DocumentKey key;
    private final String keyLabel;
    private final @Nullable Redactor redactor;
    private final Skip[] skips;
    private final ColumnMapper[] columns;
    private final ChildMapper[] children;
    private final FieldTrie readFields;
    private final @Nullable UnreadFields unread;
    private final @Nullable UnmappedFields unmapped;
    private final TableShape shape;

    private record Skip(SourceReader source, SkipRule.When when, AnyOf values, MappingResult result) {
        boolean applies(Scope scope) {
            // What the source has to say is of no column: its value is only compared.
            BsonValue value = source.read(source.speaks() ? scope.aside() : scope);
            return switch (when) {
                case MISSING -> value == null;
                case NULL -> Falsy.isMissingOrNull(value);
                case FALSY -> value == null || Falsy.isFalsy(value);
                case EQUALS -> value != null && values.has(value);
                case DIFFERS -> value != null && !values.has(value);
            };
        }

        static Skip of(SkipRule rule, CollectionMapping mapping, SourceReader.Rests rests) {
            String table = mapping.table().table();
            return new Skip(
                    SourceReader.of(rule.source(), new ColumnType.Jsonb(), rests),
                    rule.when(),
                    AnyOf.of(rule.values()),
                    switch (rule.then()) {
                        case SKIP -> new MappingResult.Skipped(rule.reason());
                        case DEAD_LETTER ->
                            new MappingResult.Rejected(
                                    table,
                                    rule.source().ownPaths().stream()
                                            .map(Source.Path::toString)
                                            .collect(Collectors.joining(", ")),
                                    rule.reason());
                    });
        }
    }

    private DocumentMapper(CollectionMapping mapping) {
        this.mapping = mapping;
        this.key = DocumentKey.of(mapping.collection(), mapping.key());
        this.keyLabel = mapping.table().table() + "." + mapping.key().column();
        this.redactor = Redactor.of(mapping.redactions());
        this.readFields = FieldTrie.of(mapping.readPaths());
        SourceReader.Rests rests = new SourceReader.Rests(readFields, null);
        this.skips = mapping.skips().stream()
                .map(rule -> Skip.of(rule, mapping, rests))
                .toArray(Skip[]::new);

        List<MappingException.Problem> problems = new ArrayList<>();
        List<ColumnMapper> compiled = new ArrayList<>();
        Set<String> counted = new HashSet<>();
        for (ColumnMapping column : mapping.columns()) {
            try {
                compiled.add(
                        ColumnMapper.of(mapping.table(), column, rests, UnmappedFields.isCounter(column, counted)));
            } catch (MappingException wrong) {
                problems.addAll(wrong.problems());
            }
        }
        UnmappedFields.Paths paths = new UnmappedFields.Paths();
        List<ChildMapper> compiledChildren = new ArrayList<>();
        for (ChildMapping child : mapping.children()) {
            try {
                compiledChildren.add(ChildMapper.of(child, mapping.key().type(), readFields, paths));
            } catch (MappingException wrong) {
                problems.addAll(wrong.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new MappingException(problems);
        }
        this.columns = compiled.toArray(ColumnMapper[]::new);
        this.children = compiledChildren.toArray(ChildMapper[]::new);
        this.unread = UnreadFields.of(mapping.table(), mapping.columns(), mapping.children(), readFields);
        this.unmapped = UnmappedFields.of(mapping.columns(), readFields, null, paths);

        List<TableShape.Column> shapeColumns = new ArrayList<>();
        shapeColumns.add(
                TableShape.Column.plain(mapping.key().column(), mapping.key().type()));
        mapping.columns().forEach(c -> shapeColumns.add(TableShape.Column.of(c)));
        this.shape = new TableShape(mapping.table(), 1, shapeColumns);
    }

    /// @throws MappingException with every literal of the mapping (`missing`, `null`, `instead`, a
    ///     constant, a sentinel) that does not fit its column
    public static DocumentMapper of(CollectionMapping mapping) {
        return new DocumentMapper(mapping);
    }

    /// @param document with `_id`, as it is in MongoDB: what the mapping redacts is taken out first. A raw
    ///     one is decoded first, so decode it yourself when you need it decoded too
    public MappingResult map(BsonDocument document) {
        return map(document, null);
    }

    /// As the other, for rows of which PostgreSQL has refused some values: those are misfits.
    ///
    /// @param refusals null for none
    public MappingResult map(BsonDocument document, @Nullable Refusals refusals) {
        if (document instanceof RawBsonDocument raw) {
            // A raw document is searched from its start for each field.
            DocumentDecoder.Decoded decoded = DocumentDecoder.decode(raw);
            return mapSeen(redacted(decoded.document()), decoded.twins(), refusals);
        }
        return mapSeen(redacted(document), false, refusals);
    }

    private MappingResult mapSeen(BsonDocument document, boolean twins, @Nullable Refusals refusals) {
        BsonValue id = document.get("_id");
        if (id == null) {
            return new MappingResult.Rejected(keyLabel, "_id", "is missing");
        }
        if (document instanceof TwinDocument outer && outer.hasTwin("_id")) {
            return new MappingResult.Rejected(keyLabel, "_id", "is there twice");
        }
        return switch (key.key(id)) {
            case KeyResult.NoKey(String reason) -> new MappingResult.Rejected(keyLabel, "_id", reason);
            case KeyResult.Key(Object rowKey) -> map(document, rowKey, twins, refusals);
        };
    }

    /// @param twins whether a name is there twice somewhere: what queries don't see is kept beside the row
    private MappingResult map(BsonDocument document, Object rowKey, boolean twins, @Nullable Refusals refusals) {
        Scope scope = Scope.of(document, refusals);
        for (Skip skip : skips) {
            if (skip.applies(scope)) {
                return skip.result();
            }
        }
        @Nullable Object[] row = new @Nullable Object[1 + columns.length];
        row[0] = rowKey;
        for (int i = 0; i < columns.length; i++) {
            row[1 + i] = columns[i].value(scope);
        }
        if (unmapped != null) {
            unmapped.report(scope);
        }
        if (twins) {
            scope.keepTwins(readFields, document, "", mapping.table().table());
        }
        List<List<@Nullable Object[]>> childRows = children.length == 0 ? List.of() : new ArrayList<>(children.length);
        for (ChildMapper child : children) {
            childRows.add(child.rows(scope, rowKey));
            if (twins) {
                child.twins(scope);
            }
        }
        if (unread != null) {
            unread.report(scope);
        }
        Findings findings = scope.said();
        if (findings == null) {
            return new MappingResult.Mapped(row, childRows, List.of(), List.of());
        }
        MappingResult.Rejected rejected = findings.rejected();
        return rejected != null
                ? rejected
                : new MappingResult.Mapped(row, childRows, findings.misfits(), findings.unmapped());
    }

    /// The document as it may be seen outside MongoDB, for what keeps a whole document: a dead letter. What
    /// [#map] reports is redacted already. Once only: a hash would be hashed again.
    ///
    /// @return the same instance when there is nothing to redact
    @SuppressWarnings("ReferenceEquality") // Whether it was copied, not whether it is equal.
    public BsonDocument redacted(BsonDocument document) {
        if (redactor == null) {
            return document;
        }
        if (document instanceof RawBsonDocument raw) {
            BsonDocument decoded = DocumentDecoder.document(raw);
            BsonDocument seen = redactor.redact(decoded);
            return seen == decoded ? raw : seen;
        }
        return redactor.redact(document);
    }

    /// The same for a document that may be large: its rows are only measured, where that can be told without
    /// decoding it, so that it takes no memory beside its own bytes until it is written.
    ///
    /// @return [MappingResult.Rejected] where it has to be decoded and the heap is too small for that
    public MappingResult mapLarge(RawBsonDocument document) {
        RawMapper measuring = raw();
        MeasuredRows rows = new MeasuredRows();
        if (measuring.map(document, rows)) {
            return new MappingResult.Mapped(
                    new @Nullable Object[] {measuring.key()}, List.of(), List.of(), measuring.unmapped(), rows.bytes());
        }
        return mapDecoded(document, null);
    }

    /// The same for a document of whose rows PostgreSQL has refused some values: it has to be decoded.
    public MappingResult mapLarge(RawBsonDocument document, Refusals refusals) {
        return mapDecoded(document, refusals);
    }

    private MappingResult mapDecoded(RawBsonDocument document, @Nullable Refusals refusals) {
        String reason = tooLargeToDecode(document);
        if (reason != null) {
            return new MappingResult.Rejected(mapping.table().table(), "the document", reason);
        }
        DECODING.lock();
        try {
            return map(document, refusals);
        } finally {
            DECODING.unlock();
        }
    }

    /// Why the heap is too small for a document as objects and for what is made of them, without its values;
    /// null where it is not.
    public static @Nullable String tooLargeToDecode(RawBsonDocument document) {
        ByteBuffer bytes = document.getByteBuffer().asNIO();
        int start = bytes.arrayOffset() + bytes.position();
        try {
            long needed = DecodedSize.of(bytes.array(), start, start + bytes.remaining());
            long room = Runtime.getRuntime().maxMemory() / DECODED_SHARE;
            return needed <= room
                    ? null
                    : "takes about " + (needed >> 20) + " MB of memory to be mapped, and at most " + (room >> 20)
                            + " MB may be used for one document; raise the heap (-Xmx), then retry";
        } catch (RawBytes.Declined malformed) {
            // The driver says what is wrong with it.
            return null;
        }
    }

    /// The faster way for many raw documents. It makes the same rows, or declines; for one thread.
    public RawMapper raw() {
        return new RawMapper(this, FieldTrie.of(mapping.readPaths()));
    }

    /// Whether a rule says that the document has no row.
    boolean skips(Scope scope) {
        for (Skip skip : skips) {
            if (skip.applies(scope)) {
                return true;
            }
        }
        return false;
    }

    ColumnMapper[] columnMappers() {
        return columns;
    }

    ChildMapper[] childMappers() {
        return children;
    }

    @Nullable
    UnmappedFields unmappedFields() {
        return unmapped;
    }

    /// The key of the row of the document with this `_id`. The same whether the `_id` is decoded or a document's
    /// bytes.
    public KeyResult key(BsonValue id) {
        return key.key(id);
    }

    public CollectionMapping mapping() {
        return mapping;
    }

    /// The columns of the collection's own table, as rows carry them.
    public TableShape shape() {
        return shape;
    }

    /// The columns of each child table, in the order of the mapping.
    public List<TableShape> childShapes() {
        List<TableShape> shapes = new ArrayList<>(children.length);
        for (ChildMapper child : children) {
            shapes.add(child.shape());
        }
        return List.copyOf(shapes);
    }
}
