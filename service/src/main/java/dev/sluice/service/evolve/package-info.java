/// From one mapping to the next, while the pipeline runs.
@NullMarked
package dev.sluice.service.evolve;

import org.jspecify.annotations.NullMarked;
