package dev.sluice.change;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes in source order, and the position they bring a reader to: one value, since they are committed
/// together.
///
/// @param changes may be empty: then only the position moves (a heartbeat)
/// @param upTo everything up to here is in this batch or in those before it; null when the source gave no
///     position
/// @param idleSinceMillis for a heartbeat of an idle stream, when the source had last asked MongoDB and has
///     delivered all that came, in milliseconds since 1970; 0 otherwise, and when that is not known
public record ChangeBatch(List<Change> changes, @Nullable Position upTo, long idleSinceMillis) {
    public ChangeBatch {
        changes = List.copyOf(changes);
    }
}
