package dev.sluice.service.ops;

import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.Share;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;

/// Where readers are told to read from, as metrics.
public final class RouteMetrics {
    private RouteMetrics() {}

    /// @param collections those that have gauges
    public static void bind(
            String pipeline, Collection<String> collections, RouteWatch routes, MeterRegistry registry) {
        for (String collection : collections) {
            for (ReadFrom target : ReadFrom.values()) {
                Metric.READ_ROUTE.gauge(
                        registry,
                        routes,
                        watch -> percent(watch, collection, target),
                        pipeline,
                        collection,
                        target.text());
            }
        }
    }

    private static double percent(RouteWatch routes, String collection, ReadFrom target) {
        RouteWatch.Snapshot snapshot = routes.snapshot();
        Route route = snapshot == null ? null : snapshot.routes().get(collection);
        if (route == null) {
            return Double.NaN;
        }
        Share share = route.share();
        return switch (target) {
            case POSTGRES -> share.percent();
            case BOTH -> share.shadowPercent();
            case MONGODB -> 100 - share.percent() - share.shadowPercent();
        };
    }
}
