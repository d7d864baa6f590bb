/// What changes in MongoDB beside documents: collections that go or change places, fields that are new.
@NullMarked
package dev.sluice.evolution;

import org.jspecify.annotations.NullMarked;
