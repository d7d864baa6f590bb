package dev.sluice.verify;

import dev.sluice.sink.CollectionTarget;
import java.util.Collection;
import java.util.Set;
import org.bson.BsonValue;

/// What the pipeline has yet to apply, for when nobody runs it and waiting would be in vain.
@FunctionalInterface
public interface InFlight {
    /// Those of the documents that changed since the pipeline's position.
    ///
    /// @param ids the `_id`s of documents, whether they are there or not
    Set<BsonValue> among(CollectionTarget target, Collection<BsonValue> ids);
}
