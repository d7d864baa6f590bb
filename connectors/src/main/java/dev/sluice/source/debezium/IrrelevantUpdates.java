package dev.sluice.source.debezium;

import dev.sluice.source.RelevantFields;
import dev.sluice.source.mongo.StreamEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// Tells which updates touch no field that matters: their documents need not be looked up, and their rows not be
/// written. For one thread.
///
/// Fields that do not matter are reported all the same, by the documents that have them. So now and then an update of
/// each such field is taken for relevant, the first one among them.
final class IrrelevantUpdates {
    private static final Duration TAKE_EVERY = Duration.ofMinutes(1);

    /// Names may be data. The mapper tells no more of them apart either.
    static final int FIELDS_MAX = 1_000;

    /// Stands for all beyond the bound.
    private static final String OTHER = "";

    private final Map<String, RelevantFields> relevant;
    private final LongSupplier nanoTime;

    /// By collection and field, when an update was last taken.
    private final Map<String, Map<String, Long>> taken = new HashMap<>();

    /// @param relevant which fields matter, by collection; all updates of other collections do
    /// @param nanoTime as [System#nanoTime]
    IrrelevantUpdates(Map<String, RelevantFields> relevant, LongSupplier nanoTime) {
        this.relevant = Map.copyOf(relevant);
        this.nanoTime = nanoTime;
    }

    /// Whether an event is of such an update. Of each one that is read this is asked once.
    boolean isOne(StreamEvent event) {
        List<String> updated = event.updated();
        RelevantFields fields = relevant.get(event.collection());
        // Without names it is not known what was updated.
        if (updated.isEmpty() || fields == null || event.kind() != StreamEvent.Kind.UPDATE) {
            return false;
        }
        if (updated.stream().anyMatch(fields::areTouchedBy)) {
            return false;
        }
        Map<String, Long> known = taken.computeIfAbsent(event.collection(), c -> new HashMap<>());
        boolean isIrrelevant = true;
        for (String name : updated) {
            isIrrelevant &= !isDue(known, fields.outermostIrrelevant(name));
        }
        return isIrrelevant;
    }

    private boolean isDue(Map<String, Long> known, String unread) {
        String field = known.size() < FIELDS_MAX || known.containsKey(unread) ? unread : OTHER;
        long now = nanoTime.getAsLong();
        Long last = known.get(field);
        if (last != null && now - last < TAKE_EVERY.toNanos()) {
            return false;
        }
        known.put(field, now);
        return true;
    }
}
