package dev.sluice.source.debezium;

import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.change.CollectionChange;
import dev.sluice.memory.MemoryBudget;
import org.bson.RawBsonDocument;

/// What MongoDB gave, in its order.
sealed interface Fetched {
    /// @param lastOfItsTime as in [Arrival.Recorded]
    /// @param lease as in [Arrival.Recorded]
    record Event(ChangeStreamDocument<RawBsonDocument> change, boolean lastOfItsTime, MemoryBudget.Lease lease)
            implements Fetched {}

    /// A collection itself was changed here.
    record OfCollection(CollectionChange change) implements Fetched {}

    /// There was nothing more.
    record Nothing(Arrival.Reached reached) implements Fetched {}

    /// There will be nothing more.
    record End(Throwable failure) implements Fetched {}
}
