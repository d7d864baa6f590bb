package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What processes with several heaps did.
///
/// @param runs of each
record MemoryReport(String bench, int runs, Machine machine, List<Line> lines) implements Report {

    /// What a line is of.
    ///
    /// @param documents their size
    /// @param work copy, verify or stream
    /// @param heap as `-Xmx` has it, or `default`
    record Cell(String documents, String work, String heap) {}

    /// One process.
    ///
    /// @param count documents or changes; 0 where it failed
    /// @param documentBytes of one, on average
    /// @param cpuSeconds null where the system does not say
    /// @param peakRssBytes null where the system does not say
    /// @param failure what it said when it failed; null where it did not
    record Run(
            long count,
            double documentBytes,
            double seconds,
            @Nullable Double cpuSeconds,
            @Nullable Long peakRssBytes,
            @Nullable String failure) {
        double perSecond() {
            return count / seconds;
        }

        double megabytesPerSecond() {
            return perSecond() * documentBytes / (1 << 20);
        }
    }

    /// Over the runs; null figures where every one failed, or none is known.
    ///
    /// @param failure what the first run that failed said; null where none did
    record Line(
            Cell cell,
            @Nullable Spread perSecond,
            @Nullable Spread megabytesPerSecond,
            @Nullable Spread cpuSeconds,
            @Nullable Spread peakRssMb,
            @Nullable String failure,
            List<Run> runs) {

        static Line of(Cell cell, List<Run> runs) {
            List<Run> good = runs.stream().filter(run -> run.failure() == null).toList();
            return new Line(
                    cell,
                    known(good, Run::perSecond),
                    known(good, Run::megabytesPerSecond),
                    known(good, Run::cpuSeconds),
                    known(good, run -> run.peakRssBytes() == null ? null : run.peakRssBytes() / (double) (1 << 20)),
                    runs.stream()
                            .flatMap(run -> Stream.ofNullable(run.failure()))
                            .findFirst()
                            .orElse(null),
                    List.copyOf(runs));
        }

        private static @Nullable Spread known(List<Run> runs, Function<Run, @Nullable Double> figure) {
            List<Double> figures = runs.stream()
                    .flatMap(run -> Stream.ofNullable(figure.apply(run)))
                    .toList();
            return figures.isEmpty() ? null : Spread.of(figures);
        }
    }

    /// The rate with the last heap for the same documents and work, which the others are compared with.
    private Optional<Double> best(Line line) {
        return lines.stream()
                .filter(l -> l.cell().documents().equals(line.cell().documents())
                        && l.cell().work().equals(line.cell().work()))
                .reduce((first, second) -> second)
                .map(Line::perSecond)
                .map(Spread::median);
    }

    @Override
    public String forPeople() {
        TextTable table = new TextTable().words("documents").words("work").words("heap");
        List.of("/s", "min .. max", "of the last heap", "MB/s", "CPU s", "peak RSS")
                .forEach(table::numbers);
        table.words("");
        for (Line line : lines) {
            Spread rate = line.perSecond();
            table.row(
                    line.cell().documents(),
                    line.cell().work(),
                    line.cell().heap(),
                    figure("%,.0f", rate),
                    rate == null ? "" : String.format(Locale.ROOT, "%,.0f .. %,.0f", rate.min(), rate.max()),
                    rate == null
                            ? ""
                            : best(line)
                                    .map(best -> String.format(Locale.ROOT, "%.2f", rate.median() / best))
                                    .orElse(""),
                    figure("%.1f", line.megabytesPerSecond()),
                    figure("%.1f", line.cpuSeconds()),
                    figure("%,.0f MB", line.peakRssMb()),
                    line.failure() == null ? "" : line.failure());
        }
        return table.text() + System.lineSeparator() + System.lineSeparator() + "Medians of " + runs
                + (runs == 1 ? " run. " : " runs. ") + machine.forPeople();
    }

    private static String figure(String format, @Nullable Spread spread) {
        return spread == null ? "" : String.format(Locale.ROOT, format, spread.median());
    }
}
