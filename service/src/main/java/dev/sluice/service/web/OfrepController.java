package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Route;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.RouteWatch.Snapshot;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Header;
import io.micronaut.http.annotation.Post;
import io.swagger.v3.oas.annotations.Hidden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where to read from, as OpenFeature's SDKs ask it: the OpenFeature Remote Evaluation Protocol (OFREP) with one
/// flag for each mapped collection and the variants `mongodb`, `postgres` and `both`. Answers come from memory, also
/// while PostgreSQL is away, and are marked as stale then. Left out of our description: the protocol has its own.
@Hidden
@Controller("/ofrep/v1/evaluate/flags")
final class OfrepController {
    private static final String TARGETING_KEY = "targetingKey";

    private final RouteWatch routes;

    OfrepController(RouteWatch routes) {
        this.routes = routes;
    }

    /// What is asked.
    ///
    /// @param context of the reader; its `targetingKey` is needed while a route goes by it
    record Evaluation(@Nullable Map<String, Object> context) {}

    /// What is said of one flag.
    sealed interface Flag {
        /// The collection.
        String key();
    }

    /// Where to read from.
    ///
    /// @param key the collection
    /// @param reason `STATIC`: the same for everyone; `SPLIT`: by the targeting key; `STALE`: PostgreSQL has not
    ///     confirmed it for some seconds
    /// @param variant `mongodb`, `postgres` or `both`
    /// @param value as the variant
    /// @param metadata whom the application is to write to
    record Answer(String key, String reason, String variant, String value, Metadata metadata) implements Flag {}

    /// What an SDK hands on as the flag's metadata.
    ///
    /// @param writes `mongodb`, or `postgres` once `sluice finish` has moved the writes
    record Metadata(String writes) {}

    /// Why there is no answer.
    ///
    /// @param key the collection
    /// @param errorCode as OFREP has them
    /// @param errorDetails for people
    record Failure(
            String key,

            @JsonProperty("errorCode") String errorCode,

            @JsonProperty("errorDetails") String errorDetails) implements Flag {}

    /// All flags.
    ///
    /// @param flags where a route goes by the targeting key and none is given, a flag says why there is no answer
    record Flags(List<Flag> flags) {
        Flags {
            flags = List.copyOf(flags);
        }
    }

    /// Where one collection is read from.
    @Post(value = "/{key}", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    HttpResponse<Flag> one(String key, @Body @Nullable Evaluation evaluation) {
        Snapshot snapshot = routes.snapshot();
        if (snapshot == null) {
            return HttpResponse.<Flag>status(HttpStatus.SERVICE_UNAVAILABLE)
                    .body(new Failure(key, "PROVIDER_NOT_READY", "The routes are not known yet."));
        }
        Route route = snapshot.routes().get(key);
        if (route == null) {
            return HttpResponse.<Flag>status(HttpStatus.NOT_FOUND)
                    .body(new Failure(key, "FLAG_NOT_FOUND", "The mapping has no such collection."));
        }
        Flag flag = flag(route, snapshot.stale(), evaluation);
        return switch (flag) {
            case Answer answer -> HttpResponse.ok(answer);
            case Failure failure -> HttpResponse.<Flag>badRequest(failure);
        };
    }

    /// Where all collections are read from.
    ///
    /// @param known the ETag of an earlier answer; null for none
    @Post(consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    HttpResponse<?> all(
            @Body @Nullable Evaluation evaluation, @Header(HttpHeaders.IF_NONE_MATCH) @Nullable String known) {
        Snapshot snapshot = routes.snapshot();
        if (snapshot == null) {
            return HttpResponse.status(HttpStatus.SERVICE_UNAVAILABLE)
                    .body(new Failure("", "PROVIDER_NOT_READY", "The routes are not known yet."));
        }
        List<Flag> flags = new ArrayList<>();
        snapshot.routes().values().forEach(route -> flags.add(flag(route, snapshot.stale(), evaluation)));
        String etag = "\"" + Integer.toHexString(flags.hashCode()) + "\"";
        return etag.equals(known)
                ? HttpResponse.notModified().header(HttpHeaders.ETAG, etag)
                : HttpResponse.ok(new Flags(flags)).header(HttpHeaders.ETAG, etag);
    }

    private static Flag flag(Route route, boolean stale, @Nullable Evaluation evaluation) {
        Map<String, Object> context =
                evaluation == null || evaluation.context() == null ? Map.of() : evaluation.context();
        Object key = context.get(TARGETING_KEY);
        if (key != null && !(key instanceof String)) {
            return new Failure(route.collection(), "INVALID_CONTEXT", "targetingKey is not a string.");
        }
        Optional<ReadFrom> everyone = route.share().forEveryone();
        Optional<ReadFrom> from = route.share().of(route.collection(), (String) key);
        if (from.isEmpty()) {
            return new Failure(
                    route.collection(),
                    "TARGETING_KEY_MISSING",
                    "The route goes by the targeting key: what identifies the user, the tenant or the session.");
        }
        String variant = from.get().text();
        String reason = stale ? "STALE" : everyone.isPresent() ? "STATIC" : "SPLIT";
        return new Answer(
                route.collection(),
                reason,
                variant,
                variant,
                new Metadata(route.writesMoved() ? "postgres" : "mongodb"));
    }
}
