/// The end of a migration: the writes of collections move to PostgreSQL.
@NullMarked
package dev.sluice.service.finish;

import org.jspecify.annotations.NullMarked;
