/// Databases of the systems in the catalog: documents in the shapes they have had over the years, and what
/// has to come of them, worked out without Sluice's own mapper.
@NullMarked
package dev.sluice.service.systems;

import org.jspecify.annotations.NullMarked;
