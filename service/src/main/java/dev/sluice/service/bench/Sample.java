package dev.sluice.service.bench;

import org.jspecify.annotations.Nullable;

/// What one run of one contender took.
///
/// @param count rows or changes
/// @param seconds of the wall clock
/// @param cpuSeconds of this process, all its threads; null where the JVM does not say
/// @param peakRssBytes the most memory the process held meanwhile; null where the system does not say
record Sample(
        long count,
        double seconds,
        @Nullable Double cpuSeconds,
        @Nullable Long peakRssBytes) {
    private static final double PER = 100_000;

    Sample {
        if (count <= 0 || !(seconds > 0)) {
            throw new IllegalArgumentException("nothing was measured: " + count + " in " + seconds + " s");
        }
    }

    double perSecond() {
        return count / seconds;
    }

    /// CPU seconds for each 100,000; null when unknown.
    @Nullable
    Double cpuSecondsPer100k() {
        return cpuSeconds == null ? null : cpuSeconds * PER / count;
    }
}
