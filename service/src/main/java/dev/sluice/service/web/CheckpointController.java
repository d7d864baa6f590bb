package dev.sluice.service.web;

import dev.sluice.positions.CheckpointStore.Checkpoint;
import dev.sluice.service.ops.Checkpoints;
import dev.sluice.service.ops.Checkpoints.Outcome;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Status;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;

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
    @Refuses.WhileAway
    Checkpoints.All list() {
        return checkpoints.list();
    }

    /// Keeps the committed position under a name.
    @Post(value = "/{name}", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    @Status(HttpStatus.CREATED)
    @Refuses.BadRequests
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Checkpoint make(String name, HttpRequest<?> request) {
        return switch (checkpoints.make(name, Caller.of(request))) {
            case Outcome.Made made -> made.checkpoint();
            case Outcome.BadName bad -> throw Refusal.badRequest(bad.reason());
            case Outcome.Taken taken -> throw Refusal.conflict("There is a checkpoint '" + taken.name() + "' already.");
            case Outcome.NoPosition none -> throw Refusal.conflict(none.reason());
        };
    }

    /// @param dropped the name of the checkpoint that is gone
    record Dropped(String dropped) {}

    /// Drops a checkpoint. The pipeline's position stays.
    @Delete(value = "/{name}", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Strangers
    @Refuses.WhileAway
    Dropped drop(String name, HttpRequest<?> request) {
        if (!checkpoints.drop(name, Caller.of(request))) {
            throw Refusal.notFound("There is no checkpoint '" + name + "'.");
        }
        return new Dropped(name);
    }
}
