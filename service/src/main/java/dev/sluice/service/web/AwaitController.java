package dev.sluice.service.web;

import dev.sluice.change.OperationTime;
import dev.sluice.change.Watermark;
import dev.sluice.service.ops.Live;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.StateText;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// `GET /api/await`: waits until an operation of MongoDB is in PostgreSQL. Asks this process and not
/// PostgreSQL: a waiting call is woken by the commit. Each call has a virtual thread, so any number may
/// wait.
@Controller("/api/await")
@ExecuteOn(TaskExecutors.BLOCKING)
final class AwaitController {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Pattern TIMEOUT = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,6})?)\\s*(ms|s|)");

    private final PipelineStatus status;

    AwaitController(PipelineStatus status) {
        this.status = status;
    }

    /// What is answered.
    ///
    /// @param applied whether the operation is applied
    /// @param collection the one that was asked about; null for all
    /// @param watermark everything committed in MongoDB up to here is applied; null when unknown
    /// @param through every operation up to and with this one is applied, `seconds.increment`; null when
    ///     unknown
    /// @param lagSeconds how far the rows are behind; null when unknown
    /// @param error why it did not come to that, for people; null when it did
    record Answer(
            boolean applied,
            @Nullable String collection,
            @Nullable Instant watermark,
            @Nullable String through,
            @Nullable Double lagSeconds,
            String state,
            @Nullable String error) {}

    /// Waits until a write to MongoDB is in PostgreSQL.
    ///
    /// @param operationTime of the write, as `seconds.increment` (see [OperationTime] for the other forms)
    /// @param timeout such as `5s`, `500ms` or `5` (seconds); a minute at most
    /// @param collection null for all
    @Get(produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @ApiResponse(
            responseCode = "200",
            description = "The operation is applied",
            content = @Content(schema = @Schema(implementation = Answer.class)))
    @ApiResponse(
            responseCode = "504",
            description = "It was not applied within the time",
            content = @Content(schema = @Schema(implementation = Answer.class)))
    @ApiResponse(
            responseCode = "503",
            description = "The pipeline has ended, and will not apply it",
            content = @Content(schema = @Schema(implementation = Answer.class)))
    HttpResponse<Answer> await(
            @QueryValue @Nullable String operationTime,
            @QueryValue(defaultValue = "5s") String timeout,
            @QueryValue @Nullable String collection)
            throws InterruptedException {
        BsonTimestamp operation;
        Duration longest;
        try {
            operation = OperationTime.parse(operationTime == null ? "" : operationTime);
            longest = timeout(timeout);
        } catch (IllegalArgumentException unreadable) {
            throw Refusal.badRequest(String.valueOf(unreadable.getMessage()));
        }
        if (collection != null && !status.collections().containsKey(collection)) {
            throw Refusal.notFound("The mapping has no collection of that name; it has "
                    + String.join(", ", status.collections().keySet()) + ".");
        }
        boolean applied = status.awaitApplied(operation, collection, longest);
        PipelineState state = status.state();
        String error = applied ? null : complaint(state, longest, collection);
        Live live = Live.of(status);
        Watermark watermark = status.lag().applied();
        Answer answer = new Answer(
                applied, collection, watermark.time(), Live.text(watermark), live.lagSeconds(), state.name(), error);
        HttpStatus code = applied ? HttpStatus.OK : code(state);
        return HttpResponse.<Answer>status(code).body(answer);
    }

    private static HttpStatus code(PipelineState state) {
        return state.hasEnded() ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.GATEWAY_TIMEOUT;
    }

    private String complaint(PipelineState state, Duration longest, @Nullable String collection) {
        String more = StateText.of(status, state);
        String after = more == null ? "" : " " + more;
        if (state.hasEnded()) {
            return "The pipeline has ended (" + state.name() + "), so this will not be applied by it." + after;
        }
        boolean copied = status.collections().entrySet().stream()
                .filter(c -> collection == null || c.getKey().equals(collection))
                .allMatch(c -> c.getValue().backfillDone());
        return "Not applied within " + longest.toMillis() + " ms; the pipeline is " + state.name() + "."
                + (copied ? "" : " A collection counts as applied only once it is copied completely.") + after;
    }

    private static Duration timeout(String text) {
        Matcher given = TIMEOUT.matcher(text.strip());
        if (!given.matches()) {
            throw new IllegalArgumentException("timeout is such as 5s, 500ms or 5 (seconds).");
        }
        BigDecimal unit = BigDecimal.valueOf(given.group(2).equals("ms") ? 1_000_000 : 1_000_000_000);
        Duration asked =
                Duration.ofNanos(new BigDecimal(given.group(1)).multiply(unit).longValue());
        return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
    }
}
