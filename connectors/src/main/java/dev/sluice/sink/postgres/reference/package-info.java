/// Rows that depend on other rows: which of them wait, arrive, give way and go with another. It knows
/// staged rows, and keeps what waits in the control schema, in the transaction that writes the rows.
@NullMarked
package dev.sluice.sink.postgres.reference;

import org.jspecify.annotations.NullMarked;
