package dev.sluice.source.debezium;

import io.debezium.config.CommonConnectorConfig;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import io.debezium.pipeline.EventDispatcher;
import io.debezium.pipeline.signal.actions.SignalAction;
import io.debezium.pipeline.signal.actions.SignalActionProvider;
import io.debezium.pipeline.source.spi.DataChangeEventListener;
import io.debezium.pipeline.spi.Partition;
import io.debezium.spi.schema.DataCollectionId;
import java.util.Map;

/// Takes the engine's event metrics away. For a JMX attribute that nobody reads, the last event as text,
/// they make a JSON mapper for every single event, a quarter of what the engine's only busy thread does;
/// there is no setting for it. Lag and counts are ours to tell.
///
/// It hangs on Debezium's plug-in for signals, which is given the dispatcher of the events when streaming
/// begins, after the metrics were attached. It adds no signal. Made by the engine, through
/// [java.util.ServiceLoader], for every engine in the process, so it asks for [#PROPERTY].
public final class UnmeteredEvents implements SignalActionProvider {
    /// The engine property that asks for it: `true`.
    static final String PROPERTY = "sluice.unmetered.events";

    @Override
    @SuppressWarnings("deprecation") // properties of no field of Debezium's are read in no other way
    public <P extends Partition> Map<String, SignalAction<P>> createActions(
            EventDispatcher<P, ? extends DataCollectionId> dispatcher,
            ChangeEventSourceCoordinator<P, ?> coordinator,
            CommonConnectorConfig config) {
        if (config.getConfig().getBoolean(PROPERTY, false)) {
            dispatcher.setEventListener(DataChangeEventListener.NO_OP());
        }
        return Map.of();
    }
}
