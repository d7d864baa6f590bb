package dev.sluice.schema;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The value is looked up in another table when the row is written: of the row whose `match` equals it, the
/// column `take` is written. A document whose row can't be found waits: it is resynced when the row
/// comes, and treated as the policy says until then, and again when the row goes.
///
/// @param table the table, with its schema when that is not the mapping's
/// @param match the column of that table that the converted value is compared with; unique, together with
///     those of `and`
/// @param matchType its type
/// @param take the column of that table that is written
/// @param and further columns of that table, each with the column of this table it has to equal
/// @param orphan what becomes of a value that no row is found for
public record Reference(
        TableName table, String match, ColumnType matchType, String take, Map<String, String> and, Orphan orphan) {
    public Reference {
        and = Collections.unmodifiableMap(new LinkedHashMap<>(and));
    }

    /// What becomes of a value that no row is found for.
    public enum Orphan {
        /// The column is NULL; in an array, the element is.
        EMPTY,
        /// The element of the array goes; a column that is no array is NULL.
        DROP,
        /// The document has no row (the element of a child table's array none) until the other one comes.
        SKIP,
        /// The other row is made, with this value and its table's defaults.
        CREATE
    }
}
