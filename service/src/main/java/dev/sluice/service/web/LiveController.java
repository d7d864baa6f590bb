package dev.sluice.service.web;

import dev.sluice.audit.AuditEntry;
import dev.sluice.service.live.History;
import dev.sluice.service.live.LiveFeed;
import dev.sluice.service.ops.AuditTrail;
import dev.sluice.service.ops.MappingReport;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Header;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.sse.Event;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/// What the page asks for: what happens now, what happened in the last hour, and what a collection
/// is mapped to.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class LiveController {
    /// One that falls this far behind is let go; it comes back and catches up.
    private static final int EVENTS_WAITING = 200;

    /// After that the caller asks again, and its token is looked at again.
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final int AUDIT_MAX = 1000;

    private final LiveFeed feed;
    private final PipelineStatus status;
    private final Mappings mappings;
    private final AuditTrail audit;

    LiveController(LiveFeed feed, PipelineStatus status, Mappings mappings, AuditTrail audit) {
        this.feed = feed;
        this.status = status;
        this.mappings = mappings;
        this.audit = audit;
    }

    /// The mappings of the collections, as far as this process knows them.
    record Mappings(List<MappingReport> all) {
        Optional<MappingReport> of(String collection) {
            return all.stream()
                    .filter(mapping -> mapping.collection().equals(collection))
                    .findFirst();
        }
    }

    /// All that there is to know, to begin with: the newest numbers, the collections, the last
    /// hour, the log.
    @Get(value = "/live", produces = MediaType.APPLICATION_JSON)
    LiveFeed.Snapshot live() {
        return feed.snapshot();
    }

    /// What happens from now on, as server-sent events: `tick` each second, `collections` and `notes` when they
    /// change, `log` entries, and `reset` where the caller has missed more than is kept: it asks for the
    /// whole again at `/api/live`. Ends after ten minutes; a caller that comes back with the id of its last
    /// event is told what it missed.
    ///
    /// @param lastEventId of the last event that the caller has seen; none where it has seen none
    @Get(value = "/events", produces = MediaType.TEXT_EVENT_STREAM)
    @ApiResponse(
            responseCode = "200",
            description = "Events for as long as the caller listens, ten minutes at most",
            content = @Content(mediaType = MediaType.TEXT_EVENT_STREAM, schema = @Schema(type = "string")))
    @Refuses.WhileAway
    Publisher<Event<String>> events(@Header("Last-Event-ID") @Nullable String lastEventId) {
        if (feed.isFull()) {
            throw Refusal.unavailable(LiveFeed.VIEWERS_MAX + " callers listen already, which is the most.");
        }
        return Flux.<Event<String>>create(
                        sink -> feed.watch(lastEventId, event -> sink.next(of(event)))
                                // Where others were quicker since it was asked it ends at once, and the caller's next
                                // attempt is refused.
                                .ifPresentOrElse(end -> sink.onDispose(end::run), sink::complete),
                        FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureBuffer(EVENTS_WAITING)
                .take(LONGEST);
    }

    private static Event<String> of(LiveFeed.Event event) {
        return Event.of(event.data()).id(event.id()).name(event.type());
    }

    /// The last hour of one collection, a second a number.
    @Get(value = "/collections/{collection}/history", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    History.Numbers history(String collection) {
        return feed.history(NamedCollections.require(collection, status.collections()::containsKey));
    }

    /// Which field of its documents becomes which column.
    @Get(value = "/collections/{collection}/mapping", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    MappingReport mapping(String collection) {
        return mappings.of(NamedCollections.require(collection, status.collections()::containsKey))
                .orElseThrow(() -> Refusal.notFound("This process does not know the mapping of " + collection + "."));
    }

    /// What was done, when and by whom, the newest first.
    ///
    /// @param collection null for all
    @Get(value = "/audit", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.WhileAway
    List<AuditEntry> audit(@QueryValue @Nullable String collection, @QueryValue(defaultValue = "100") int limit) {
        if (limit < 1 || limit > AUDIT_MAX) {
            throw Refusal.badRequest("limit is from 1 to " + AUDIT_MAX + ".");
        }
        return audit.newest(collection, limit);
    }
}
