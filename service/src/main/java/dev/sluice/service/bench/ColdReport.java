package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What cold processes took.
///
/// @param runs of each contender
/// @param programs the launcher of each program, by its name in the tables
record ColdReport(String bench, int runs, Map<String, String> programs, Machine machine, List<Table> tables)
        implements Report {

    /// One process.
    ///
    /// @param count changes or documents
    /// @param seconds by the clock, from its start to the commit of the last change, or to its end
    /// @param cpuSeconds of the process and of what its launcher started; null where the system does not say
    /// @param peakRssBytes null where the system does not say
    /// @param pauses of its collector; null where it has left no log
    record Run(
            long count,
            double seconds,
            @Nullable Double cpuSeconds,
            @Nullable Long peakRssBytes,
            @Nullable Pauses pauses) {
        double perSecond() {
            return count / seconds;
        }

        Run with(@Nullable Pauses found) {
            return new Run(count, seconds, cpuSeconds, peakRssBytes, found);
        }
    }

    /// @param unit what is counted, in the plural
    record Table(String title, String unit, List<Line> lines) {

        /// @param runs of each contender by its name, as many of each; the first one is the limit
        static Table of(String title, String unit, Map<String, List<Run>> runs) {
            List<Run> limit = runs.values().iterator().next();
            List<Line> lines = new ArrayList<>();
            runs.forEach((name, own) -> lines.add(Line.of(name, own, limit)));
            return new Table(title, unit, lines);
        }
    }

    /// One contender, over its runs.
    ///
    /// @param ratio its rate as a part of the limit's in the same run; null for the limit itself
    /// @param cpuRatio its CPU as a multiple of the limit's in the same run; null for the limit, or when unknown
    /// @param longestPauseMillis of the collector in any run; null when unknown
    /// @param pausesOverTenMillis the most of one run; null when unknown
    record Line(
            String name,
            boolean limit,
            Spread seconds,
            Spread perSecond,
            @Nullable Spread ratio,
            @Nullable Spread cpuSeconds,
            @Nullable Spread cpuRatio,
            @Nullable Spread peakRssMb,
            @Nullable Double longestPauseMillis,
            @Nullable Integer pausesOverTenMillis,
            List<Run> runs) {

        static Line of(String name, List<Run> own, List<Run> limit) {
            boolean isLimit = own == limit;
            List<Double> ratios = new ArrayList<>();
            List<Double> cpuRatios = new ArrayList<>();
            for (int run = 0; run < own.size(); run++) {
                ratios.add(own.get(run).perSecond() / limit.get(run).perSecond());
                Double cpu = own.get(run).cpuSeconds();
                Double ofLimit = limit.get(run).cpuSeconds();
                if (cpu != null && ofLimit != null && ofLimit > 0) {
                    cpuRatios.add(cpu / ofLimit);
                }
            }
            List<Pauses> pauses =
                    own.stream().map(Run::pauses).filter(Objects::nonNull).toList();
            return new Line(
                    name,
                    isLimit,
                    Spread.of(own.stream().map(Run::seconds).toList()),
                    Spread.of(own.stream().map(Run::perSecond).toList()),
                    isLimit ? null : Spread.of(ratios),
                    known(own, Run::cpuSeconds).orElse(null),
                    isLimit || cpuRatios.isEmpty() ? null : Spread.of(cpuRatios),
                    known(own, r -> r.peakRssBytes() == null ? null : r.peakRssBytes() / (double) (1 << 20))
                            .orElse(null),
                    pauses.stream()
                            .map(Pauses::longestMillis)
                            .max(Double::compare)
                            .orElse(null),
                    pauses.stream()
                            .map(Pauses::overTenMillis)
                            .max(Integer::compare)
                            .orElse(null),
                    List.copyOf(own));
        }

        private static Optional<Spread> known(List<Run> runs, Function<Run, @Nullable Double> figure) {
            List<Double> figures = runs.stream()
                    .flatMap(run -> Stream.ofNullable(figure.apply(run)))
                    .toList();
            return figures.isEmpty() ? Optional.empty() : Optional.of(Spread.of(figures));
        }
    }

    @Override
    public String forPeople() {
        String end = System.lineSeparator();
        return tables.stream().map(ColdReport::text).collect(Collectors.joining(end + end)) + end + end + "Medians of "
                + runs + (runs == 1 ? " run. " : " runs. ") + machine.forPeople();
    }

    private static String text(Table table) {
        TextTable text = new TextTable().words("").numbers("s").numbers("min .. max");
        List.of(
                        table.unit() + "/s",
                        "of the limit",
                        "min .. max",
                        "CPU s",
                        "times the limit",
                        "min .. max",
                        "peak RSS",
                        "longest pause",
                        "over 10 ms")
                .forEach(text::numbers);
        for (Line line : table.lines()) {
            text.row(
                    (line.limit() ? "limit: " : "") + line.name(),
                    figure("%.1f", line.seconds()),
                    range("%.1f", line.seconds()),
                    figure("%,.0f", line.perSecond()),
                    figure("%.2f", line.ratio()),
                    range("%.2f", line.ratio()),
                    figure("%.1f", line.cpuSeconds()),
                    figure("%.2f", line.cpuRatio()),
                    range("%.2f", line.cpuRatio()),
                    figure("%,.0f MB", line.peakRssMb()),
                    line.longestPauseMillis() == null
                            ? ""
                            : String.format(Locale.ROOT, "%.1f ms", line.longestPauseMillis()),
                    line.pausesOverTenMillis() == null ? "" : line.pausesOverTenMillis());
        }
        return table.title() + System.lineSeparator() + text.text();
    }

    private static String figure(String format, @Nullable Spread spread) {
        return spread == null ? "" : String.format(Locale.ROOT, format, spread.median());
    }

    private static String range(String format, @Nullable Spread spread) {
        return spread == null ? "" : String.format(Locale.ROOT, format + " .. " + format, spread.min(), spread.max());
    }
}
