/// Where a pipeline is, and who may move it.
@NullMarked
package dev.sluice.positions;

import org.jspecify.annotations.NullMarked;
