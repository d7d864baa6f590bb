/// The status as something to look at: a full screen on a terminal, lines elsewhere.
@NullMarked
package dev.sluice.service.watch;

import org.jspecify.annotations.NullMarked;
