package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The columns of a table as rows carry them: key first (in a child table, the parent's key and the
/// ordinal), then the mapping's columns in its order.
///
/// @param keyColumns how many columns at the front identify the row: 1, or 2 in a child table
public record TableShape(TableName table, int keyColumns, List<Column> columns) {
    public TableShape {
        columns = List.copyOf(columns);
    }

    /// @param type the type of the values in rows; with a reference, the type of the column they are
    ///     matched with
    /// @param reference the look-up made when the row is written; null for none
    public record Column(
            String name, ColumnType type, @Nullable Reference reference) {}
}
