package dev.sluice.schema;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One collection, and the table and child tables its documents become.
///
/// @param conflict the columns whose equality means "the same row": the key, or another unique set where
///     rows may be there before Sluice writes them
/// @param dedupe which of several documents has the row; null where no two are the same row
/// @param redactions values that are taken out before anything else
/// @param onDelete what becomes of the row when the document is deleted
/// @param onDrop what becomes of all rows when the collection is dropped, renamed or replaced
public record CollectionMapping(
        String collection,
        TableName table,
        KeyMapping key,
        List<String> conflict,
        List<ColumnMapping> columns,
        List<ChildMapping> children,
        List<SkipRule> skips,
        @Nullable Dedupe dedupe,
        List<Redaction> redactions,
        OnDelete onDelete,
        OnDrop onDrop,
        Where where) {
    public CollectionMapping {
        conflict = List.copyOf(conflict);
        columns = List.copyOf(columns);
        children = List.copyOf(children);
        skips = List.copyOf(skips);
        redactions = List.copyOf(redactions);
    }

    /// What becomes of a row when its document is deleted.
    public enum OnDelete {
        /// The row and its child rows go too.
        DELETE,
        /// The row stays, for tables that others refer to and that the target system fills by itself.
        KEEP
    }

    /// What happens to all rows when the collection itself is dropped, renamed away, or replaced by another
    /// that was renamed: MongoDB sends no deletes for its documents then.
    public enum OnDrop {
        /// The pipeline stops with a message, until a user decides.
        STOP,
        /// The rows stay; the change is recorded.
        KEEP,
        /// The rows follow: rows without a document are deleted, the documents are read again.
        FOLLOW
    }

    /// Every path of the document that some column, child table or rule reads by name. What no path covers
    /// is the rest.
    public List<Source.Path> readPaths() {
        List<Source.Path> paths = new ArrayList<>();
        columns.forEach(c -> paths.addAll(c.source().ownPaths()));
        skips.forEach(s -> paths.addAll(s.source().ownPaths()));
        children.forEach(child -> {
            paths.add(child.path());
            child.columns().forEach(c -> paths.addAll(c.source().parentPaths()));
        });
        return paths;
    }
}
