package dev.sluice.mapping;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.ExactBson;
import dev.sluice.mapping.convert.AnyOf;
import dev.sluice.mapping.convert.SourceReader;
import dev.sluice.mapping.document.FieldTrie;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Redactor;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.document.UnmappedFields;
import dev.sluice.mapping.document.UnreadFields;
import dev.sluice.mapping.row.DroppedRows;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.row.RowCollector;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.value.LargeValues;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.memory.Footprint;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.SkipRule;
import dev.sluice.schema.Source;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bson.BSONException;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From one document to the rows it should be: the same for backfill, stream, verification and repair,
/// which is why they agree. Everything that can be decided from the mapping alone is decided once, in
/// [#of].
///
/// Any thread. Pure: no clock, and the same document always becomes the same rows. The one thing that may be asked of a
/// server is [UsualIds], until it is known.
public final class DocumentMapper {
    private final CollectionMapping mapping;
    private final DocumentKeys keys;
    private final DocumentKey key;
    private final String keyLabel;
    private final @Nullable Redactor redactor;
    private final Skip[] skips;
    private final TableMapper table;
    private final List<ChildMapper> children;
    /// Those that nobody is mapping with at the moment: as many as there were threads at once.
    private final Queue<RawMapper> idle = new ConcurrentLinkedQueue<>();

    private record Skip(SourceReader source, SkipRule.When when, AnyOf values, MappingResult result) {
        boolean applies(Scope scope) {
            // What the source has to say is of no column: its value is only compared.
            Value value = scope.value();
            source.compare(scope, value);
            return switch (when) {
                case MISSING -> value.isMissing();
                case NULL -> value.isMissingOrNull();
                case FALSY -> value.isMissing() || value.isFalsy();
                case EQUALS -> values.has(value);
                case DIFFERS -> !value.isMissing() && !values.has(value);
            };
        }

        static Skip of(SkipRule rule, CollectionMapping mapping, ReadFields reads) {
            return new Skip(
                    SourceReader.of(rule.source(), new ColumnType.Jsonb(), reads),
                    rule.when(),
                    AnyOf.of(rule.values()),
                    switch (rule.then()) {
                        case SKIP -> new MappingResult.Skipped(rule.reason());
                        case DEAD_LETTER ->
                            new MappingResult.Rejected(
                                    mapping.table().table(),
                                    rule.source().ownPaths().stream()
                                            .map(Source.Path::toString)
                                            .collect(Collectors.joining(", ")),
                                    rule.reason());
                    });
        }
    }

    private DocumentMapper(CollectionMapping mapping, DocumentKeys keys) {
        this.mapping = mapping;
        this.keys = keys;
        this.key = keys.of(mapping);
        this.keyLabel = mapping.table().table() + "." + mapping.key().column();
        this.redactor = Redactor.of(mapping.redactions());
        FieldTrie fields = FieldTrie.of(mapping.readPaths());
        ReadFields reads = ReadFields.ofDocument(fields);
        this.skips = mapping.skips().stream()
                .map(rule -> Skip.of(rule, mapping, reads))
                .toArray(Skip[]::new);

        List<MappingException.Problem> problems = new ArrayList<>();
        ColumnMapper[] columns = collecting(
                problems,
                new ColumnMapper[0],
                () -> TableMapper.columns(mapping.table(), mapping.columns(), reads, keys));
        UnmappedFields.Paths paths = new UnmappedFields.Paths();
        List<ChildMapper> compiled = new ArrayList<>();
        for (ChildMapping child : mapping.children()) {
            compiled.addAll(collecting(
                    problems,
                    List.of(),
                    () -> List.of(ChildMapper.of(child, mapping.key().type(), fields, paths, keys))));
        }
        if (!problems.isEmpty()) {
            throw new MappingException(problems);
        }
        fields.slot(ReadFields.ID);
        List<TableShape.Column> shape = new ArrayList<>();
        shape.add(TableShape.Column.plain(mapping.key().column(), mapping.key().type()));
        mapping.columns().forEach(c -> shape.add(TableShape.Column.of(c)));
        this.table = new TableMapper(
                new TableShape(mapping.table(), 1, shape),
                columns,
                reads,
                UnreadFields.of(mapping.table(), mapping.columns(), mapping.children(), fields),
                UnmappedFields.of(mapping.columns(), "", paths));
        this.children = List.copyOf(compiled);
    }

    private static <T> T collecting(List<MappingException.Problem> problems, T otherwise, Supplier<T> compiled) {
        try {
            return compiled.get();
        } catch (MappingException wrong) {
            problems.addAll(wrong.problems());
            return otherwise;
        }
    }

    /// For a collection by itself, whose references to other collections are taken by their text.
    ///
    /// @throws MappingException with every literal of the mapping (`missing`, `null`, `instead`, a
    ///     constant, a sentinel) that does not fit its column
    public static DocumentMapper of(CollectionMapping mapping) {
        return of(mapping, DocumentKeys.of(List.of(mapping)));
    }

    /// @param keys of the collections it refers to, its own among them
    /// @throws MappingException with every literal of the mapping (`missing`, `null`, `instead`, a
    ///     constant, a sentinel) that does not fit its column
    public static DocumentMapper of(CollectionMapping mapping, DocumentKeys keys) {
        return new DocumentMapper(mapping, keys);
    }

