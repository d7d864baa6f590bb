package dev.sluice.service.bench;

import java.util.List;

/// Runs that were too short for their rates to say much.
final class Brief {
    private static final double SECONDS = 0.5;

    private Brief() {}

    static boolean is(double seconds) {
        return seconds < SECONDS;
    }

    /// A paragraph for the end of a report; empty when there are none.
    ///
    /// @param names of what was measured too shortly
    static String warning(List<String> names) {
        return names.isEmpty()
                ? ""
                : System.lineSeparator().repeat(2) + "Don't trust the rates of: "
                        + String.join("; ", names.stream().distinct().toList())
                        + ". A run of them was over in less than half a second. Measure more at once.";
    }
}
