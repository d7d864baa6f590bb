/// One pipeline: source, mapping, sink and commit, supervised.
@NullMarked
package dev.sluice.service.pipeline;

import org.jspecify.annotations.NullMarked;
