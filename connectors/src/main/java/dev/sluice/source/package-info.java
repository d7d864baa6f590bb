/// Where changes and documents come from.
@NullMarked
package dev.sluice.source;

import org.jspecify.annotations.NullMarked;
