/// Typed rows into PostgreSQL: binary COPY, set-wise upserts, one transaction with the position.
@NullMarked
package dev.sluice.sink.postgres;

import org.jspecify.annotations.NullMarked;
