/// From a document to the rows it should be: pure functions, no I/O, no clock.
@NullMarked
package dev.sluice.mapping;

import org.jspecify.annotations.NullMarked;
