package dev.sluice.source.debezium;

import dev.sluice.source.mongo.StreamEvent;
import io.debezium.connector.mongodb.MongoDbPartition;
import io.debezium.data.Envelope.Operation;
import io.debezium.pipeline.spi.ChangeRecordEmitter;
import io.debezium.pipeline.spi.OffsetContext;
import io.debezium.schema.DataCollectionSchema;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Has the engine make an [EventRecord] of an event.
///
/// @param document as [EventRecord#of]
record EventEmitter(
        MongoDbPartition partition,
        OffsetContext offset,
        StreamEvent event,
        @Nullable RawBsonDocument document) implements ChangeRecordEmitter<MongoDbPartition> {
    @Override
    @SuppressWarnings("NullAway") // the engine's contract has neither keys nor headers that are not there
    public void emitChangeRecords(DataCollectionSchema schema, Receiver<MongoDbPartition> receiver)
            throws InterruptedException {
        receiver.changeRecord(partition, schema, getOperation(), null, EventRecord.of(event, document), offset, null);
    }

    @Override
    public MongoDbPartition getPartition() {
        return partition;
    }

    @Override
    public OffsetContext getOffset() {
        return offset;
    }

    @Override
    public Operation getOperation() {
        return EventRecord.operation(event);
    }
}
