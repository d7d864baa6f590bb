package dev.sluice.source.debezium;

import dev.sluice.change.Change;
import dev.sluice.change.IdText;
import dev.sluice.change.Position;
import io.debezium.connector.mongodb.ResumeTokens;
import java.util.Map;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// From Debezium's records to changes and positions. Immutable; any thread.
final class RecordDecoder {
    private RecordDecoder() {}

    /// Takes the `_id` and the document from the arrival, where they are exact. The record has both as JSON.
    static Change change(Arrival.Recorded recorded) {
        Struct value = (Struct) recorded.record().value();
        Struct source = value.getStruct("source");
        String collection = source.getString("collection");
        BsonTimestamp time = clusterTime(recorded.record());
        BsonTimestamp clusterTime = time == null ? new BsonTimestamp(0) : time;
        long committedAt = source.getInt64("ts_ms");
        BsonValue beside = recorded.id();
        BsonValue id = beside == null ? IdText.parse(((Struct) recorded.record().key()).getString("id")) : beside;
        if (value.getString("op").equals("d")) {
            return new Change.Delete(collection, id, clusterTime, committedAt);
        }
        String after = value.getString("after");
        RawBsonDocument document = beside == null && after != null ? RawBsonDocument.parse(after) : recorded.document();
        return document == null
                ? new Change.Unresolved(collection, id, clusterTime, committedAt)
                : new Change.Upsert(collection, id, document, clusterTime, committedAt);
    }

    /// @return null for a record without a token
    static @Nullable Position position(SourceRecord record) {
        Map<String, ?> offset = record.sourceOffset();
        return offset != null && offset.get("resume_token") instanceof String token
                ? Position.of(ResumeTokens.fromBase64(token), clusterTime(record))
                : null;
    }

    /// @return null where the record does not say
    private static @Nullable BsonTimestamp clusterTime(SourceRecord record) {
        Map<String, ?> offset = record.sourceOffset();
        return offset != null
                        && offset.get("sec") instanceof Number seconds
                        && offset.get("ord") instanceof Number increment
                        && seconds.longValue() > 0
                ? new BsonTimestamp(seconds.intValue(), increment.intValue())
                : null;
    }
}
