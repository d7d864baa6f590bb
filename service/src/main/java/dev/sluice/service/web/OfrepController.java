package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Route;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.RouteWatch.Snapshot;
import dev.sluice.service.web.OfrepFailure.Code;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Header;
import io.micronaut.http.annotation.Post;
import io.swagger.v3.oas.annotations.Hidden;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where to read from, as OpenFeature's SDKs ask it: the OpenFeature Remote Evaluation Protocol (OFREP) with one
/// flag for each mapped collection and the variants `mongodb`, `postgres` and `both`. Answers come from memory,
/// also while PostgreSQL is away, and are marked as stale then. Left out of our description: the protocol has
/// its own.
@Hidden
@Controller("/ofrep/v1/evaluate/flags")
final class OfrepController {
    private static final String TARGETING_KEY = "targetingKey";
    private static final String NOT_KNOWN = "The routes are not known yet.";
    private static final int ETAG_BYTES = 16;

    private final RouteWatch routes;

    OfrepController(RouteWatch routes) {
        this.routes = routes;
    }

    /// What is asked. Fields that a later version of the protocol may add are passed over.
    ///
    /// @param context of the reader; its `targetingKey` is needed while a route goes by it
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Evaluation(@Nullable JsonNode context) {}

    /// What is said of one flag.
    sealed interface Flag permits Answer, OfrepFailure {}

    /// Where to read from.
    ///
    /// @param key the collection
    /// @param reason `STATIC`: the same for everyone; `SPLIT`: by the targeting key
    /// @param variant `mongodb`, `postgres` or `both`
    /// @param value as the variant
    /// @param metadata what else there is to know, which SDKs pass on
    record Answer(String key, String reason, String variant, String value, Metadata metadata) implements Flag {}

    /// What SDKs pass on with a value.
    ///
    /// @param writes whom to write to: `mongodb`, or `postgres` once `sluice finish` has moved the writes
    /// @param stale whether PostgreSQL has not confirmed the route for some seconds. The protocol has no reason
    ///     for that
    record Metadata(String writes, boolean stale) {}

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
                    .body(new OfrepFailure(key, Code.GENERAL, NOT_KNOWN));
        }
        Route route = snapshot.routes().get(key);
        if (route == null) {
            return HttpResponse.<Flag>status(HttpStatus.NOT_FOUND)
                    .body(new OfrepFailure(key, Code.FLAG_NOT_FOUND, "The mapping has no such collection."));
        }
        String wrong = wrongContext(evaluation);
        if (wrong != null) {
            return HttpResponse.<Flag>badRequest(new OfrepFailure(key, Code.INVALID_CONTEXT, wrong));
        }
        return switch (flag(route, snapshot.stale(), targetingKey(evaluation))) {
            case Answer answer -> HttpResponse.ok(answer);
            case OfrepFailure failure -> HttpResponse.<Flag>badRequest(failure);
        };
    }

    /// Where all collections are read from.
    ///
    /// @param known the ETags of earlier answers; null for none
    @Post(consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    HttpResponse<?> all(
            @Body @Nullable Evaluation evaluation, @Header(HttpHeaders.IF_NONE_MATCH) @Nullable String known) {
        Snapshot snapshot = routes.snapshot();
        if (snapshot == null) {
            return HttpResponse.status(HttpStatus.SERVICE_UNAVAILABLE)
                    .body(new OfrepFailure(null, Code.GENERAL, NOT_KNOWN));
        }
        String wrong = wrongContext(evaluation);
        if (wrong != null) {
            return HttpResponse.badRequest(new OfrepFailure(null, Code.INVALID_CONTEXT, wrong));
        }
        String key = targetingKey(evaluation);
        List<Flag> flags = new ArrayList<>();
        snapshot.routes().values().forEach(route -> flags.add(flag(route, snapshot.stale(), key)));
        String etag = etag(flags);
        return known != null && isAmong(etag, known)
                ? HttpResponse.notModified().header(HttpHeaders.ETAG, etag)
                : HttpResponse.ok(new Flags(flags)).header(HttpHeaders.ETAG, etag);
    }

    /// Two sets of flags that differ must not have one tag, or a reader would stay where it was.
    static String etag(List<Flag> flags) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(flags.toString().getBytes(StandardCharsets.UTF_8));
            return "\"" + HexFormat.of().formatHex(digest, 0, ETAG_BYTES) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// A list of tags, each maybe marked as weak by a proxy that has compressed the answer.
    private static boolean isAmong(String etag, String known) {
        return Arrays.stream(known.split(","))
                .map(tag -> tag.strip().replaceFirst("^W/", ""))
                .anyMatch(tag -> tag.equals(etag) || tag.equals("*"));
    }

    /// @return null where nothing is wrong
    private static @Nullable String wrongContext(@Nullable Evaluation evaluation) {
        JsonNode context = evaluation == null ? null : evaluation.context();
        if (context == null || context.isNull()) {
            return null;
        }
        if (!context.isObject()) {
            return "context is no object.";
        }
        JsonNode key = context.get(TARGETING_KEY);
        return key == null || key.isNull() || key.isTextual() ? null : "targetingKey is not a string.";
    }

    private static @Nullable String targetingKey(@Nullable Evaluation evaluation) {
        JsonNode context = evaluation == null ? null : evaluation.context();
        return context == null ? null : context.path(TARGETING_KEY).textValue();
    }

    private static Flag flag(Route route, boolean stale, @Nullable String targetingKey) {
        Optional<ReadFrom> everyone = route.share().forEveryone();
        Optional<ReadFrom> from = route.share().of(route.collection(), targetingKey);
        if (from.isEmpty()) {
            return new OfrepFailure(
                    route.collection(),
                    Code.TARGETING_KEY_MISSING,
                    "The route goes by the targeting key: what identifies the user, the tenant or the session.");
        }
        String variant = from.get().text();
        return new Answer(
                route.collection(),
                everyone.isPresent() ? "STATIC" : "SPLIT",
                variant,
                variant,
                new Metadata(route.writesMoved() ? "postgres" : "mongodb", stale));
    }
}
