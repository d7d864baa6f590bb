package dev.sluice.mapping;

import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.document.UnmappedFields;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.value.LargeValues;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From a document's bytes to its rows: one pass finds the values, a second writes them, and nothing is decoded that
/// need not be. This is how every document is mapped, see [DocumentMapper].
///
/// Made by [DocumentMapper#raw], for who maps many documents to an output of its own. For one thread: it owns scratch
/// space, and learns the order of the fields.
public final class RawMapper {
    private final DocumentMapper mapper;
    private final Value.Scratch scratch = new Value.Scratch();
    private final UnmappedFields.Found unread = new UnmappedFields.Found();
    private final Scope document;
    private final List<Scope> elements = new ArrayList<>();
    private final Value id = new Value(scratch);

    // Of the last document.
    private @Nullable Object key;
    private byte @Nullable [] keyText;
    private List<MisfitValue> misfits = List.of();

    RawMapper(DocumentMapper mapper) {
        this.mapper = mapper;
        this.document = mapper.table().scope(null, unread, scratch);
        mapper.children().forEach(child -> elements.add(child.table().scope(document, unread, scratch)));
    }

    /// Writes the document's rows to the output: its own row first, then those of the child tables.
    ///
    /// @param raw with `_id`, as it is in MongoDB: what the mapping redacts is taken out first
    /// @return null when it has rows; else why it has none, and then the caller takes back what was written for it
    /// @throws org.bson.BSONException when the bytes are no document
    public @Nullable MappingResult map(RawBsonDocument raw, RowOutput output) {
        return map(raw, output, null);
    }

    /// Maps a document again of whose rows PostgreSQL has refused some values: those are misfits.
    ///
    /// @param refusals null for none
    @Nullable
    MappingResult map(RawBsonDocument raw, RowOutput output, @Nullable Refusals refusals) {
        key = null;
        misfits = List.of();
        document.startDocument(refusals);
        try {
            ByteBuffer buffer =
                    mapper.seen(raw, scratch.large()).getByteBuffer().asNIO();
            int start = buffer.arrayOffset() + buffer.position();
            document.scan(buffer.array(), RawBytes.DOCUMENT, start, start + buffer.remaining());
            return rows(output);
        } catch (LargeValues.TooLarge tooLarge) {
            return mapper.tooLarge(tooLarge.reason());
        } finally {
            scratch.large().release();
        }
    }

    private @Nullable MappingResult rows(RowOutput output) {
        TableMapper table = mapper.table();
        id.set(document.bytes(), document.foundId());
        if (id.isMissing()) {
            return mapper.withoutKey("is missing");
        }
        BsonDocument twins = document.hasTwins() ? document.decoded().asDocument() : null;
        if (twins instanceof TwinDocument outer && outer.hasTwin("_id")) {
            return mapper.withoutKey("is there twice");
        }
        Object made;
        switch (mapper.key(id)) {
            case KeyResult.NoKey(String reason) -> {
                return mapper.withoutKey(reason);
            }
            case KeyResult.Key(Object of) -> made = of;
        }
        MappingResult skipped = mapper.skipped(document);
        if (skipped != null) {
            return skipped;
        }
        keyText = made instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : null;
        key = made;
        output.startRow(0);
        writeKey(output);
        table.write(document, output);
        if (twins != null) {
            table.keepTwins(twins, "", document.findings());
        }
        for (int i = 0; i < elements.size(); i++) {
            mapper.children().get(i).write(i + 1, this, elements.get(i), output);
        }
        if (table.unread() != null && document.isBlocked()) {
            table.unread().report(document);
        }
        Findings findings = document.said();
        if (findings != null) {
            if (findings.rejected() != null) {
                return findings.rejected();
            }
            misfits = findings.misfits();
        }
        return null;
    }

    void writeKey(RowOutput output) {
        if (keyText != null) {
            output.text(keyText, 0, keyText.length);
        } else {
            output.value(key);
        }
    }

    /// The key of the row of the last document, which has rows.
    public Object key() {
        if (key == null) {
            throw new IllegalStateException("the last document has no rows");
        }
        return key;
    }

    /// Values of the last document that its rows land without, or in part without.
    public List<MisfitValue> misfits() {
        return misfits;
    }

    /// Of the last document that has rows, the fields that nothing reads, as [MappingResult.Mapped#unmapped] has them.
    public List<String> unmapped() {
        return unread.paths();
    }
}
