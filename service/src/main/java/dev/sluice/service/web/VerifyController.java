package dev.sluice.service.web;

import dev.sluice.service.ops.Verifications;
import dev.sluice.service.ops.Verifications.Outcome;
import dev.sluice.verify.Mode;
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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `/api/verify`, `/api/verifications` and `/api/drift`: what `sluice verify` does, without the waiting.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class VerifyController {
    private static final int LATEST = 100;
    private static final int DRIFT_MAX = 10_000;

    private final Verifications verifications;

    VerifyController(Verifications verifications) {
        this.verifications = verifications;
    }

    /// What may be asked.
    ///
    /// @param collections null for all
    /// @param mode counts, sample or full; null is full
    /// @param repair whether to repair what differs; null does not
    record Wanted(
            @Nullable List<String> collections,
            @Nullable String mode,
            @Nullable Boolean repair) {}

    /// Begins a verification, whose progress and result `GET /api/verifications` shows.
    @Post(value = "/verify", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Status(HttpStatus.ACCEPTED)
    @Refuses.BadRequests
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Outcome.Begun verify(@Body @Nullable Wanted wanted, HttpRequest<?> request) {
        Wanted asked = wanted == null ? new Wanted(null, null, null) : wanted;
        Mode mode = mode(asked.mode()).orElseThrow(() -> Refusal.badRequest("mode is counts, sample or full."));
        return switch (verifications.ask(
                asked.collections() == null ? List.of() : asked.collections(),
                mode,
                Boolean.TRUE.equals(asked.repair()),
                Caller.of(request))) {
            case Outcome.Begun begun -> begun;
            case Outcome.Busy busy ->
                throw Refusal.conflict("Another verification that was asked for is running; see /api/verifications, and"
                        + " try again when it is done.");
            case Outcome.NoSuchCollection none -> throw Refusal.badRequest(none.reason());
            case Outcome.NoSource none -> throw Refusal.unavailable("This process has no MongoDB to read from.");
        };
    }

    private static Optional<Mode> mode(@Nullable String text) {
        if (text == null) {
            return Optional.of(Mode.FULL);
        }
        return Arrays.stream(Mode.values())
                .filter(m -> m.text().equals(text.toLowerCase(Locale.ROOT)))
                .findFirst();
    }

    /// The newest first, each with how far it is.
    @Get(value = "/verifications", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    List<Verifications.Verification> latest() {
        return verifications.latest(LATEST);
    }

    /// What differs now, the oldest first.
    ///
    /// @param collection null for all
    @Get(value = "/drift", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.WhileAway
    List<Verifications.Drift> drift(@QueryValue @Nullable String collection) {
        return verifications.drift(collection, DRIFT_MAX);
    }
}
