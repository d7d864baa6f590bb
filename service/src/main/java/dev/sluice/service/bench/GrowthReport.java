package dev.sluice.service.bench;

import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Curves: what was measured as something grew.
///
/// @param runs of each point
record GrowthReport(String bench, int runs, Machine machine, List<Line> lines) implements Report {

    /// A point, over its runs.
    ///
    /// @param what grows, in the plural
    /// @param figure in the unit
    /// @param ratioToFirst the median as a multiple of that of the curve's first point in this unit
    record Line(String curve, String what, long x, String unit, Spread figure, double ratioToFirst) {}

    /// @param points of all runs, those of a curve in the order of their sizes
    static GrowthReport of(int runs, Machine machine, Map<CurveFile.Point, Curve> points) {
        record Place(String curve, String what, long x, String unit) {}
        Map<Place, List<Double>> figures = new LinkedHashMap<>();
        points.forEach((point, curve) -> figures.computeIfAbsent(
                        new Place(point.curve(), curve.what(), point.x(), point.unit()), p -> new ArrayList<>())
                .add(point.y()));
        Map<String, Double> first = new LinkedHashMap<>();
        List<Line> lines = new ArrayList<>();
        figures.forEach((place, own) -> {
            Spread spread = Spread.of(own);
            double base = first.computeIfAbsent(place.curve() + "," + place.unit(), key -> spread.median());
            double ratio = base == 0 ? 1 : spread.median() / base;
            lines.add(new Line(place.curve(), place.what(), place.x(), place.unit(), spread, ratio));
        });
        return new GrowthReport("growth", runs, machine, lines);
    }

    @Override
    public String forPeople() {
        TextTable table = new TextTable()
                .words("curve")
                .numbers("at")
                .words("")
                .numbers("median")
                .numbers("min .. max")
                .words("unit")
                .numbers("times the first");
        for (Line line : lines) {
            table.row(
                    line.curve(),
                    line.x(),
                    line.what(),
                    number(line.figure().median()),
                    line.figure().range(GrowthReport::number),
                    line.unit(),
                    number(line.ratioToFirst()));
        }
        return table.text() + System.lineSeparator() + System.lineSeparator() + "Medians of " + runs
                + (runs == 1 ? " run. " : " runs. ") + machine.forPeople();
    }

    private static String number(double figure) {
        return String.format(Locale.ROOT, figure >= 100 ? "%,.0f" : "%.2f", figure);
    }
}
