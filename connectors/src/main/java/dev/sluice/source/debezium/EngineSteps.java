package dev.sluice.source.debezium;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The way from the engine's defaults to our settings, one step after the other, to show what each gives.
public final class EngineSteps {
    /// What takes an engine's property back to its default.
    private static final String DEFAULT = "";

    /// A step, and which properties have our value from there on.
    private record Step(String name, Reading reading, List<String> ours) {}

    private static final List<Step> STEPS = List.of(
            new Step("Debezium's defaults", Reading.DEBEZIUM, List.of()),
            new Step(
                    "  + filter by names, and without what an update changed",
                    Reading.DEBEZIUM,
                    List.of("filters.match.mode", "cursor.pipeline", "cursor.pipeline.order")),
            new Step(
                    "  + larger batches, shorter polls, no extra headers",
                    Reading.DEBEZIUM,
                    List.of(
                            "max.batch.size",
                            "max.queue.size",
                            "poll.interval.ms",
                            "record.processing.threads",
                            "extended.headers.enabled",
                            "cursor.max.await.time.ms")),
            new Step(
                    "  + read by bytes, documents as BSON, no event metrics, records as they are made",
                    Reading.LOOK_UPS_IN_BATCHES,
                    List.of("topic.naming.strategy")));

    private EngineSteps() {}

    /// Settings by the step's name; the last are `ours`.
    public static SequencedMap<String, EngineProperties> to(EngineProperties ours) {
        Map<String, String> defaults = new LinkedHashMap<>();
        STEPS.forEach(step -> step.ours().forEach(property -> defaults.put(property, DEFAULT)));
        SequencedMap<String, EngineProperties> steps = new LinkedHashMap<>();
        for (Step step : STEPS) {
            step.ours().forEach(defaults::remove);
            steps.put(step.name(), ours.withReading(step.reading()).withOverrides(defaults));
        }
        return steps;
    }
}
