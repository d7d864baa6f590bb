/// Where applications read collections from, and how that is moved.
@NullMarked
package dev.sluice.cutover;

import org.jspecify.annotations.NullMarked;
