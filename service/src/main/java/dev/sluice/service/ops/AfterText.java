package dev.sluice.service.ops;

import dev.sluice.after.AfterProgress;
import dev.sluice.after.AfterProgress.Open;
import dev.sluice.after.AfterProgress.Table;
import dev.sluice.service.text.Counted;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What comes after the copy, for people.
public final class AfterText {
    private AfterText() {}

    /// A line with the numbers, and one for each statement that is not applied; none where nothing is left.
    public static List<String> of(AfterProgress progress) {
        if (progress.complete()) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add("after the copy: " + counts(progress));
        for (Open open : progress.open()) {
            lines.add("  " + open.script() + ", statement " + open.statement() + ": " + state(open) + " ("
                    + open.beginning() + ")");
        }
        progress.notAnalyzed().stream()
                .filter(table -> table.message() != null)
                .forEach(table -> lines.add("  " + table.name() + " was not analyzed: " + table.message()));
        return lines;
    }

    /// How many are done, and which are not analyzed.
    static String counts(AfterProgress progress) {
        return progress.done() + " of " + Counted.of(progress.statements(), "statement")
                + (progress.statements() == 1 ? " is" : " are") + " applied"
                + (progress.notAnalyzed().isEmpty()
                        ? ""
                        : ", not analyzed: "
                                + progress.notAnalyzed().stream()
                                        .map(Table::name)
                                        .collect(Collectors.joining(", ")));
    }

    /// How far PostgreSQL is with the statements that run, in one line; empty where that is not known.
    public static String running(AfterProgress progress) {
        return progress.open().stream()
                .filter(open -> open.seconds() != null)
                .map(open -> open.script() + ", statement " + open.statement() + ": " + state(open))
                .collect(Collectors.joining("; "));
    }

    private static String state(Open open) {
        return switch (open.state()) {
            case PENDING -> "waits for its turn";
            case RUNNING -> running(open) + (open.message() == null ? "" : ". " + open.message());
            case DONE -> "applied";
            case FAILED -> "refused: " + open.message() + ". `sluice migrate --after` tries it again";
            case CHANGED -> "CHANGED since it was applied; put it back, and make changes in a new script";
            case REMOVED -> "REMOVED since it was applied; put it back";
        };
    }

    private static String running(Open open) {
        if (open.interrupted()) {
            return "broken off; the next process does it again";
        }
        Double seconds = open.seconds();
        Double percent = open.percent();
        return "running"
                + (seconds == null ? "" : String.format(Locale.ROOT, " for %.0f s", seconds))
                + (open.phase() == null ? "" : ", " + open.phase())
                + (percent == null ? "" : String.format(Locale.ROOT, " %.0f %%", percent));
    }
}
