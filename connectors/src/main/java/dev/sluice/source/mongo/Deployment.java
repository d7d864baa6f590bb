package dev.sluice.source.mongo;

import java.util.Map;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What tells one deployment of MongoDB from another, as far as it can be read at a moment.
///
/// @param database the database that is read
/// @param setName null for a sharded cluster
/// @param id the identifier that a replica set gets when it is initiated, or a sharded cluster, in hex; null
///     where there is no right to read it
/// @param uuids the asked collections that there are, with MongoDB's identifiers of them in hex; null where
///     listing is not allowed, or the server gives none
/// @param newest null where it was not a primary that answered
public record Deployment(
        String database,
        boolean sharded,
        @Nullable String setName,
        @Nullable String id,
        @Nullable Map<String, String> uuids,
        @Nullable Newest newest) {

    /// How far it is. A deployment never goes back in either, unless it was restored.
    ///
    /// @param time the newest operation of the primary
    /// @param majority the newest operation that a majority has: it is never rolled back
    /// @param term how often a primary was elected, when that operation was written
    public record Newest(BsonTimestamp time, BsonTimestamp majority, long term) {}

    /// What it is called, as the end of a sentence.
    public String forPeople() {
        return sharded ? "a sharded cluster" : "the replica set " + (setName == null ? "without a name" : setName);
    }
}
