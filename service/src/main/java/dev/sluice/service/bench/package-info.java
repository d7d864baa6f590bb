/// Measures Sluice and the limits of the machine in one run.
@NullMarked
package dev.sluice.service.bench;

import org.jspecify.annotations.NullMarked;
