package dev.sluice.service.web;

import dev.sluice.control.Acceptance;
import dev.sluice.control.DeadLetterStore.DeadLetter;
import dev.sluice.service.ops.Accepted;
import dev.sluice.service.ops.DeadLetters;
import dev.sluice.service.ops.DeadLetters.Retried;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.annotation.Status;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `/api/dead-letters`: what `sluice dead-letters` does. Never the documents.
@Controller("/api/dead-letters")
@ExecuteOn(TaskExecutors.BLOCKING)
final class DeadLetterController {
    private static final int LIMIT_MAX = 10_000;

    private final DeadLetters deadLetters;

    DeadLetterController(DeadLetters deadLetters) {
        this.deadLetters = deadLetters;
    }

    /// The oldest first.
    @Get(produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.WhileAway
    DeadLetters.Page list(@QueryValue @Nullable String collection, @QueryValue(defaultValue = "100") int limit) {
        if (limit < 1 || limit > LIMIT_MAX) {
            throw Refusal.badRequest("limit is from 1 to " + LIMIT_MAX + ".");
        }
        return deadLetters.list(collection, limit);
    }

    /// Puts the document on the list of those that are resynced, and does not wait.
    @Post(value = "/{id}/retry", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    @Status(HttpStatus.ACCEPTED)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Retried retry(long id, HttpRequest<?> request) {
        List<DeadLetter> found = deadLetters.find(List.of(id));
        if (found.isEmpty()) {
            throw none(id);
        }
        Retried retried = deadLetters.ask(found, Caller.of(request)).getFirst();
        return switch (retried.outcome()) {
            case UNMAPPED ->
                throw Refusal.conflict("The mapping has no collection " + retried.collection() + ", so dead letter "
                        + id + " can't be tried.");
            case QUEUED, WAITING, SETTLED, REFUSED -> retried;
        };
    }

    /// What a discard may say.
    ///
    /// @param reason noted in the audit
    record Why(@Nullable String reason) {}

    /// @param discarded the numbers of the dead letters that are gone
    record Discarded(List<Long> discarded) {
        Discarded {
            discarded = List.copyOf(discarded);
        }
    }

    /// Forgets the document for good.
    @Post(value = "/{id}/discard", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Strangers
    @Refuses.WhileAway
    Discarded discard(long id, @Body @Nullable Why why, HttpRequest<?> request) {
        String reason = why == null || why.reason() == null ? "" : why.reason();
        List<Long> gone = deadLetters.discard(List.of(id), Caller.of(request), reason);
        if (gone.isEmpty()) {
            throw none(id);
        }
        return new Discarded(gone);
    }

    /// Takes it out of the gate's count.
    @Post(value = "/{id}/accept", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Strangers
    @Refuses.WhileAway
    Accepted accept(long id, @Body @Nullable Acceptable acceptable, HttpRequest<?> request) {
        if (deadLetters.find(List.of(id)).isEmpty()) {
            throw none(id);
        }
        return deadLetters.accept(
                new Acceptance(List.of(id), null, Caller.of(request), Acceptable.reasonOf(acceptable)));
    }

    private static Refusal none(long id) {
        return Refusal.notFound("There is no dead letter " + id + "; it may have been settled meanwhile.");
    }
}