    /// Names who knows of a collection whether its `_id`s are strings: of this one, and of those that it
    /// shares keys with. Before the first document is mapped.
    public void decideKeysBy(Function<CollectionMapping, UsualIds> known) {
        keys.decideBy(known);
    }

    /// For trials that ask no server: what the mapping declares of the `_id`s counts, and where it declares nothing,
    /// the first document decides. Before the first document is mapped.
    public void decideKeysByFirst() {
        keys.decideByFirst();
    }

    /// @param document with `_id`, as it is in MongoDB: what the mapping redacts is taken out first. One that is
    ///     decoded is encoded first
    public MappingResult map(BsonDocument document) {
        return map(document, null);
    }

    /// Maps a document again of whose rows PostgreSQL has refused some values: those are misfits.
    ///
    /// @param refusals null for none
    public MappingResult map(BsonDocument document, @Nullable Refusals refusals) {
        RawBsonDocument raw = ExactBson.document(document);
        return withMapper(raw, mapper -> {
            RowCollector rows = new RowCollector(
                    shapes().stream().mapToInt(table -> table.columns().size()).toArray());
            MappingResult none = mapper.map(raw, rows, refusals);
            return none != null
                    ? none
                    : new MappingResult.Mapped(rows.row(), rows.children(), mapper.misfits(), mapper.unmapped());
        });
    }

    private MappingResult withMapper(RawBsonDocument document, Function<RawMapper, MappingResult> mapping) {
        RawMapper free = idle.poll();
        RawMapper mapper = free == null ? raw() : free;
        MappingResult result = mapping.apply(mapper);
        // It holds on to its last document.
        if (!Footprint.isLarge(document.getByteBuffer().remaining())) {
            idle.offer(mapper);
        }
        return result;
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

    /// The same without the rows: what is mapped has its key alone. It takes no memory but the document's
    /// bytes, however large they are.
    ///
    /// @return [MappingResult.Rejected] where some of it has to be decoded and the heap is too small for that
    public MappingResult mapWithoutRows(RawBsonDocument document) {
        return withMapper(document, mapper -> {
            MappingResult none = mapper.map(document, new DroppedRows());
            return none != null
                    ? none
                    : new MappingResult.Mapped(
                            new @Nullable Object[] {mapper.key()}, List.of(), mapper.misfits(), mapper.unmapped());
        });
    }

    /// The same for a document of whose rows PostgreSQL has refused some values: they are made as objects.
    public MappingResult mapLarge(RawBsonDocument document, Refusals refusals) {
        String reason = tooLargeToDecode(document);
        if (reason != null) {
            return tooLarge(reason);
        }
        LargeValues large = new LargeValues();
        large.hold();
        try {
            return map(document, refusals);
        } finally {
            large.release();
        }
    }

    /// Why the heap is too small for a document as objects and for what is made of them, without its values;
    /// null where it is not.
    public static @Nullable String tooLargeToDecode(RawBsonDocument document) {
        ByteBuffer bytes = document.getByteBuffer().asNIO();
        int start = bytes.arrayOffset() + bytes.position();
        try {
            return LargeValues.refusal(bytes.array(), start, start + bytes.remaining());
        } catch (BSONException malformed) {
            // Who decodes it says so.
            return null;
        }
    }

    /// For who maps many documents to an output of its own. For one thread.
    public RawMapper raw() {
        return new RawMapper(this);
    }

    /// The document without what must not be seen.
    ///
    /// @param large is asked before it is decoded
    RawBsonDocument seen(RawBsonDocument document, LargeValues large) {
        if (redactor == null) {
            return document;
        }
        ByteBuffer bytes = document.getByteBuffer().asNIO();
        large.admit(bytes.array(), RawBytes.DOCUMENT, bytes.arrayOffset() + bytes.position());
        return ExactBson.document(redacted(document));
    }

    /// What a document is that has no key.
    MappingResult withoutKey(String reason) {
        return new MappingResult.Rejected(keyLabel, "_id", reason);
    }

    MappingResult tooLarge(String reason) {
        return new MappingResult.Rejected(mapping.table().table(), "the document", reason);
    }

    /// What a document is that has no row by a rule; null where no rule says so.
    @Nullable
    MappingResult skipped(Scope scope) {
        for (Skip skip : skips) {
            if (skip.applies(scope)) {
                return skip.result();
            }
        }
        return null;
    }

    TableMapper table() {
        return table;
    }

    List<ChildMapper> children() {
        return children;
    }

    KeyResult key(Value id) {
        return key.key(id);
    }

    /// The key of the row of the document with this `_id`. The same whether the `_id` is decoded or a document's
    /// bytes.
    public KeyResult key(BsonValue id) {
        return key.key(id);
    }

    /// What it was made of.
    public CollectionMapping mapping() {
        return mapping;
    }

    /// The columns of the collection's own table, as rows carry them.
    public TableShape shape() {
        return table.shape();
    }

    /// Of the collection's own table, then of its child tables: as [dev.sluice.mapping.row.RowOutput#startRow] numbers
    /// them.
    public List<TableShape> shapes() {
        List<TableShape> shapes = new ArrayList<>(1 + children.size());
        shapes.add(shape());
        shapes.addAll(childShapes());
        return shapes;
    }

    /// The columns of each child table, in the order of the mapping.
    public List<TableShape> childShapes() {
        return children.stream().map(child -> child.table().shape()).toList();
    }
}
