package dev.sluice.service.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/// The middle of several figures and how far they lie apart.
record Spread(double median, double min, double max) {

    /// @throws IllegalArgumentException when there is none
    static Spread of(List<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("no figures");
        }
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
    }

    /// The median, and behind it in brackets how far the figures lie apart, where they do.
    ///
    /// @param format of each figure
    String text(String format) {
        String middle = String.format(Locale.ROOT, format, median);
        return min == max ? middle : middle + " (" + range(figure -> String.format(Locale.ROOT, format, figure)) + ")";
    }

    String range(DoubleFunction<String> format) {
        return format.apply(min) + " .. " + format.apply(max);
    }
}
