/// Documents touched since some point of the change stream, resynced.
@NullMarked
package dev.sluice.replay;

import org.jspecify.annotations.NullMarked;
