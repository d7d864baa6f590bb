/// Documents as rows of temporary tables: staged to be written by one statement, or compared with the
/// rows that are there. It knows the tables and the checks, and nothing of positions or of the control
/// schema.
@NullMarked
package dev.sluice.sink.postgres.staging;

import org.jspecify.annotations.NullMarked;
