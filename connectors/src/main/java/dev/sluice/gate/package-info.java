/// Whether the reads of a collection may move to PostgreSQL.
@NullMarked
package dev.sluice.gate;

import org.jspecify.annotations.NullMarked;
