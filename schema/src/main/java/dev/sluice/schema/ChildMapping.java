package dev.sluice.schema;

import java.util.ArrayList;
import java.util.List;

/// A child table: one row for each element of an array in the document, keyed by the parent's key and the
/// element's index. Rows beyond the end of a shrunken array go with the change that shrank it.
///
/// @param parentColumn holds the key of the parent's row
/// @param ordinalColumn holds the index in the array, from 0; an element that is no object leaves a gap
public record ChildMapping(
        TableName table,
        Source.Path array,
        String parentColumn,
        String ordinalColumn,
        List<ColumnMapping> columns,
        Where where) {
    public ChildMapping {
        columns = List.copyOf(columns);
    }

    /// Every path of the array's element that some column reads by name.
    public List<Source.Path> readPaths() {
        List<Source.Path> paths = new ArrayList<>();
        columns.forEach(c -> paths.addAll(c.source().ownPaths()));
        return paths;
    }
}
