package dev.sluice.change;

import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What became of a collection itself, at its place in the change stream.
///
/// @param collection empty for the database
/// @param detail in words; without values
/// @param uuid MongoDB's identifier, in hex, of the collection that had the name until then; null where the
///     server does not say, as before 6.0
public record CollectionChange(
        Kind kind,
        String collection,
        String detail,
        BsonTimestamp clusterTime,
        @Nullable String uuid) {

    /// What can become of a collection.
    public enum Kind {
        DROPPED,
        /// It has another name now.
        RENAMED,
        /// Another one was renamed to its name.
        REPLACED,
        DATABASE_DROPPED,
        /// Its options were changed.
        MODIFIED
    }
}
