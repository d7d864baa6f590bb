package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// What the bench of latency found: from MongoDB's acknowledgement of a write to PostgreSQL's of its row.
///
/// @param seconds that each run measured, after as long or ten seconds of warm-up
record LatencyReport(String bench, int runs, int seconds, Machine machine, List<Line> lines) implements Report {

    private static final String MILLIS = "%,.1f";

    /// One run of one contender at one rate. Times in milliseconds.
    ///
    /// @param changes that were measured
    /// @param achievedPerSecond changes written, which is less than asked where the writers could not
    ///     follow
    /// @param total acknowledged to committed
    /// @param delivered acknowledged to read and mapped: server, driver and engine
    /// @param waited read to the beginning of its transaction
    /// @param written the transaction
    /// @param writerLate planned to acknowledged: what the writers' own load does
    /// @param highestBacklog most changes acknowledged and not yet committed
    record Run(
            long changes,
            double achievedPerSecond,
            Percentiles total,
            Percentiles delivered,
            Percentiles waited,
            Percentiles written,
            Percentiles writerLate,
            long highestBacklog) {}

    /// One contender at one rate, over its runs.
    ///
    /// @param p99RatioToLimit its p99 as a multiple of the limit's at the same rate, over the runs
    record Line(
            String name,
            boolean limit,
            int askedPerSecond,
            Spread achievedPerSecond,
            Spread p50,
            Spread p95,
            Spread p99,
            Spread max,
            Spread p99RatioToLimit,
            List<Run> runs) {

        static Line of(String name, boolean limit, int asked, List<Run> runs, List<Run> ofLimit) {
            List<Double> ratios = new ArrayList<>();
            for (int run = 0; run < runs.size(); run++) {
                ratios.add(runs.get(run).total().p99()
                        / Math.max(ofLimit.get(run).total().p99(), 0.001));
            }
            return new Line(
                    name,
                    limit,
                    asked,
                    spread(runs, Run::achievedPerSecond),
                    spread(runs, r -> r.total().p50()),
                    spread(runs, r -> r.total().p95()),
                    spread(runs, r -> r.total().p99()),
                    spread(runs, r -> r.total().max()),
                    Spread.of(ratios),
                    List.copyOf(runs));
        }

        private static Spread spread(List<Run> runs, Function<Run, Double> figure) {
            return Spread.of(runs.stream().map(figure).toList());
        }

        double median(Function<Run, Double> figure) {
            return spread(runs, figure).median();
        }
    }

    @Override
    public String forPeople() {
        TextTable table = new TextTable().words("ms from MongoDB's acknowledgement to PostgreSQL's commit");
        List.of(
                        "achieved/s",
                        "p50",
                        "p95",
                        "p99",
                        "max",
                        "p99 of limit",
                        "delivered p50/p99",
                        "waited p50/p99",
                        "written p50/p99",
                        "backlog")
                .forEach(table::numbers);
        for (Line line : lines) {
            table.row(
                    String.format(Locale.ROOT, "%,6d/s  %s", line.askedPerSecond(), line.name()),
                    line.achievedPerSecond().text("%,.0f"),
                    line.p50().text(MILLIS),
                    line.p95().text(MILLIS),
                    line.p99().text(MILLIS),
                    line.max().text(MILLIS),
                    line.limit() ? "" : line.p99RatioToLimit().text(MILLIS),
                    both(line, Run::delivered),
                    both(line, Run::waited),
                    both(line, Run::written),
                    String.format(Locale.ROOT, "%,.0f", line.median(r -> (double) r.highestBacklog())));
        }
        return table.text() + System.lineSeparator() + System.lineSeparator() + "Medians of " + runs
                + (runs == 1 ? " run" : " runs") + " of " + seconds + " s each. " + machine.forPeople();
    }

    private static String both(Line line, Function<Run, Percentiles> part) {
        return ms(line.median(r -> part.apply(r).p50())) + " / "
                + ms(line.median(r -> part.apply(r).p99()));
    }

    private static String ms(double millis) {
        return String.format(Locale.ROOT, MILLIS, millis);
    }
}
