package dev.sluice.service.web;

import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.health.HealthStatus;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import io.micronaut.management.health.indicator.annotation.Readiness;
import jakarta.inject.Singleton;
import java.util.Map;
import org.reactivestreams.Publisher;

/// Ready means that this process serves: reads are answered, whatever the pipeline is doing. A process that
/// waits for a database, stands by or is far behind stays ready, since clients need read routes and
/// rollback most then; `/health/lag` and `/health/leader` show its state. A process that is
/// ending is not ready.
@Singleton
@Readiness
public final class PipelineHealth implements HealthIndicator {
    private final PipelineStatus status;

    PipelineHealth(PipelineStatus status) {
        this.status = status;
    }

    @Override
    public Publisher<HealthResult> getResult() {
        PipelineState state = status.state();
        HealthStatus health = switch (state) {
            case PipelineState.Backfilling b -> HealthStatus.UP;
            case PipelineState.Streaming s -> HealthStatus.UP;
            case PipelineState.Stalled s -> HealthStatus.UP;
            case PipelineState.Starting s -> HealthStatus.UP;
            case PipelineState.Standby s -> HealthStatus.UP;
            case PipelineState.Waiting w -> HealthStatus.UP;
            case PipelineState.Paused p -> HealthStatus.UP;
            case PipelineState.Draining d -> HealthStatus.DOWN;
            case PipelineState.Stopped s -> HealthStatus.DOWN;
            case PipelineState.Failed f -> HealthStatus.DOWN;
        };
        return Publishers.just(HealthResult.builder("pipeline", health)
                .details(Map.of("pipeline", status.pipeline(), "state", state.name()))
                .build());
    }
}
