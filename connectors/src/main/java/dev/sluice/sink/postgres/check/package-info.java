/// What the target has to be before rows are written: the migrations that make it so, and the checks
/// that say what is not. It knows the catalog and the tables, and nothing of documents.
@NullMarked
package dev.sluice.sink.postgres.check;

import org.jspecify.annotations.NullMarked;
