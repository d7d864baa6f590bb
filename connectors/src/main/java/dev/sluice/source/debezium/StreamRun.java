package dev.sluice.source.debezium;

import dev.sluice.memory.MemoryBudget;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the parts of one run share that the engine makes by reflection. They find it by the name in their
/// property [CommittedOffset#REFERENCE].
///
/// @param arrivals what goes to the handler
/// @param memory for changes from here until they are written
/// @param reconnected as [dev.sluice.source.ChangeSource.Handler#onReconnected]
/// @param passedOver as [dev.sluice.source.ChangeSource.Handler#onIrrelevant]
record StreamRun(
        EngineProperties settings,
        HandOver<Arrival> arrivals,
        MemoryBudget memory,
        Runnable reconnected,
        Consumer<String> passedOver) {
    private static final Map<String, StreamRun> OPEN = new ConcurrentHashMap<>();

    void register(String reference) {
        OPEN.put(reference, this);
    }

    static void forget(String reference) {
        OPEN.remove(reference);
    }

    static @Nullable StreamRun registered(String reference) {
        return OPEN.get(reference);
    }
}
