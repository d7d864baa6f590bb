/// The description of a pipeline, shared by all its operations.
@NullMarked
package dev.sluice.pipeline;

import org.jspecify.annotations.NullMarked;
