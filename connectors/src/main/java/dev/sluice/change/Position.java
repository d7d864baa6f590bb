package dev.sluice.change;

import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// A place in the change stream: everything up to it has been seen.
///
/// @param resumeToken what MongoDB resumes after
/// @param clusterTime the time of that place; null where neither the event nor the token says
public record Position(BsonDocument resumeToken, @Nullable BsonTimestamp clusterTime) {

    /// The position with the time its token carries, where the event itself gave none.
    public static Position of(BsonDocument resumeToken, @Nullable BsonTimestamp clusterTime) {
        return new Position(resumeToken, clusterTime == null ? ResumeTokens.clusterTime(resumeToken) : clusterTime);
    }

    /// Whether the server's tokens move on while nothing happens, as a mongod's do. A stand-in's may not.
    public boolean movesWhenIdle() {
        return ResumeTokens.isKeyString(resumeToken);
    }
}
