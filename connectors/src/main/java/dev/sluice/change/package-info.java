/// What happened in MongoDB, as the rest of the program sees it.
@NullMarked
package dev.sluice.change;

import org.jspecify.annotations.NullMarked;
