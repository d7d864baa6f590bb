package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.Numbers;
import dev.sluice.service.watch.Watched.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What there is to see as lines, for where there is no terminal: one for each thing that changed, and
/// one with the
/// numbers now and then. For one thread.
public final class PlainLines {
    private static final Duration NUMBERS_EVERY = Duration.ofSeconds(10);

    private final Map<String, List<Object>> said = new HashMap<>();
    private @Nullable List<Object> saidOfPipeline;
    private Instant numbersAt = Instant.MIN;

    /// The lines that are due.
    public List<String> next(Watched watched) {
        List<String> lines = new ArrayList<>();
        String at = watched.at().truncatedTo(ChronoUnit.SECONDS) + "  ";
        List<Object> pipeline = List.of(watched.state(), steady(watched), watched.away() == null);
        boolean due = !watched.at().isBefore(numbersAt);
        if (due || !pipeline.equals(saidOfPipeline)) {
            if (watched.away() == null || !pipeline.equals(saidOfPipeline)) {
                lines.add(at + pipeline(watched));
            }
            saidOfPipeline = pipeline;
            numbersAt = watched.at().plus(NUMBERS_EVERY);
        }
        for (Row row : watched.collections()) {
            List<Object> words = words(row);
            if (!words.equals(said.put(row.collection(), words))) {
                lines.add(at + collection(row));
            }
        }
        return lines;
    }

    /// The messages but for what changes in them from second to second.
    private static String steady(Watched watched) {
        return String.join(" ", watched.messages()).replaceAll("[0-9.:TZ-]+", "0");
    }

    private static String pipeline(Watched watched) {
        String away = watched.away();
        if (away != null) {
            return watched.pipeline() + ": " + away;
        }
        Numbers n = watched.numbers();
        return watched.pipeline() + ": " + watched.state()
                + ", lag " + (n.lagSeconds() == null ? "unknown" : String.format(Locale.ROOT, "%.1f s", n.lagSeconds()))
                + (n.changesPerSecond() == null
                        ? ""
                        : String.format(Locale.ROOT, ", %,.0f changes/s", n.changesPerSecond()))
                + (n.rowsPerSecond() == null
                        ? ""
                        : String.format(Locale.ROOT, ", %,.0f rows/s copied", n.rowsPerSecond()))
                + (watched.messages().isEmpty() ? "" : ". " + String.join(" ", watched.messages()));
    }

    private static List<Object> words(Row row) {
        Double copied = row.copied();
        return List.of(
                row.backfill(),
                copied == null ? -1 : (int) (copied * 10),
                row.drift() == null ? -1L : row.drift(),
                row.deadLetters(),
                row.quarantined(),
                row.route(),
                row.gate() == null ? "" : String.valueOf(row.gate().condition()));
    }

    private static String collection(Row row) {
        Double copied = row.copied();
        return String.format(
                Locale.ROOT,
                "%s: %s%s, drift %s, dead letters %,d, quarantine %,d, reads from %s%s",
                row.collection(),
                row.state(),
                copied == null ? "" : String.format(Locale.ROOT, " (%.0f %%)", Math.floor(copied * 100)),
                row.drift() == null ? "unknown" : String.format(Locale.ROOT, "%,d", row.drift()),
                row.deadLetters(),
                row.quarantined(),
                row.route(),
                row.gate() == null ? "" : ", gate " + row.gate().text());
    }
}
