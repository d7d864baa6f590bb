package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Why there is no answer, as OFREP has it: for everything under `/ofrep/`, also for what the HTTP server
/// refuses by itself. Some SDKs read no other error than this.
///
/// @param key the flag, which is a collection; null where all were asked for
/// @param errorCode one of [Code]
/// @param errorDetails what happened, for people
record OfrepFailure(
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String key,

        @JsonProperty("errorCode") Code errorCode,

        @JsonProperty("errorDetails") String errorDetails)
        implements OfrepController.Flag {
    private static final String PATH = "/ofrep/";
    private static final String FLAGS = "/ofrep/v1/evaluate/flags/";

    /// The error codes of OFREP.
    enum Code {
        FLAG_NOT_FOUND,
        PARSE_ERROR,
        TARGETING_KEY_MISSING,
        INVALID_CONTEXT,
        /// What none of the others is: a missing token, a route that is not known yet, a fault of ours.
        GENERAL
    }

    static boolean isFor(HttpRequest<?> request) {
        return request.getPath().startsWith(PATH);
    }

    /// An answer to what is not an evaluation that went wrong, but a call that is none.
    static MutableHttpResponse<OfrepFailure> answer(HttpRequest<?> request, HttpStatus status, String details) {
        return HttpResponse.<OfrepFailure>status(status)
                .contentType(MediaType.APPLICATION_JSON_TYPE)
                .body(of(request, status, details));
    }

    static OfrepFailure of(HttpRequest<?> request, HttpStatus status, String details) {
        String path = request.getPath();
        String key = path.startsWith(FLAGS) && path.length() > FLAGS.length()
                ? URLDecoder.decode(path.substring(FLAGS.length()), StandardCharsets.UTF_8)
                : null;
        return new OfrepFailure(key, status == HttpStatus.BAD_REQUEST ? Code.PARSE_ERROR : Code.GENERAL, details);
    }
}
