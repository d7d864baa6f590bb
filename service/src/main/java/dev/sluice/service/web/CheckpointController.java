package dev.sluice.service.web;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Checkpoints;
import dev.sluice.service.ops.Checkpoints.Outcome;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Error;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.Map;

/// `/api/checkpoints`: what `sluice checkpoint` does.
@Controller("/api/checkpoints")
@ExecuteOn(TaskExecutors.BLOCKING)
final class CheckpointController {
    private final Checkpoints checkpoints;

    CheckpointController(Checkpoints checkpoints) {
        this.checkpoints = checkpoints;
    }

    /// The newest first.
    @Get(produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> list() {
        return Answers.of(HttpStatus.OK, checkpoints.list());
    }

    /// Keeps the committed position under a name.
    @Post(value = "/{name}", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> make(String name, HttpRequest<?> request) {
        return switch (checkpoints.make(name, Answers.actor(request))) {
            case Outcome.Made made -> Answers.of(HttpStatus.CREATED, made.checkpoint());
            case Outcome.BadName bad -> Answers.error(HttpStatus.BAD_REQUEST, bad.reason());
            case Outcome.Taken taken ->
                Answers.error(HttpStatus.CONFLICT, "There is a checkpoint '" + taken.name() + "' already.");
            case Outcome.NoPosition none -> Answers.error(HttpStatus.CONFLICT, none.reason());
        };
    }

    @Delete(value = "/{name}", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> drop(String name, HttpRequest<?> request) {
        return checkpoints.drop(name, Answers.actor(request))
                ? Answers.of(HttpStatus.OK, Map.of("dropped", name))
                : Answers.error(HttpStatus.NOT_FOUND, "There is no checkpoint '" + name + "'.");
    }

    @Error
    HttpResponse<String> away(SluiceException away) {
        return Answers.error(HttpStatus.SERVICE_UNAVAILABLE, away.forPeople());
    }
}
