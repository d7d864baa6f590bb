/// Tests of the pipeline's parts by themselves.
@NullMarked
package dev.sluice.service.pipeline;

import org.jspecify.annotations.NullMarked;
