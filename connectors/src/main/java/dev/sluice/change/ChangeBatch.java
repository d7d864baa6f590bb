package dev.sluice.change;

import java.util.List;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Changes in source order, and the position they bring a reader to: one value, since they are committed
/// together.
///
/// @param changes may be empty: then only the position moves (a heartbeat)
/// @param upTo everything up to here is in this batch or in those before it; null when the source gave no
///     position
/// @param through every change with a cluster time up to and with this one is in this batch or in those
///     before it. Not the same as the last change's: several changes may share a cluster time, and a batch
///     may end between them. Null when unknown, as when there are no changes
/// @param idleSinceMillis for a heartbeat of an idle stream, when the source had last asked MongoDB and has
///     delivered all that came, in milliseconds since 1970; 0 otherwise, and when that is not known
public record ChangeBatch(
        List<Change> changes,
        @Nullable Position upTo,
        @Nullable BsonTimestamp through,
        long idleSinceMillis) {
    public ChangeBatch {
        changes = List.copyOf(changes);
    }
}
