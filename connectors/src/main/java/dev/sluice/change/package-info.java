@NullMarked
package dev.sluice.change;

import org.jspecify.annotations.NullMarked;
