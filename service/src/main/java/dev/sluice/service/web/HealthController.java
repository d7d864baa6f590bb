package dev.sluice.service.web;

import dev.sluice.service.config.Settings;
import dev.sluice.service.ops.Live;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What readiness leaves out: how far behind the rows are, and whether this process writes them. For alerts
/// and for clients that look for the leader; not for deciding which process gets traffic.
@Controller("/health")
final class HealthController {
    private final PipelineStatus status;
    private final Settings settings;

    HealthController(PipelineStatus status, Settings settings) {
        this.status = status;
        this.settings = settings;
    }

    /// @param status UP or DOWN, as Micronaut's own health checks have it
    /// @param lagSeconds how far the stream's rows are behind MongoDB; null when that is not known
    /// @param notCopied the collections whose rows are not all there yet
    record Lag(
            String status,
            String pipeline,
            String state,
            @Nullable Double lagSeconds,
            double limitSeconds,
            List<String> notCopied) {}

    /// @param message what it waits for, for people; null when there is nothing to say
    record Leader(
            String status,
            String pipeline,
            String state,
            boolean leader,
            @Nullable String message) {}

    /// 200 while every collection is copied and the lag is known and within SLUICE_LAG_LIMIT, else 503. A standby
    /// answers with the leader's.
    @Get(value = "/lag", produces = MediaType.APPLICATION_JSON)
    @ApiResponse(
            responseCode = "200",
            description = "Every collection is copied, and the lag is within the limit",
            content = @Content(schema = @Schema(implementation = Lag.class)))
    @ApiResponse(
            responseCode = "503",
            description = "A collection is not copied, or the lag is unknown or over the limit",
            content = @Content(schema = @Schema(implementation = Lag.class)))
    HttpResponse<Lag> lag() {
        Double lag = Live.of(status).lagSeconds();
        double limit = settings.lagLimit().toMillis() / 1000.0;
        List<String> notCopied = status.notCopied();
        boolean up = notCopied.isEmpty() && lag != null && lag <= limit;
        return answer(up, new Lag(word(up), status.pipeline(), status.state().name(), lag, limit, notCopied));
    }

    /// 200 when this process writes the pipeline, else 503.
    @Get(value = "/leader", produces = MediaType.APPLICATION_JSON)
    @ApiResponse(
            responseCode = "200",
            description = "This process writes the pipeline",
            content = @Content(schema = @Schema(implementation = Leader.class)))
    @ApiResponse(
            responseCode = "503",
            description = "This process does not write the pipeline",
            content = @Content(schema = @Schema(implementation = Leader.class)))
    HttpResponse<Leader> leader() {
        boolean up = status.leads();
        return answer(
                up,
                new Leader(word(up), status.pipeline(), status.state().name(), up, StatusController.message(status)));
    }

    private static String word(boolean up) {
        return up ? "UP" : "DOWN";
    }

    private static <T extends Record> HttpResponse<T> answer(boolean up, T body) {
        return HttpResponse.<T>status(up ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .body(body);
    }
}
