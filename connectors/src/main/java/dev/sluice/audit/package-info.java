/// Who did what to a pipeline.
@NullMarked
package dev.sluice.audit;

import org.jspecify.annotations.NullMarked;
