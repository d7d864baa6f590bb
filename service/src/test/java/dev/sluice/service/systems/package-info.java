/// The ready-made systems as tests meet them: documents in the shapes their applications have written over
/// the years, the changes the applications make, and looks at the rows that take no part of the mapper.
@NullMarked
package dev.sluice.service.systems;

import org.jspecify.annotations.NullMarked;
