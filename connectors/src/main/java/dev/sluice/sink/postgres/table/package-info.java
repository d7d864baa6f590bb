/// SQL text on a target's table, and which row, document and other table a row belongs to. It knows the
/// catalog, and keeps nothing of what it is asked.
@NullMarked
package dev.sluice.sink.postgres.table;

import org.jspecify.annotations.NullMarked;
