package dev.sluice.verify;

import dev.sluice.schema.TableName;
import java.util.SequencedMap;

/// How a table differs from its documents.
///
/// @param documents documents read, for a collection's own table; for a child table, 0
/// @param expected rows the documents should be
/// @param actual rows that are there
/// @param missing rows that should be there and are not
/// @param extra rows that no document explains
/// @param different rows that are there with other values
/// @param byColumn how many rows differ in each column, only columns that do
public record TableDifference(
        TableName table,
        long documents,
        long expected,
        long actual,
        long missing,
        long extra,
        long different,
        SequencedMap<String, Long> byColumn) {

    /// Whether nothing differs.
    public boolean equal() {
        return missing == 0 && extra == 0 && different == 0;
    }
}
