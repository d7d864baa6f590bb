package dev.sluice.service.web;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.DeadLetters;
import dev.sluice.service.ops.DeadLetters.Outcome;
import dev.sluice.service.ops.DeadLetters.Retried;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.sink.postgres.DeadLetterStore.DeadLetter;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Error;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.List;
import java.util.Map;
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
    HttpResponse<String> list(@QueryValue @Nullable String collection, @QueryValue(defaultValue = "100") int limit) {
        if (limit < 1 || limit > LIMIT_MAX) {
            return error(HttpStatus.BAD_REQUEST, "limit is from 1 to " + LIMIT_MAX + ".");
        }
        return HttpResponse.ok(SnakeCaseJson.write(deadLetters.list(collection, limit)));
    }

    /// Puts the document on the list of those that are resynced, and does not wait.
    @Post(value = "/{id}/retry", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> retry(long id, HttpRequest<?> request) {
        List<DeadLetter> found = deadLetters.find(List.of(id));
        if (found.isEmpty()) {
            return none(id);
        }
        Retried retried = deadLetters.ask(found, actor(request)).getFirst();
        HttpStatus status = retried.outcome() == Outcome.UNMAPPED ? HttpStatus.CONFLICT : HttpStatus.ACCEPTED;
        return HttpResponse.<String>status(status).body(SnakeCaseJson.write(retried));
    }

    /// What a discard may say.
    ///
    /// @param reason noted in the audit
    record Why(@Nullable String reason) {}

    /// Forgets the document for good.
    @Post(value = "/{id}/discard", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    HttpResponse<String> discard(long id, @Body @Nullable Why why, HttpRequest<?> request) {
        String reason = why == null || why.reason() == null ? "" : why.reason();
        List<Long> gone = deadLetters.discard(List.of(id), actor(request), reason);
        return gone.isEmpty() ? none(id) : HttpResponse.ok(SnakeCaseJson.write(Map.of("discarded", gone)));
    }

    private static String actor(HttpRequest<?> request) {
        return "REST call from " + request.getRemoteAddress().getAddress().getHostAddress();
    }

    private static HttpResponse<String> none(long id) {
        return error(HttpStatus.NOT_FOUND, "There is no dead letter " + id + "; it may have been settled meanwhile.");
    }

    @Error
    HttpResponse<String> away(SluiceException away) {
        return error(HttpStatus.SERVICE_UNAVAILABLE, away.forPeople());
    }

    private static HttpResponse<String> error(HttpStatus status, String text) {
        return HttpResponse.<String>status(status)
                .contentType(MediaType.APPLICATION_JSON_TYPE)
                .body(SnakeCaseJson.write(Map.of("error", text)));
    }
}
