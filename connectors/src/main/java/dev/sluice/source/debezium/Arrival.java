package dev.sluice.source.debezium;

import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.memory.MemoryBudget;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What comes out of the engine, in the order of the source.
sealed interface Arrival {
    /// A record of the engine.
    ///
    /// @param record an [EventRecord]; where the engine reads by itself, for measuring, one of
    ///     Debezium's, which is not decoded
    /// @param lastOfItsTime whether no other change has the same cluster time and is still to come
    /// @param lease for what it takes until it is written
    record Recorded(SourceRecord record, boolean lastOfItsTime, MemoryBudget.Lease lease) implements Arrival {}

    /// A collection itself was changed here.
    record OfCollection(CollectionChange change) implements Arrival {}

    /// MongoDB had no further changes.
    ///
    /// @param position up to where it had looked
    /// @param through every change up to and with this cluster time has been delivered
    record Reached(Position position, @Nullable BsonTimestamp through) implements Arrival {}

    /// The stream failed after the arrivals before this one.
    record Broken(Throwable failure) implements Arrival {}
}
