package dev.sluice.service.watch;

import dev.sluice.cutover.Route;
import dev.sluice.gate.Gate;
import dev.sluice.service.ops.StatusReport;
import java.time.Instant;
import java.util.Map;

/// What was read of a pipeline at once.
///
/// @param gates by collection; of those that were never followed there is none
/// @param routes by collection; of those that were never moved there is none
public record Reading(Instant at, StatusReport report, Map<String, Gate> gates, Map<String, Route> routes) {
    public Reading {
        gates = Map.copyOf(gates);
        routes = Map.copyOf(routes);
    }

    /// The same with another report.
    public Reading with(StatusReport other) {
        return new Reading(at, other, gates, routes);
    }
}
