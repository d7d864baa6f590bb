package dev.sluice.service.bench;

import java.util.List;
import java.util.Locale;

/// What the bench of drift found.
///
/// @param percent of the time that the pipeline might spend on verification
/// @param found seconds from the change of a row until the gate was shut
/// @param each of them, in their order
record DriftReport(String bench, long documents, int percent, Spread found, List<Double> each, Machine machine)
        implements Report {

    @Override
    public String forPeople() {
        return String.format(
                        Locale.ROOT, """
                A row of %,d, changed by hand, with %d %% of the time for verification
                  the gate shut after  %.0f s at worst (median %.0f, best %.0f) of %d changes

                """, documents, percent, found.max(), found.median(), found.min(), each.size())
                + machine.forPeople();
    }
}
