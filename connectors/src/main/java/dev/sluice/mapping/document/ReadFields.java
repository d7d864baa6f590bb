package dev.sluice.mapping.document;

import dev.sluice.schema.Source;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The fields that the columns of one table read by name. Immutable once the mapping is compiled; any thread.
///
/// @param document those of the document
/// @param element those of a child table's elements or entries; null for a column of the collection's
///     own table
/// @param array the path of the array or object that holds these; empty for the collection's own table
public record ReadFields(FieldTrie document, @Nullable FieldTrie element, String array) {
    /// Where a document's key is.
    public static final Source.Path ID = new Source.Path(List.of("_id"));

    /// Those of a collection's own table.
    public static ReadFields ofDocument(FieldTrie document) {
        return new ReadFields(document, null, "");
    }

    /// Where paths start: the element's fields in a child table, else the document's.
    public FieldTrie here() {
        return element == null ? document : element;
    }
}
