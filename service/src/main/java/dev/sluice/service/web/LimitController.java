package dev.sluice.service.web;

import dev.sluice.failure.WrongUseException;
import dev.sluice.service.ops.ReadLimits;
import dev.sluice.service.ops.ReadLimits.LimitReport;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// `/api/limit`: what `sluice limit` does.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class LimitController {
    private final ReadLimits limits;

    LimitController(ReadLimits limits) {
        this.limits = limits;
    }

    /// What a limit may say; none of both takes it away.
    ///
    /// @param documentsPerSecond from 1; any number where it is not given
    /// @param bytesPerSecond from 1; any number where it is not given
    record Asked(
            @Schema(minimum = "1") @Nullable Long documentsPerSecond,
            @Schema(minimum = "1") @Nullable Long bytesPerSecond) {}

    /// How fast MongoDB is read beside the stream.
    @Get(value = "/limit", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    LimitReport now() {
        return limits.now();
    }

    /// Sets how fast MongoDB is read beside the stream, from within two seconds.
    @Post(value = "/limit", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Strangers
    @Refuses.WhileAway
    LimitReport set(@Body @Nullable Asked asked, HttpRequest<?> request) {
        Asked said = asked == null ? new Asked(null, null) : asked;
        try {
            return limits.set(said.documentsPerSecond(), said.bytesPerSecond(), Caller.of(request));
        } catch (WrongUseException wrong) {
            throw Refusal.badRequest(String.valueOf(wrong.getMessage()));
        }
    }
}
