/// Measures itself beside the limits, in one run.
@NullMarked
package dev.sluice.service.bench;

import org.jspecify.annotations.NullMarked;
