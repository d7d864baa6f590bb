package dev.sluice.service.web;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Live;
import dev.sluice.service.ops.Report;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import org.jspecify.annotations.Nullable;

/// `GET /api/status`: what `sluice status --json` says, and the state of this process.
@Controller("/api")
public final class StatusController {
    private final PipelineStatus status;
    private final Report report;

    StatusController(PipelineStatus status, Report report) {
        this.status = status;
        this.report = report;
    }

    @Get(value = "/status", produces = MediaType.APPLICATION_JSON)
    @ExecuteOn(TaskExecutors.BLOCKING)
    HttpResponse<String> status() {
        PipelineState state = status.state();
        try {
            return HttpResponse.ok(Report.json(
                    report.read().withState(state.name(), message(state)).withLive(Live.of(status))));
        } catch (SluiceException away) {
            // PostgreSQL holds the rest of the answer; its absence is the answer then.
            Report.Snapshot bare = Report.Snapshot.of(status.pipeline())
                    .withState(state.name(), away.forPeople())
                    .withLive(Live.of(status));
            return HttpResponse.<String>status(io.micronaut.http.HttpStatus.SERVICE_UNAVAILABLE)
                    .body(Report.json(bare));
        }
    }

    static @Nullable String message(PipelineState state) {
        return switch (state) {
            case PipelineState.Waiting w ->
                new SluiceException(w.kind(), w.message()).whatHappened() + " Next try at " + w.retryAt() + ".";
            case PipelineState.Failed f -> f.forPeople();
            case PipelineState.Backfilling b -> "copying " + String.join(", ", b.remaining());
            case PipelineState.Standby s ->
                "standing by since " + s.since() + " for " + s.holder() + "; takes over when that one ends";
            case PipelineState.Starting s -> "connecting to both databases and checking them";
            case PipelineState.Streaming s -> null;
            case PipelineState.Draining d -> "asked to stop: what was read is being applied";
            case PipelineState.Stopped s -> "stopped as asked";
        };
    }
}
