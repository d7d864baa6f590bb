package dev.sluice.service.web;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.replay.Replay.Found;
import dev.sluice.service.ops.Replays;
import dev.sluice.service.ops.Replays.Outcome;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `/api/replay` and `/api/replays`: what `sluice replay` does, without the waiting.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class ReplayController {
    private final Replays replays;

    ReplayController(Replays replays) {
        this.replays = replays;
    }

    /// The newest first, each with how far it is.
    @Get(value = "/replays", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    Replays.Page latest() {
        return replays.latest();
    }

    /// What may be asked.
    ///
    /// @param from a checkpoint, a time or a token, as on the command line
    /// @param to a time; null for now
    /// @param collections null for all
    /// @param dryRun whether to count only; null does not
    record Wanted(
            @Nullable String from,
            @Nullable String to,
            @Nullable List<String> collections,
            @Nullable Boolean dryRun) {}

    /// @param replay its number; null for a dry run, which has none
    /// @param found what the stream has from there
    record Answer(@Nullable Long replay, Found found) {}

    /// Reads the change stream and puts the documents on the list, which this process then takes; or only
    /// counts them.
    @Post(value = "/replay", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    @ApiResponse(
            responseCode = "200",
            description = "The documents are counted (`dry_run`)",
            content = @Content(schema = @Schema(implementation = Answer.class)))
    @ApiResponse(
            responseCode = "202",
            description = "The documents are listed for a resync",
            content = @Content(schema = @Schema(implementation = Answer.class)))
    HttpResponse<Answer> replay(@Body @Nullable Wanted wanted, HttpRequest<?> request) {
        if (wanted == null || wanted.from() == null) {
            throw Refusal.badRequest("Say from where: {\"from\": \"a checkpoint, a time or a token\"}.");
        }
        if (!replays.canBeAsked()) {
            throw Refusal.unavailable("This process has no MongoDB to read from.");
        }
        List<String> collections = wanted.collections() == null ? List.of() : wanted.collections();
        try {
            Outcome outcome = replays.ask(
                    replays.wish(new Replays.Request(wanted.from(), wanted.to(), collections), Caller.of(request)),
                    Boolean.TRUE.equals(wanted.dryRun()));
            return switch (outcome) {
                case Outcome.Queued queued -> HttpResponse.accepted().body(new Answer(queued.replay(), queued.found()));
                case Outcome.Counted counted -> HttpResponse.ok(new Answer(null, counted.found()));
                case Outcome.Busy busy -> throw Refusal.conflict("Another replay is being read; try again when it is.");
            };
        } catch (WrongUseException wrong) {
            throw Refusal.badRequest(String.valueOf(wrong.getMessage()));
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.HISTORY_LOST || e.kind() == FailureKind.CHANGE_TOO_LARGE) {
                throw Refusal.conflict(Replays.unreachable(e));
            }
            if (e.kind() == FailureKind.SOURCE_REPLACED) {
                throw Refusal.conflict(e.forPeople());
            }
            if (e.kind() == FailureKind.BAD_SETTING) {
                throw Refusal.badRequest(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }
}
