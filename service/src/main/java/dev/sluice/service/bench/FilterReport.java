package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the bench of the stream's filter found.
///
/// @param events that each form passed or left out in each run
record FilterReport(String bench, int runs, int events, Machine machine, List<Table> tables) implements Report {
    private static final double PER = 100_000;

    /// One run of one form.
    ///
    /// @param passed how many changes it let through
    /// @param perSecond changes passed or left out
    /// @param serverCpuSeconds CPU time of the server meanwhile; null where it does not say
    record Run(int passed, double perSecond, @Nullable Double serverCpuSeconds) {}

    /// One form, over its runs.
    ///
    /// @param ratioToFirst its changes per second as a part of the first form's, within each run
    /// @param serverCpuSeconds of each run; null where the server does not say
    record Line(
            String name,
            Spread perSecond,
            Spread ratioToFirst,
            @Nullable Spread serverCpuSeconds,
            List<Run> runs) {}

    /// One stretch of the stream.
    ///
    /// @param collections in the filter
    /// @param matching whether every change is of one of them, or none
    record Table(String title, int collections, boolean matching, List<Line> lines) {
        static Table of(String title, int collections, boolean matching, Map<String, List<Run>> forms) {
            List<Run> first = forms.values().iterator().next();
            List<Line> lines = new ArrayList<>();
            forms.forEach((name, runs) -> {
                List<Double> ratios = new ArrayList<>();
                for (int run = 0; run < runs.size(); run++) {
                    ratios.add(runs.get(run).perSecond() / first.get(run).perSecond());
                }
                List<Double> cpu = runs.stream()
                        .map(Run::serverCpuSeconds)
                        .filter(Objects::nonNull)
                        .toList();
                lines.add(new Line(
                        name,
                        Spread.of(runs.stream().map(Run::perSecond).toList()),
                        Spread.of(ratios),
                        cpu.isEmpty() ? null : Spread.of(cpu),
                        List.copyOf(runs)));
            });
            return new Table(title, collections, matching, List.copyOf(lines));
        }
    }

    @Override
    public String forPeople() {
        return tables.stream()
                        .map(this::text)
                        .collect(Collectors.joining(System.lineSeparator().repeat(2)))
                + System.lineSeparator().repeat(2) + String.format(Locale.ROOT, "%,d", events)
                + " changes each, medians of " + runs + (runs == 1 ? " run. " : " runs. ") + machine.forPeople()
                + Brief.warning(tables.stream()
                        .flatMap(table -> table.lines().stream())
                        .filter(line -> line.runs().stream().anyMatch(run -> Brief.is(events / run.perSecond())))
                        .map(Line::name)
                        .toList());
    }

    private String text(Table table) {
        TextTable text = new TextTable()
                .words(table.title())
                .numbers("changes/s")
                .numbers("min .. max")
                .numbers("of [1]")
                .numbers("server CPU s/100k")
                .numbers("min .. max");
        boolean first = true;
        for (Line line : table.lines()) {
            Spread cpu = line.serverCpuSeconds();
            text.row(
                    (first ? "[1] " : "    ") + line.name(),
                    whole(line.perSecond().median()),
                    whole(line.perSecond().min()) + " .. "
                            + whole(line.perSecond().max()),
                    first ? "" : line.ratioToFirst().text("%.2f"),
                    cpu == null ? "unknown" : two(cpu.median() * PER / events),
                    cpu == null ? "" : two(cpu.min() * PER / events) + " .. " + two(cpu.max() * PER / events));
            first = false;
        }
        return text.text();
    }

    private static String whole(double figure) {
        return String.format(Locale.ROOT, "%,.0f", figure);
    }

    private static String two(double figure) {
        return String.format(Locale.ROOT, "%.2f", figure);
    }
}
