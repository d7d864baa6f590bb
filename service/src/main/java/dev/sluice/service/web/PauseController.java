package dev.sluice.service.web;

import dev.sluice.failure.WrongUseException;
import dev.sluice.service.ops.Pauses;
import dev.sluice.service.ops.Pauses.PauseReport;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// `/api/pause` and `/api/resume`: what `sluice pause` and `sluice resume` do.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class PauseController {
    private final Pauses pauses;

    PauseController(Pauses pauses) {
        this.pauses = pauses;
    }

    /// What a pause may say.
    ///
    /// @param reason why, in at most 1000 characters; none where it is not given
    /// @param seconds from 1, after which the pipeline resumes by itself; never where it is not given
    record Asked(
            @Schema(maxLength = 1000) @Nullable String reason,
            @Schema(minimum = "1") @Nullable Integer seconds) {}

    /// Whether the pipeline is paused.
    @Get(value = "/pause", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    PauseReport now() {
        return pauses.now();
    }

    /// Stops the pipeline within seconds; the position stays.
    @Post(value = "/pause", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Strangers
    @Refuses.WhileAway
    PauseReport pause(@Body @Nullable Asked asked, HttpRequest<?> request) {
        Asked said = asked == null ? new Asked(null, null) : asked;
        try {
            return pauses.pause(
                            Caller.of(request),
                            said.reason() == null ? "" : said.reason(),
                            said.seconds() == null ? null : Duration.ofSeconds(said.seconds()))
                    .now();
        } catch (WrongUseException wrong) {
            throw Refusal.badRequest(String.valueOf(wrong.getMessage()));
        }
    }

    /// Lets the pipeline resume; nothing where it is not paused.
    @Post(value = "/resume", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    @Refuses.Strangers
    @Refuses.WhileAway
    PauseReport resume(HttpRequest<?> request) {
        pauses.resume(Caller.of(request));
        return pauses.now();
    }
}
