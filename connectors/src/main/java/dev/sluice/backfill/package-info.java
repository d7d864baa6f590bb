/// The backfill: the copy of the documents that existed before the stream, in fenced chunks while the
/// stream runs.
@NullMarked
package dev.sluice.backfill;

import org.jspecify.annotations.NullMarked;
