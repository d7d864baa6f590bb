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

    /// The newest operation that can have been seen up to here: reading MongoDB at this time or later shows
    /// nothing from before the position. Where an event was the last, that is its own time. The token of an
    /// idle stream is no event's (a high-water mark): it stands before every event of its time, and that may
    /// be one increment past the newest operation, a time that the server has never had. Null when unknown.
    public @Nullable BsonTimestamp newestOperation() {
        BsonTimestamp mark = ResumeTokens.highWaterMark(resumeToken);
        return mark == null ? clusterTime : Watermark.before(mark);
    }
}
