/// What the mapping does to values on their way from a document to a column: sources, conversions, and the values that
/// stand in the mapping itself. Knows a document of the mapper, and not tables, policies of columns or keys.
@NullMarked
package dev.sluice.mapping.convert;

import org.jspecify.annotations.NullMarked;
