package dev.sluice.service.web;

import dev.sluice.service.ops.RuntimeMetric;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;

/// Keeps what Micronaut and Micrometer bring beside our metrics to what [RuntimeMetric] lists.
@Factory
final class ExportedMeters {
    @Singleton
    MeterFilter listed() {
        return MeterFilter.denyUnless(RuntimeMetric::exports);
    }
}
