package dev.sluice.sink;

import dev.sluice.change.Change;
import dev.sluice.change.IdText;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.MappingResult;
import dev.sluice.memory.Footprint;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// One change, mapped: what it does to the target.
///
/// @param target the collection's place in the target
/// @param effect what happens to the rows
/// @param change what it came from
public record RowChange(CollectionTarget target, Effect effect, Change change) {
    /// What happens to the rows of a document.
    public sealed interface Effect {
        /// The rows are made what the document says.
        record Upsert(MappingResult.Mapped rows) implements Effect {}

        /// The row and its child rows are deleted, unless the mapping keeps rows whose documents are deleted.
        record Delete(Object key) implements Effect {}

        /// A rule of the mapping says that there is no row; an existing one is deleted.
        record Skip(Object key, String reason) implements Effect {}

        /// The document can't become a row, and is kept as a dead letter.
        record Reject(String reason) implements Effect {}

        /// There is no row and never was one; a dead letter of the document is deleted.
        record Forget() implements Effect {}

        /// No effect: a later change of the same document has its state.
        record Wait() implements Effect {}
    }

    /// Of a document that was mapped.
    public static RowChange of(CollectionTarget target, MappingResult result, Change.Upsert change) {
        Effect effect = switch (result) {
            case MappingResult.Mapped mapped -> new Effect.Upsert(mapped);
            case MappingResult.Rejected rejected ->
                new Effect.Reject(rejected.column() + " from " + rejected.path() + ": " + rejected.reason());
            case MappingResult.Skipped skipped ->
                switch (target.mapper().key(change.id())) {
                    case KeyResult.Key key -> new Effect.Skip(key.key(), skipped.reason());
                    // Without a key there never was a row to delete.
                    case KeyResult.NoKey none -> new Effect.Wait();
                };
        };
        return new RowChange(target, effect, change);
    }

    /// Identifies the document within a batch: two changes with equal identities are of the same
    /// document.
    public Object identity() {
        return switch (effect) {
            case Effect.Upsert u -> new RowKey(target.index(), u.rows().key());
            case Effect.Delete d -> new RowKey(target.index(), d.key());
            case Effect.Skip s -> new RowKey(target.index(), s.key());
            case Effect.Reject r -> UnmappedKey.of(target, change.id());
            case Effect.Forget f -> UnmappedKey.of(target, change.id());
            case Effect.Wait w -> UnmappedKey.of(target, change.id());
        };
    }

    /// Identifies the document on a [Fence]: equal for all changes of a document and for its chunk,
    /// whatever their effect on the row; null where nothing is written.
    public @Nullable Object fenceKey() {
        return switch (effect) {
            case Effect.Upsert u -> u.rows().key();
            case Effect.Delete d -> d.key();
            case Effect.Skip s -> s.key();
            // A dead letter is written or deleted: a chunk must neither delete it nor write an older one again.
            case Effect.Reject r -> keyOfTheDocument();
            case Effect.Forget f -> keyOfTheDocument();
            case Effect.Wait w -> null;
        };
    }

    private Object keyOfTheDocument() {
        return switch (target.mapper().key(change.id())) {
            case KeyResult.Key key -> key.key();
            case KeyResult.NoKey none -> UnmappedKey.of(target, change.id());
        };
    }

    /// About how many bytes of heap it takes until it is written: the document and its rows.
    public long heldBytes() {
        if (!(change instanceof Change.Upsert(var c, var id, RawBsonDocument document, var t, var at))) {
            return Footprint.SMALL;
        }
        long bytes = bytes(document);
        return effect instanceof Effect.Upsert(MappingResult.Mapped rows)
                        && rows.isLarge()
                        && rows.misfits().isEmpty()
                ? Footprint.SMALL + bytes + rows.encodedBytes()
                : Footprint.asObjects(bytes);
    }

    static int bytes(RawBsonDocument document) {
        return document.getByteBuffer().remaining();
    }

    /// A document by its row's key.
    public record RowKey(int collection, Object key) {}

    /// A document whose key did not become a row's key.
    ///
    /// @param id as canonical Extended JSON. The driver takes values for equal in which only bytes that are
    ///     not UTF-8 differ, or the first of two fields of a name
    public record UnmappedKey(int collection, String id) {
        /// @param id the `_id`, decoded or as a document's bytes
        public static UnmappedKey of(CollectionTarget target, BsonValue id) {
            return new UnmappedKey(target.index(), IdText.canonical(id));
        }
    }
}
