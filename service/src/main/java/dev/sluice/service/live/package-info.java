/// What the page shows while it happens: the numbers of each second, an hour of them, and what
/// changed. Gathered once for all who look.
@NullMarked
package dev.sluice.service.live;

import org.jspecify.annotations.NullMarked;
