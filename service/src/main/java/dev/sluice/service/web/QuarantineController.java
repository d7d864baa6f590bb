package dev.sluice.service.web;

import dev.sluice.control.Acceptance;
import dev.sluice.service.ops.Accepted;
import dev.sluice.service.ops.Quarantine;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.List;
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
    @Refuses.BadRequests
    @Refuses.WhileAway
    Quarantine.Counts counts(@QueryValue @Nullable String collection) {
        return quarantine.counts(collection);
    }

    /// Takes a value out of the gate's count.
    @Post(value = "/{id}/accept", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Strangers
    @Refuses.WhileAway
    Accepted accept(long id, @Body @Nullable Acceptable acceptable, HttpRequest<?> request) {
        if (quarantine.find(id, false).isEmpty()) {
            throw Refusal.notFound("There is no value " + id + " in quarantine; it may have been settled meanwhile.");
        }
        return quarantine.accept(
                new Acceptance(List.of(id), null, Caller.of(request), Acceptable.reasonOf(acceptable)));
    }
}
