package dev.sluice.source.debezium;

import io.debezium.connector.base.QueueProvider;
import io.debezium.pipeline.DataChangeEvent;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// Replaces the engine's queue, and returns each record to the thread that had it made. The engine's own
/// queue would wait to fill a batch, the last millisecond of it spinning with the queue locked, and pass each
/// record through the stage for transformations, of which there are none: that costs latency when there are
/// few changes, and throughput when there are many. To the engine the queue always looks empty; its own
/// thread only asks whether there was a failure.
final class DirectQueue implements QueueProvider<DataChangeEvent> {
    private @Nullable SourceRecord made;

    @Override
    public String name() {
        return "sluice-direct";
    }

    @Override
    public void configure(Map<String, ?> properties) {}

    @Override
    public void enqueue(DataChangeEvent event) {
        made = event.getRecord();
    }

    /// The record that the dispatcher has just made, once; null when it made none. The dispatcher's thread.
    @Nullable
    SourceRecord take() {
        SourceRecord record = made;
        made = null;
        return record;
    }

    @Override
    @SuppressWarnings("NullAway") // what Debezium's contract says for an empty queue
    public DataChangeEvent poll() {
        return null;
    }

    @Override
    public int size() {
        return 0;
    }
}
