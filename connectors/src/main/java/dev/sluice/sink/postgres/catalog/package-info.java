/// What PostgreSQL's catalog says of the tables that a mapping writes.
@NullMarked
package dev.sluice.sink.postgres.catalog;

import org.jspecify.annotations.NullMarked;
