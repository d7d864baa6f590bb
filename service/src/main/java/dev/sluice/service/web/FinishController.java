package dev.sluice.service.web;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.finish.Certificate;
import dev.sluice.service.finish.Finish;
import dev.sluice.service.finish.Finish.Outcome;
import dev.sluice.service.finish.Finishing;
import dev.sluice.service.finish.Obstacle;
import dev.sluice.service.ops.SnakeCaseJson;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `/api/finish` and `/api/certificates`: what `sluice finish` does.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class FinishController {
    private static final int QUIET_SECONDS = 10;
    private static final int PATIENCE_SECONDS = 60;
    private static final int SECONDS_MAX = 600;

    private final Finishing finishing;

    FinishController(Finishing finishing) {
        this.finishing = finishing;
    }

    /// What a move of writes may say.
    ///
    /// @param collections all are moved, in one transaction, or none
    /// @param quietSeconds for how long nobody may have written to MongoDB: 1 to 600, else 10
    /// @param waitSeconds how long the rows may take to have everything: 1 to 600, else 60
    /// @param blockWrites whether MongoDB is to refuse all writes meanwhile, on the whole server; else
    ///     it is not
    /// @param keepSlot a replication slot that is to be made; else none
    /// @param dryRun whether it is only said what would become of it
    record Asked(
            List<String> collections,

            @Schema(minimum = "1", maximum = "600") @Nullable
            Integer quietSeconds,

            @Schema(minimum = "1", maximum = "600") @Nullable
            Integer waitSeconds,

            @Nullable Boolean blockWrites,
            @Nullable String keepSlot,
            @Nullable Boolean dryRun) {
        Asked {
            collections = collections == null ? List.of() : List.copyOf(collections);
        }
    }

    /// What became of it.
    ///
    /// @param moved whether the writes have moved
    /// @param stillBlocked whether MongoDB still refuses all writes, on the whole server
    record Answer(boolean moved, List<String> collections, List<Certificate> certificates, boolean stillBlocked) {
        Answer {
            collections = List.copyOf(collections);
            certificates = List.copyOf(certificates);
        }
    }

    /// Moves the writes of collections to PostgreSQL, for good, if nothing forbids it. Answers when it is done.
    @Post(value = "/finish", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Answer finish(@Body Asked asked, HttpRequest<?> request) throws InterruptedException {
        List<String> collections = NamedCollections.require(asked.collections(), finishing::isMapped);
        if (!finishing.canBeAsked()) {
            throw Refusal.conflict("This process has no MongoDB.");
        }
        Finish.Wish wish = new Finish.Wish(
                collections,
                seconds("quiet_seconds", asked.quietSeconds(), QUIET_SECONDS),
                seconds("wait_seconds", asked.waitSeconds(), PATIENCE_SECONDS),
                Boolean.TRUE.equals(asked.blockWrites()),
                asked.keepSlot(),
                Caller.of(request));
        try {
            Outcome outcome = finishing
                    .ask(wish, Boolean.TRUE.equals(asked.dryRun()))
                    .orElseThrow(() -> Refusal.conflict("Another move of writes is under way."));
            return answer(outcome, wish);
        } catch (SluiceException refused) {
            if (refused.kind() == FailureKind.BAD_SETTING) {
                throw Refusal.badRequest(String.valueOf(refused.getMessage()));
            }
            throw refused;
        }
    }

    private static Answer answer(Outcome outcome, Finish.Wish wish) {
        return switch (outcome) {
            case Outcome.Finished finished ->
                new Answer(true, wish.collections(), finished.certificates(), finished.stillBlocked());
            case Outcome.Possible possible -> new Answer(false, possible.collections(), List.of(), false);
            case Outcome.Refused refused ->
                throw Refusal.conflict("Nothing has moved. "
                        + refused.obstacles().stream().map(Obstacle::toString).collect(Collectors.joining(" ")));
        };
    }

    private static Duration seconds(String name, @Nullable Integer given, int otherwise) {
        int seconds = given == null ? otherwise : given;
        if (seconds < 1 || seconds > SECONDS_MAX) {
            throw Refusal.badRequest(name + " is from 1 to " + SECONDS_MAX + ".");
        }
        return Duration.ofSeconds(seconds);
    }

    /// The certificates of the collections whose writes have moved, by collection.
    @Get(value = "/certificates", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    Map<String, JsonNode> certificates() {
        SequencedMap<String, JsonNode> read = new LinkedHashMap<>();
        finishing.certificates().forEach((collection, json) -> read.put(collection, SnakeCaseJson.read(json)));
        return read;
    }
}
