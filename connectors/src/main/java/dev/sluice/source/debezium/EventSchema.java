package dev.sluice.source.debezium;

import io.debezium.connector.mongodb.CollectionId;
import io.debezium.data.Envelope;
import io.debezium.schema.DataCollectionSchema;
import io.debezium.schema.DatabaseSchema;
import io.debezium.spi.schema.DataCollectionId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.connect.data.Schema;

/// What the engine asks of a collection for its records: [EventRecord]'s schema for every one. Any
/// thread.
final class EventSchema implements DatabaseSchema<CollectionId> {
    private static final Envelope ENVELOPE = Envelope.fromSchema(EventRecord.SCHEMA);

    private final Map<CollectionId, OfCollection> collections = new ConcurrentHashMap<>();

    private record OfCollection(DataCollectionId id) implements DataCollectionSchema {
        /// The key is in the record.
        @Override
        public Schema keySchema() {
            return Schema.OPTIONAL_BYTES_SCHEMA;
        }

        @Override
        public Envelope getEnvelopeSchema() {
            return ENVELOPE;
        }
    }

    @Override
    public DataCollectionSchema schemaFor(CollectionId id) {
        return collections.computeIfAbsent(id, OfCollection::new);
    }

    @Override
    public boolean tableInformationComplete() {
        return false;
    }

    @Override
    public boolean isHistorized() {
        return false;
    }

    @Override
    public void close() {}
}
