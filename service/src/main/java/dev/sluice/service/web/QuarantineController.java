package dev.sluice.service.web;

import dev.sluice.service.ops.Quarantine;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import org.jspecify.annotations.Nullable;

/// `/api/quarantine`: what `sluice quarantine list` does. Never the values.
@Controller("/api/quarantine")
@ExecuteOn(TaskExecutors.BLOCKING)
final class QuarantineController {
    private final Quarantine quarantine;

    QuarantineController(Quarantine quarantine) {
        this.quarantine = quarantine;
    }

    /// How many values rows landed without, by collection, column and reason.
    ///
    /// @param collection null for all
    @Get(produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    Quarantine.Counts counts(@QueryValue @Nullable String collection) {
        return quarantine.counts(collection);
    }
}
