package dev.sluice.schema;

/// The value is looked up in another table when the row is written: of the row whose `match` equals it, the
/// column `take` is written; where there is none, NULL.
///
/// @param table the table, with its schema when that is not the mapping's
/// @param match the column of that table that the converted value is compared with; unique
/// @param matchType its type
/// @param take the column of that table that is written
public record Reference(TableName table, String match, ColumnType matchType, String take) {}
