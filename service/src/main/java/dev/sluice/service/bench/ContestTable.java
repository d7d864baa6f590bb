package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A contest's result as text: a line for each contender, a column for the ratio to each limit.
final class ContestTable {
    private ContestTable() {}

    static String of(Contest.Table table) {
        List<String> limits = new ArrayList<>();
        for (Contest.Line line : table.lines()) {
            if (line.limit()) {
                limits.add(line.name());
            }
        }
        TextTable text = new TextTable().words("").numbers(table.unit() + "/s").numbers("min .. max");
        for (int limit = 1; limit <= limits.size(); limit++) {
            text.numbers("of [" + limit + "]");
        }
        text.numbers("CPU s/100k").numbers("peak RSS");
        for (Contest.Line line : table.lines()) {
            List<String> row = new ArrayList<>();
            row.add((line.limit() ? "[" + (limits.indexOf(line.name()) + 1) + "] " : "    ") + line.name());
            row.add(whole(line.perSecond().median()));
            row.add(line.perSecond().range(ContestTable::whole));
            for (String limit : limits) {
                Spread ratio = line.ratioTo().get(limit);
                row.add(ratio == null ? "" : ratio.text("%.2f"));
            }
            row.add(cpu(line.cpuSecondsPer100k()));
            row.add(line.peakRssMb() == null ? "unknown" : String.format(Locale.ROOT, "%,.0f MB", line.peakRssMb()));
            text.row(row.toArray());
        }
        return table.title() + System.lineSeparator() + text.text();
    }

    private static String whole(double figure) {
        return String.format(Locale.ROOT, "%,.0f", figure);
    }

    private static String cpu(@Nullable Spread seconds) {
        return seconds == null ? "unknown" : seconds.text("%.2f");
    }
}
