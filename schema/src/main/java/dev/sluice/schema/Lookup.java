package dev.sluice.schema;

/// Where a column's value comes from when the document has none: of the row of another table whose `match`
/// equals this row's `by`, the column `take`. Looked up when the row is written, and again when that row
/// comes or changes.
///
/// @param matchType the type of `match`
/// @param by a column of the same table
public record Lookup(TableName table, String match, ColumnType matchType, String by, String take) {}
