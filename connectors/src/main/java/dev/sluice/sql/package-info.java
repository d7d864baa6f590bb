/// How statements go to PostgreSQL. It knows none of them.
@NullMarked
package dev.sluice.sql;

import org.jspecify.annotations.NullMarked;
