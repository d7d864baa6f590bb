package dev.sluice.change;

import java.util.List;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Changes in source order, and the position they bring a reader to: one value, since they are committed
/// together.
///
/// @param changes may be empty: then only the position moves
/// @param upTo everything up to here is in this batch or in those before it; null when the source gave no
///     position
/// @param through every change with a cluster time up to and with this one is in this batch or in those
///     before it. Not the same as the last change's: several changes may share a cluster time, and a batch
///     may end between them. It goes on while nothing happens, as far as MongoDB says that it has looked.
///     Null when unknown
public record ChangeBatch(
        List<Change> changes,
        @Nullable Position upTo,
        @Nullable BsonTimestamp through) {
    public ChangeBatch {
        changes = List.copyOf(changes);
    }
}
