package dev.sluice.source.debezium;

import io.debezium.connector.SnapshotRecord;
import io.debezium.pipeline.spi.OffsetContext;
import io.debezium.pipeline.txmetadata.TransactionContext;
import io.debezium.spi.schema.DataCollectionId;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/// The offset of every record of the engine: none. An [EventRecord] has its token, and the position
/// is committed with the rows (promise 1), so nothing is put together for a store that keeps
/// nothing.
final class NoOffset implements OffsetContext {
    private final TransactionContext transaction = new TransactionContext();

    @Override
    public Map<String, ?> getOffset() {
        return Map.of();
    }

    @Override
    public Schema getSourceInfoSchema() {
        return EventRecord.SCHEMA;
    }

    @Override
    public Struct getSourceInfo() {
        throw new UnsupportedOperationException("a record has its source in itself");
    }

    @Override
    public boolean isInitialSnapshotRunning() {
        return false;
    }

    @Override
    public void markSnapshotRecord(SnapshotRecord record) {}

    @Override
    public void preSnapshotStart(boolean onDemand) {}

    @Override
    public void preSnapshotCompletion() {}

    @Override
    public void postSnapshotCompletion() {}

    @Override
    public void event(DataCollectionId collection, Instant at) {}

    @Override
    public TransactionContext getTransactionContext() {
        return transaction;
    }
}
