/// The position of a pipeline, and which process may move it.
@NullMarked
package dev.sluice.positions;

import org.jspecify.annotations.NullMarked;
