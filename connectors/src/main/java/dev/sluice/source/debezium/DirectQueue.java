package dev.sluice.source.debezium;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import io.debezium.connector.base.QueueProvider;
import io.debezium.pipeline.DataChangeEvent;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Stands where the engine has its queue, and hands each record on at once. The engine would wait to fill a
/// batch, the last millisecond of it spinning with the queue locked, and pass each record through its
/// stage for transformations, of which there are none: that costs time when there is little to do, and
/// throughput when there is much. To the engine the queue always looks empty; its own thread only asks
/// whether anything went wrong.
///
/// Debezium's plug-in for queues. Made by the engine, through [java.util.ServiceLoader].
public final class DirectQueue implements QueueProvider<DataChangeEvent> {
    static final String NAME = "sluice-direct";

    private @Nullable HandOver handOver;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void configure(Map<String, ?> properties) {
        handOver = HandOver.registered(String.valueOf(properties.get(CommittedOffset.REFERENCE)));
    }

    @Override
    public void enqueue(DataChangeEvent event) throws InterruptedException {
        HandOver to = handOver;
        if (to == null) {
            throw new SluiceException(
                    FailureKind.ENGINE, "The engine was started without anybody to take its records.");
        }
        to.put(event.getRecord());
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
