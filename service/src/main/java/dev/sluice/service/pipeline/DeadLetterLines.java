package dev.sluice.service.pipeline;

import dev.sluice.service.text.Counted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What the log says of dead letters: a line for a collection as soon as it has one, then at most one a minute
/// with how many came since, so that a thousand of them are no thousand lines. For one thread.
final class DeadLetterLines {
    private static final long EVERY_NANOS = Duration.ofMinutes(1).toNanos();

    private final Map<String, Said> said = new HashMap<>();

    /// @param seen how many there were when they were counted last
    /// @param come since the last line
    private record Said(long at, long seen, long come) {}

    /// @param open dead letters that nobody has accepted, by collection; those that are not in it have none
    /// @param now nanoseconds, of a clock that does not jump
    /// @return what there is to say now
    List<String> next(Map<String, Long> open, long now) {
        List<String> lines = new ArrayList<>();
        said.replaceAll((collection, before) -> open.containsKey(collection) ? before : new Said(before.at(), 0, 0));
        new TreeMap<>(open).forEach((collection, count) -> {
            Said before = said.get(collection);
            long come = before == null ? count : before.come() + Math.max(0, count - before.seen());
            boolean due = come > 0 && (before == null || now - before.at() >= EVERY_NANOS);
            if (due) {
                lines.add(line(collection, come, count));
            }
            long at = before == null ? now - EVERY_NANOS : before.at();
            said.put(collection, new Said(due ? now : at, count, due ? 0 : come));
        });
        return lines;
    }

    private static String line(String collection, long come, long open) {
        return String.format(
                Locale.ROOT,
                "%s: %s (%,d open now). A dead letter has no row, and the gate of %s stays shut. `sluice dead-letters list"
                        + " --collection %s` says why.",
                collection,
                Counted.of(come, "document became a dead letter", "documents became dead letters"),
                open,
                collection,
                collection);
    }
}
