/// Connections to a PostgreSQL: where it is, what each session is set to, and what keeps one from being
/// opened or from writing at all. It knows no table.
@NullMarked
package dev.sluice.postgres;

import org.jspecify.annotations.NullMarked;
