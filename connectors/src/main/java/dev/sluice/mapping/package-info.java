/// From a document to the rows it should be: pure functions, no I/O, no clock. [dev.sluice.mapping.DocumentMapper]
/// maps the documents of one collection, and [dev.sluice.mapping.RawMapper] writes them to an output of the caller's.
///
/// The rooms inside build on each other, in this order, and know nothing of the later ones: `value` (BSON values),
/// `row` (what they become in PostgreSQL), `document` (where the values lie that are read), `convert` (what the mapping
/// does to them). This package puts them together: tables, columns and keys.
@NullMarked
package dev.sluice.mapping;

import org.jspecify.annotations.NullMarked;
