/// Documents touched since some point of the change stream, taken anew.
@NullMarked
package dev.sluice.replay;

import org.jspecify.annotations.NullMarked;
