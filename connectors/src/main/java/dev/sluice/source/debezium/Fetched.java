package dev.sluice.source.debezium;

import com.mongodb.client.model.changestream.ChangeStreamDocument;
import org.bson.RawBsonDocument;

/// What MongoDB gave, in its order.
sealed interface Fetched {
    /// @param lastOfItsTime as in [Arrival.Recorded]
    /// @param bytes what it weighs, about
    record Event(ChangeStreamDocument<RawBsonDocument> change, boolean lastOfItsTime, long bytes) implements Fetched {}

    /// There was nothing more.
    record Nothing(Arrival.Reached reached) implements Fetched {}

    /// There will be nothing more.
    record End(Throwable failure) implements Fetched {}
}
