package dev.sluice.verify;

import dev.sluice.sink.CollectionTarget;
import java.util.Collection;
import java.util.Set;

/// What the pipeline has yet to apply, for when nobody runs it and waiting would be in vain.
@FunctionalInterface
public interface InFlight {
    /// Those of the documents that changed since the pipeline's position.
    ///
    /// @param keys of their rows, as rows carry them, whether these are there or not
    Set<Object> among(CollectionTarget target, Collection<Object> keys);
}
