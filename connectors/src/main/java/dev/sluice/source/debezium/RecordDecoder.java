package dev.sluice.source.debezium;

import dev.sluice.change.Change;
import dev.sluice.change.IdText;
import dev.sluice.change.Position;
import io.debezium.connector.mongodb.ResumeTokens;
import java.util.Map;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// From Debezium's records to changes and positions. Immutable; any thread.
final class RecordDecoder {
    private static final String OBJECT_ID_KEY = "{\"$oid\": \"";

    private RecordDecoder() {}

    /// @param document the document after the change, where it came beside the record; null where the
    ///     record holds it as JSON, or there is none
    static Change change(SourceRecord record, @Nullable RawBsonDocument document) {
        Struct value = (Struct) record.value();
        Struct source = value.getStruct("source");
        String collection = source.getString("collection");
        // The document's own is exact, also where it has a name twice, and needs no parser.
        BsonValue own = document == null ? null : document.get("_id");
        BsonValue id = own == null ? id(((Struct) record.key()).getString("id")) : own;
        BsonTimestamp time = clusterTime(record);
        BsonTimestamp clusterTime = time == null ? new BsonTimestamp(0) : time;
        long committedAt = source.getInt64("ts_ms");
        String op = value.getString("op");
        if (op.equals("d")) {
            return new Change.Delete(collection, id, clusterTime, committedAt);
        }
        String after = value.getString("after");
        if (after == null) {
            return new Change.Unresolved(collection, id, clusterTime, committedAt);
        }
        return new Change.Upsert(
                collection, id, document == null ? BsonDocument.parse(after) : document, clusterTime, committedAt);
    }

    /// An `_id` as the record's key writes it: relaxed Extended JSON, in which int and long can't be told
    /// apart.
    static BsonValue id(String json) {
        // What most ids are, without a parser.
        if (json.startsWith(OBJECT_ID_KEY) && json.length() == OBJECT_ID_KEY.length() + 26) {
            return new BsonObjectId(new ObjectId(json.substring(OBJECT_ID_KEY.length(), OBJECT_ID_KEY.length() + 24)));
        }
        return IdText.parse(json);
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
