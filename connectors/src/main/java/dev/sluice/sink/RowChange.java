package dev.sluice.sink;

import dev.sluice.change.Change;
import dev.sluice.change.IdText;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.memory.Footprint;
import dev.sluice.sink.copy.DocumentRows;
import java.util.List;
import org.bson.BsonValue;
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
        ///
        /// @param key of the document's row
        /// @param rows null where they are made from the document when they are written
        /// @param misfits as [MappingResult.Mapped] has them
        /// @param unmapped likewise
        record Upsert(Object key, @Nullable DocumentRows rows, List<MisfitValue> misfits, List<String> unmapped)
                implements Effect {}

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

    /// Of a document that was mapped. Its rows are made from it when they are written.
    public static RowChange of(CollectionTarget target, MappingResult result, Change.Upsert change) {
        Effect effect = switch (result) {
            case MappingResult.Mapped mapped ->
                new Effect.Upsert(mapped.key(), null, mapped.misfits(), mapped.unmapped());
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
            case Effect.Upsert u -> new RowKey(target.index(), u.key());
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
            case Effect.Upsert u -> u.key();
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

    /// How many bytes of heap it takes until it is written: the arrays that the document and its rows lie in, and what
    /// else is held of it, at most (promise 7).
    public long heldBytes() {
        long document = change instanceof Change.Upsert upsert ? Footprint.of(upsert.document()) : 0;
        return Footprint.CHANGE
                + Footprint.of(change.collection())
                + Footprint.of(change.id())
                + document
                + switch (effect) {
                    case Effect.Upsert u ->
                        Footprint.ofKey(u.key())
                                + (u.rows() == null ? 0 : u.rows().heldBytes())
                                + u.misfits().stream()
                                        .mapToLong(RowChange::heldBytes)
                                        .sum()
                                // The paths are the mapper's.
                                + Footprint.OBJECT
                                + (long) Long.BYTES * u.unmapped().size();
                    case Effect.Delete d -> Footprint.ofKey(d.key());
                    case Effect.Skip s -> Footprint.ofKey(s.key());
                    case Effect.Reject r -> Footprint.of(r.reason());
                    case Effect.Forget f -> 0;
                    case Effect.Wait w -> 0;
                };
    }

    private static long heldBytes(MisfitValue misfit) {
        return Footprint.OBJECT
                + Footprint.of(misfit.column())
                + Footprint.of(misfit.path())
                + Footprint.of(misfit.value())
                + Footprint.of(misfit.reason());
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
