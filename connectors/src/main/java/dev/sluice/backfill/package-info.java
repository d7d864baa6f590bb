/// The copy of what was there before, in fenced chunks beside the stream.
@NullMarked
package dev.sluice.backfill;

import org.jspecify.annotations.NullMarked;
