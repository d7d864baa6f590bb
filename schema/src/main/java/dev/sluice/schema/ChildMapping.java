package dev.sluice.schema;

import java.util.ArrayList;
import java.util.List;

/// A child table: one row for each element of an array, or each entry of an object, in the document,
/// keyed by the parent's key and what tells them apart. Rows whose element or entry is gone go with the
/// change that took it away.
///
/// @param path of the array or the object
/// @param parentColumn holds the key of the parent's row
/// @param key the other column of the key, by which it is an array or an object
/// @param columns read in the element, or in the entry's value
public record ChildMapping(
        TableName table,
        Source.Path path,
        String parentColumn,
        ChildKey key,
        List<ColumnMapping> columns,
        Where where) {
    public ChildMapping {
        columns = List.copyOf(columns);
    }

    /// Every path of the element, or of the entry's value, that some column or the key reads by name.
    public List<Source.Path> readPaths() {
        List<Source.Path> paths = new ArrayList<>();
        if (key instanceof ChildKey.ElementField(String _, Source.Path from, ColumnType.Key _)) {
            paths.add(from);
        }
        columns.forEach(c -> paths.addAll(c.source().ownPaths()));
        return paths;
    }
}
