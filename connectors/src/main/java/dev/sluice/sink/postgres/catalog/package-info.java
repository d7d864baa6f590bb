/// PostgreSQL's catalog as writing needs it: what a table is, how it takes a value, and what its
/// triggers do. It knows the shape of the mapping's tables, and no SQL that writes to one of them for
/// good.
@NullMarked
package dev.sluice.sink.postgres.catalog;

import org.jspecify.annotations.NullMarked;
