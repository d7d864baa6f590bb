package dev.sluice.source.debezium;

import dev.sluice.change.CollectionChange;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.mongo.StreamEvent;

/// What MongoDB gave, in its order.
sealed interface Fetched {
    /// A change of a document.
    ///
    /// @param lookUp whether its document is still to be read
    /// @param lastOfItsTime as in [Arrival.Recorded]
    /// @param lease as in [Arrival.Recorded]; where the document is still to be read, without it
    record Event(StreamEvent change, boolean lookUp, boolean lastOfItsTime, MemoryBudget.Lease lease)
            implements Fetched {}

    /// A collection itself was changed here.
    record OfCollection(CollectionChange change) implements Fetched {}

    /// There was nothing more.
    record Nothing(Arrival.Reached reached) implements Fetched {}

    /// There will be nothing more.
    record End(Throwable failure) implements Fetched {}
}
