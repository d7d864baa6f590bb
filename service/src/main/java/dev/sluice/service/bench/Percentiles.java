package dev.sluice.service.bench;

import org.HdrHistogram.Histogram;

/// Milliseconds.
record Percentiles(double p50, double p95, double p99, double max) {
    private static final double MICROS = 1_000;

    /// @param micros a histogram of microseconds
    static Percentiles of(Histogram micros) {
        return new Percentiles(
                micros.getValueAtPercentile(50) / MICROS,
                micros.getValueAtPercentile(95) / MICROS,
                micros.getValueAtPercentile(99) / MICROS,
                micros.getMaxValue() / MICROS);
    }
}
