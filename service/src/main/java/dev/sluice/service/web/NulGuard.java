package dev.sluice.service.web;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import org.jspecify.annotations.Nullable;

/// Refuses calls with the character NUL in their address. Nothing can be called so, since PostgreSQL's texts have
/// none: it would refuse the statement, and that would look like a fault of ours.
@ServerFilter("/api/**")
final class NulGuard {
    private static final String NUL = "%00";

    /// @return null to let it pass
    @RequestFilter
    @Nullable
    HttpResponse<?> check(HttpRequest<?> request) {
        return request.getUri().toString().contains(NUL)
                ? Problems.answer(HttpStatus.BAD_REQUEST, "The address has the character NUL, which no name has.")
                : null;
    }
}
