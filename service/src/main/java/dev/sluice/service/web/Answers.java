package dev.sluice.service.web;

import dev.sluice.service.ops.SnakeCaseJson;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import java.util.Map;

/// Answers in JSON.
final class Answers {
    private Answers() {}

    static HttpResponse<String> of(HttpStatus status, Object body) {
        return HttpResponse.<String>status(status)
                .contentType(MediaType.APPLICATION_JSON_TYPE)
                .body(SnakeCaseJson.write(body));
    }

    static HttpResponse<String> error(HttpStatus status, String text) {
        return of(status, Map.of("error", text));
    }

    /// Who calls, for the audit.
    static String actor(HttpRequest<?> request) {
        return "REST call from " + request.getRemoteAddress().getAddress().getHostAddress();
    }
}
