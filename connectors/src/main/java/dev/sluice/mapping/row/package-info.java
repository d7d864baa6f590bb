/// What one value becomes in a column of PostgreSQL ([dev.sluice.mapping.row.BsonToPg], by column type), and rows:
/// their
/// columns, where they are written to, and what a document has become as a whole. Knows values and the column types of
/// the schema, and not where a value was read or what was done to it.
@NullMarked
package dev.sluice.mapping.row;

import org.jspecify.annotations.NullMarked;
