package dev.sluice.cutover;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Where a collection is read from.
///
/// @param autoRollback whether a running pipeline moves all reads back by itself when rows drift or fall behind
/// @param writesMoved whether the application writes the rows, and no longer MongoDB
/// @param revision raised with each change; 0 while it was never moved
/// @param changedAt null while it was never moved
/// @param changedBy null while it was never moved
public record Route(
        String collection,
        Share share,
        boolean autoRollback,
        boolean writesMoved,
        long revision,
        @Nullable Instant changedAt,
        @Nullable String changedBy) {
    /// Of a collection that was never moved.
    public static Route unmoved(String collection) {
        return new Route(collection, Share.MONGODB, false, false, 0, null, null);
    }
}
