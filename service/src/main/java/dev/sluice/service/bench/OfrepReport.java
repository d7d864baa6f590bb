package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// What the bench of OFREP found: how many evaluations a process answers, and how soon.
///
/// @param seconds that each run measured
/// @param connections that asked one call after the other
record OfrepReport(String bench, int runs, int seconds, int connections, Machine machine, List<Line> lines)
        implements Report {

    /// One run of one contender.
    ///
    /// @param calls that were answered
    /// @param millis from the first byte of a call to the last of its answer
    record Run(long calls, double perSecond, Percentiles millis) {}

    /// One contender, over its runs.
    ///
    /// @param ratioToLimit its calls per second as a part of the limit's, over the runs
    /// @param p99RatioToLimit its p99 as a multiple of the limit's, over the runs
    record Line(
            String name,
            boolean limit,
            Spread perSecond,
            Spread ratioToLimit,
            Spread p50,
            Spread p99,
            Spread p99RatioToLimit,
            List<Run> runs) {

        static Line of(String name, boolean limit, List<Run> runs, List<Run> ofLimit) {
            List<Double> ratios = new ArrayList<>();
            List<Double> p99Ratios = new ArrayList<>();
            for (int run = 0; run < runs.size(); run++) {
                ratios.add(runs.get(run).perSecond() / ofLimit.get(run).perSecond());
                p99Ratios.add(runs.get(run).millis().p99()
                        / Math.max(ofLimit.get(run).millis().p99(), 0.001));
            }
            return new Line(
                    name,
                    limit,
                    spread(runs, Run::perSecond),
                    Spread.of(ratios),
                    spread(runs, r -> r.millis().p50()),
                    spread(runs, r -> r.millis().p99()),
                    Spread.of(p99Ratios),
                    List.copyOf(runs));
        }

        private static Spread spread(List<Run> runs, Function<Run, Double> figure) {
            return Spread.of(runs.stream().map(figure).toList());
        }
    }

    @Override
    public String forPeople() {
        TextTable table = new TextTable()
                .words("")
                .numbers("calls/s")
                .numbers("min .. max")
                .numbers("of [1]")
                .numbers("p50 ms")
                .numbers("p99 ms")
                .numbers("p99 of [1]");
        for (Line line : lines) {
            table.row(
                    (line.limit() ? "[1] " : "    ") + line.name(),
                    whole(line.perSecond().median()),
                    whole(line.perSecond().min()) + " .. "
                            + whole(line.perSecond().max()),
                    line.limit() ? "" : line.ratioToLimit().text("%.2f"),
                    line.p50().text("%,.2f"),
                    line.p99().text("%,.2f"),
                    line.limit() ? "" : line.p99RatioToLimit().text("%.2f"));
        }
        return table.text() + System.lineSeparator() + System.lineSeparator() + "Medians of " + runs
                + (runs == 1 ? " run" : " runs") + " of " + seconds + " s each, " + connections
                + " connections. " + machine.forPeople();
    }

    private static String whole(double figure) {
        return String.format(Locale.ROOT, "%,.0f", figure);
    }
}
