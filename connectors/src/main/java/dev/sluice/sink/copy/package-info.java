/// The rows of documents in the binary format of PostgreSQL's COPY, from when they are mapped until they are
/// sent.
@NullMarked
package dev.sluice.sink.copy;

import org.jspecify.annotations.NullMarked;
