package dev.sluice.source.debezium;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.change.Position;
import dev.sluice.source.mongo.StreamEvent;
import io.debezium.data.Envelope;
import io.debezium.data.Envelope.Operation;
import java.nio.ByteBuffer;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// The engine's record of a change: key, document and token as the bytes that MongoDB sent, which
/// are not copied, and the times. Debezium's own has key and document as JSON, the source's fields
/// once more with each record, and the token as text in an offset. Immutable; any thread.
final class EventRecord {
    /// One for all collections.
    static final Schema SCHEMA = SchemaBuilder.struct()
            .name("dev.sluice.Event" + Envelope.SCHEMA_NAME_SUFFIX)
            .field("op", Schema.STRING_SCHEMA)
            .field("collection", Schema.STRING_SCHEMA)
            .field("cluster_time", Schema.INT64_SCHEMA)
            .field("wall_millis", Schema.INT64_SCHEMA)
            .field("token", Schema.BYTES_SCHEMA)
            .field("key", Schema.BYTES_SCHEMA)
            .field("document", Schema.OPTIONAL_BYTES_SCHEMA)
            .build();

    private static final Field OP = SCHEMA.field("op");
    private static final Field COLLECTION = SCHEMA.field("collection");
    private static final Field CLUSTER_TIME = SCHEMA.field("cluster_time");
    private static final Field WALL_MILLIS = SCHEMA.field("wall_millis");
    private static final Field TOKEN = SCHEMA.field("token");
    private static final Field KEY = SCHEMA.field("key");
    private static final Field DOCUMENT = SCHEMA.field("document");

    private EventRecord() {}

    /// @param document after the change; null where there is none
    /// @throws IllegalArgumentException when the event is not of a document
    static Struct of(StreamEvent event, @Nullable RawBsonDocument document) {
        RawBsonDocument key = event.key();
        if (key == null) {
            throw new IllegalArgumentException("the change is of no document");
        }
        Struct record = new Struct(SCHEMA)
                .put(OP, operation(event).code())
                .put(COLLECTION, event.collection())
                .put(CLUSTER_TIME, event.clusterTime().getValue())
                .put(WALL_MILLIS, event.wallMillis())
                .put(TOKEN, bytes(event.token()))
                .put(KEY, bytes(key));
        return document == null ? record : record.put(DOCUMENT, bytes(document));
    }

    static Operation operation(StreamEvent event) {
        return switch (event.kind()) {
            case INSERT -> Operation.CREATE;
            case UPDATE, REPLACE -> Operation.UPDATE;
            case DELETE -> Operation.DELETE;
            case DROP, RENAME, DROP_DATABASE, MODIFY, INVALIDATE, OTHER ->
                throw new IllegalArgumentException("the change is of no document");
        };
    }

    static Change change(SourceRecord from) {
        Struct record = (Struct) from.value();
        String collection = (String) record.get(COLLECTION);
        BsonTimestamp clusterTime = clusterTime(record);
        long wallMillis = (Long) record.get(WALL_MILLIS);
        BsonValue id = ExactBson.id(document(record.get(KEY)));
        if (Operation.DELETE.code().equals(record.get(OP))) {
            return new Change.Delete(collection, id, clusterTime, wallMillis);
        }
        Object document = record.get(DOCUMENT);
        return document == null
                ? new Change.Unresolved(collection, id, clusterTime, wallMillis)
                : new Change.Upsert(collection, id, document(document), clusterTime, wallMillis);
    }

    static Position position(SourceRecord from) {
        Struct record = (Struct) from.value();
        return Position.of(document(record.get(TOKEN)), clusterTime(record));
    }

    private static BsonTimestamp clusterTime(Struct record) {
        return new BsonTimestamp((Long) record.get(CLUSTER_TIME));
    }

    private static ByteBuffer bytes(RawBsonDocument document) {
        ByteBuf bytes = document.getByteBuffer();
        return ByteBuffer.wrap(bytes.array(), bytes.position(), bytes.remaining());
    }

    private static RawBsonDocument document(Object bytes) {
        ByteBuffer buffer = (ByteBuffer) bytes;
        return new RawBsonDocument(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
    }
}
