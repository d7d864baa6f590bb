/// One document on its way through the mapper: where the fields lie that the mapping reads, which ones nothing reads,
/// what must not be seen of them, and what comes to light. Knows values and rows, and not which column wants a value
/// or what a conversion makes of it.
@NullMarked
package dev.sluice.mapping.document;

import org.jspecify.annotations.NullMarked;
