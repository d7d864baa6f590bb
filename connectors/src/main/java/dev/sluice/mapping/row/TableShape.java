package dev.sluice.mapping.row;

import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Lookup;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The columns of a table as rows carry them: key first (in a child table, the parent's key and
/// the [dev.sluice.schema.ChildKey]), then the mapping's columns in its order.
///
/// @param keyColumns how many columns at the front identify the row: 1, or 2 in a child table
public record TableShape(TableName table, int keyColumns, List<Column> columns) {
    public TableShape {
        columns = List.copyOf(columns);
    }

    /// Whether it is a child table whose rows are told apart by the index in an array. No key of
    /// documents or elements is of that type.
    public boolean hasOrdinals() {
        return keyColumns > 1 && columns.get(1).type().equals(new ColumnType.Int(4));
    }

    /// @param type the type of the values in rows; with a reference, the type of the column they are
    ///     matched with
    /// @param reference the look-up made when the row is written; null for none
    /// @param lookup where the value comes from when there is none; null for nowhere
    /// @param write when the column is written
    public record Column(
            String name,
            ColumnType type,
            @Nullable Reference reference,
            @Nullable Lookup lookup,
            ColumnMapping.Write write) {
        /// A column that is written as it is: one of the key.
        public static Column plain(String name, ColumnType type) {
            return new Column(name, type, null, null, ColumnMapping.Write.ALWAYS);
        }

        /// The same with another type.
        public Column as(ColumnType other) {
            return new Column(name, other, reference, lookup, write);
        }

        /// A column as the mapping has it.
        public static Column of(ColumnMapping column) {
            return new Column(column.column(), typeOf(column), column.reference(), column.lookup(), column.write());
        }

        /// The type of the values that rows carry for a column: one that is looked up elsewhere is of the type it is
        /// looked up by.
        public static ColumnType typeOf(ColumnMapping column) {
            Reference reference = column.reference();
            if (reference == null) {
                return column.type();
            }
            return column.type() instanceof ColumnType.Array
                    ? new ColumnType.Array(reference.matchType())
                    : reference.matchType();
        }
    }
}
