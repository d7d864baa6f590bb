/// The write path: a batch or a chunk into the target's tables and, in the same transaction, the
/// position. It knows all other rooms of `sink.postgres`, and none of them knows it.
@NullMarked
package dev.sluice.sink.postgres;

import org.jspecify.annotations.NullMarked;
