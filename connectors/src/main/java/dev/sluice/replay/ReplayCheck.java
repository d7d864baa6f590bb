package dev.sluice.replay;

import dev.sluice.sink.CollectionTarget;
import java.util.List;
import org.bson.BsonValue;

/// Compares documents with their rows, after they were resynced.
@FunctionalInterface
public interface ReplayCheck {
    /// @param ids a few thousand at a time, each once; the document may be gone meanwhile
    /// @return how many of them have rows that differ
    long differing(CollectionTarget target, List<BsonValue> ids);
}
