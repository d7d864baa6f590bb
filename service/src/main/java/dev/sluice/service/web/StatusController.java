package dev.sluice.service.web;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Live;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.StateText;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `GET /api/status`: what `sluice status --json` says, and the state of this process; of one collection at
/// `GET /api/collections/{collection}`.
@Controller("/api")
public final class StatusController {
    private final PipelineStatus status;
    private final StatusReader reader;

    StatusController(PipelineStatus status, StatusReader reader) {
        this.status = status;
        this.reader = reader;
    }

    @Get(value = "/status", produces = MediaType.APPLICATION_JSON)
    @ExecuteOn(TaskExecutors.BLOCKING)
    @ApiResponse(
            responseCode = "200",
            description = "The whole status",
            content = @Content(schema = @Schema(implementation = StatusReport.class)))
    @ApiResponse(
            responseCode = "503",
            description = "PostgreSQL does not answer: what it knows is null",
            content = @Content(schema = @Schema(implementation = StatusReport.class)))
    HttpResponse<StatusReport> status() {
        if (status.state() instanceof PipelineState.Stalled stalled
                && stalled.server() == PipelineState.Server.POSTGRESQL) {
            // Asking it would take until a time-out.
            return unavailable(null);
        }
        StatusReport read;
        try {
            read = reader.read();
        } catch (SluiceException away) {
            return unavailable(away);
        }
        PipelineState state = status.state();
        return HttpResponse.ok(
                read.withState(state.name(), StateText.of(status, state)).withLive(Live.of(status), status.leads()));
    }

    /// The status of one collection, as `GET /api/status` has it in `collections`.
    @Get(value = "/collections/{collection}", produces = MediaType.APPLICATION_JSON)
    @ExecuteOn(TaskExecutors.BLOCKING)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.WhileAway
    StatusReport.CollectionReport collection(String collection) {
        NamedCollections.require(collection, status.collections()::containsKey);
        List<StatusReport.CollectionReport> known = reader.read().collections();
        return Stream.ofNullable(known)
                .flatMap(List::stream)
                .filter(report -> report.collection().equals(collection))
                .findFirst()
                .orElseThrow(() -> Refusal.unavailable("No process has followed " + collection + " yet."));
    }

    /// PostgreSQL holds the rest of the answer; its absence is the answer then.
    private HttpResponse<StatusReport> unavailable(@Nullable SluiceException away) {
        PipelineState state = status.state();
        StatusReport bare = StatusReport.unknown(status.pipeline())
                .withState(state.name(), away == null ? StateText.of(status, state) : away.forPeople())
                .withLive(Live.of(status), status.leads());
        return HttpResponse.<StatusReport>status(HttpStatus.SERVICE_UNAVAILABLE).body(bare);
    }

    static @Nullable String message(PipelineStatus status) {
        return StateText.of(status, status.state());
    }
}
