/// What comes after the copy and before reads move: indexes and foreign keys, and statistics.
@NullMarked
package dev.sluice.after;

import org.jspecify.annotations.NullMarked;
