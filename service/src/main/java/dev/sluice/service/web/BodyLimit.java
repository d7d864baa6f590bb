package dev.sluice.service.web;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.server.HttpServerConfiguration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Refuses a call that announces a larger body than calls may have, also where it is one that takes no body. The
/// HTTP server counts what really comes where one is read, and leaves unread what it has no use for.
@ServerFilter("/**")
final class BodyLimit {
    private final long bytesMax;

    BodyLimit(HttpServerConfiguration server) {
        this.bytesMax = server.getMaxRequestSize();
    }

    /// @return null to let it pass
    @RequestFilter
    @Nullable
    HttpResponse<?> check(HttpRequest<?> request) {
        if (request.getContentLength() <= bytesMax) {
            return null;
        }
        return OfrepFailure.isFor(request)
                ? OfrepFailure.answer(request, HttpStatus.REQUEST_ENTITY_TOO_LARGE, refusal())
                : Problems.answer(HttpStatus.REQUEST_ENTITY_TOO_LARGE, refusal());
    }

    String refusal() {
        return String.format(Locale.ROOT, "The body of a call may have %,d bytes, and this one has more.", bytesMax);
    }
}
