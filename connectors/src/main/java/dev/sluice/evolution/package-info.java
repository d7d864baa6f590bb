/// Changes of MongoDB's schema: collections that are dropped, renamed or replaced, and fields that are new.
@NullMarked
package dev.sluice.evolution;

import org.jspecify.annotations.NullMarked;
