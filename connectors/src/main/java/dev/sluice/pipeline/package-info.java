/// A pipeline as what works on one has to know it.
@NullMarked
package dev.sluice.pipeline;

import org.jspecify.annotations.NullMarked;
