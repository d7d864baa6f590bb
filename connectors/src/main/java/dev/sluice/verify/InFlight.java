package dev.sluice.verify;

import dev.sluice.sink.CollectionTarget;
import java.util.Collection;
import java.util.Set;

/// The changes that the pipeline has not applied yet, for use when no process runs it and waiting can't help.
@FunctionalInterface
public interface InFlight {
    /// Those of the documents that changed since the pipeline's position.
    ///
    /// @param keys of their rows, as rows carry them, whether these are there or not
    Set<Object> among(CollectionTarget target, Collection<Object> keys);
}
