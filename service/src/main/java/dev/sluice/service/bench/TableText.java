package dev.sluice.service.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A contest's result as text: a line for each contender, a column for the ratio to each limit.
final class TableText {
    private TableText() {}

    static String of(Contest.Table table) {
        List<String> limits = new ArrayList<>();
        for (Contest.Line line : table.lines()) {
            if (line.limit()) {
                limits.add(line.name());
            }
        }
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("", table.unit() + "/s", "min .. max"));
        for (int limit = 1; limit <= limits.size(); limit++) {
            head.add("of [" + limit + "]");
        }
        head.addAll(List.of("CPU s/100k", "peak RSS"));
        cells.add(head);
        for (Contest.Line line : table.lines()) {
            List<String> row = new ArrayList<>();
            row.add((line.limit() ? "[" + (limits.indexOf(line.name()) + 1) + "] " : "    ") + line.name());
            row.add(whole(line.perSecond().median()));
            row.add(whole(line.perSecond().min()) + " .. "
                    + whole(line.perSecond().max()));
            for (String limit : limits) {
                Spread ratio = line.ratioTo().get(limit);
                row.add(ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio.median()));
            }
            row.add(cpu(line.cpuSecondsPer100k()));
            row.add(line.peakRssMb() == null ? "unknown" : String.format(Locale.ROOT, "%,.0f MB", line.peakRssMb()));
            cells.add(row);
        }
        return table.title() + System.lineSeparator() + aligned(cells);
    }

    /// The first column to the left, the others to the right.
    static String aligned(List<List<String>> cells) {
        int[] widths = new int[cells.getFirst().size()];
        for (List<String> row : cells) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : cells) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                String padding = " ".repeat(widths[column] - row.get(column).length());
                line.append(column == 0 ? row.get(column) + padding : "  " + padding + row.get(column));
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }

    private static String whole(double figure) {
        return String.format(Locale.ROOT, "%,.0f", figure);
    }

    private static String cpu(@Nullable Spread seconds) {
        return seconds == null ? "unknown" : String.format(Locale.ROOT, "%.2f", seconds.median());
    }
}
