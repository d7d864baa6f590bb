package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Replays;
import dev.sluice.service.ops.Replays.Outcome;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Error;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
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
    HttpResponse<String> latest() {
        return Answers.of(HttpStatus.OK, replays.latest());
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

            @JsonProperty("dry_run") @Nullable Boolean dryRun) {}

    /// Reads the change stream and puts the documents on the list, which this process then takes; or only
    /// counts them.
    @Post(value = "/replay", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> replay(@Body @Nullable Wanted wanted, HttpRequest<?> request) {
        if (wanted == null || wanted.from() == null) {
            return Answers.error(
                    HttpStatus.BAD_REQUEST, "Say from where: {\"from\": \"a checkpoint, a time or a token\"}.");
        }
        if (!replays.canBeAsked()) {
            return Answers.error(HttpStatus.SERVICE_UNAVAILABLE, "This process has no MongoDB to read from.");
        }
        List<String> collections = wanted.collections() == null ? List.of() : wanted.collections();
        try {
            Outcome outcome = replays.ask(
                    replays.wish(new Replays.Request(wanted.from(), wanted.to(), collections), Answers.actor(request)),
                    Boolean.TRUE.equals(wanted.dryRun()));
            return switch (outcome) {
                case Outcome.Queued queued -> Answers.of(HttpStatus.ACCEPTED, queued);
                case Outcome.Counted counted -> Answers.of(HttpStatus.OK, counted);
                case Outcome.Busy busy ->
                    Answers.error(HttpStatus.CONFLICT, "Another replay is being read; try again when it is.");
            };
        } catch (IllegalArgumentException wrong) {
            return Answers.error(HttpStatus.BAD_REQUEST, String.valueOf(wrong.getMessage()));
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.HISTORY_LOST || e.kind() == FailureKind.CHANGE_TOO_LARGE) {
                return Answers.error(HttpStatus.CONFLICT, Replays.unreachable(e));
            }
            if (e.kind() == FailureKind.SOURCE_REPLACED) {
                return Answers.error(HttpStatus.CONFLICT, e.forPeople());
            }
            if (e.kind() == FailureKind.BAD_SETTING) {
                return Answers.error(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    @Error
    HttpResponse<String> away(SluiceException away) {
        return Answers.error(HttpStatus.SERVICE_UNAVAILABLE, away.forPeople());
    }
}
