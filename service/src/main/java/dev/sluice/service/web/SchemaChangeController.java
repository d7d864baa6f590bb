package dev.sluice.service.web;

import dev.sluice.service.ops.SchemaChanges;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;

/// `/api/schema-changes`: what `sluice schema-changes` lists. Accepting is for the command line: a pipeline
/// that stopped for one has no HTTP any more.
@Controller("/api/schema-changes")
@ExecuteOn(TaskExecutors.BLOCKING)
final class SchemaChangeController {
    private final SchemaChanges changes;

    SchemaChangeController(SchemaChanges changes) {
        this.changes = changes;
    }

    /// The newest first, those that are open before all others.
    @Get(produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    SchemaChanges.Page latest() {
        return changes.latest();
    }
}
