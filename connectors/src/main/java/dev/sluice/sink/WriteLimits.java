package dev.sluice.sink;

import java.util.function.BooleanSupplier;

/// When a sink stops.
///
/// @param refusedShare part of a collection's recent rows, above 0 and up to 1: when PostgreSQL refuses
///     more than that for the same reason, the write fails with
///     [dev.sluice.failure.FailureKind#ROWS_REFUSED] and none of them is parked; 1 turns that off
/// @param stopped whether the pipeline is stopping; asked between transactions and while one runs, from any
///     thread
public record WriteLimits(double refusedShare, BooleanSupplier stopped) {
    public static final double REFUSED_SHARE = 0.2;

    /// The default share, and never stopped.
    public static final WriteLimits DEFAULTS = new WriteLimits(REFUSED_SHARE, () -> false);

    public WriteLimits {
        if (!(refusedShare > 0 && refusedShare <= 1)) {
            throw new IllegalArgumentException("a share is above 0 and at most 1");
        }
    }
}
