/// Where a PostgreSQL is: for all that connect to one.
@NullMarked
package dev.sluice.postgres;

import org.jspecify.annotations.NullMarked;
