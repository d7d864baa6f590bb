package dev.sluice.service.web;

import io.micronaut.http.HttpHeaders;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;

/// Keeps the page to itself: it loads nothing from elsewhere, runs no script that is written into
/// it, and is shown in no other page. A browser asks each time whether its files are still the
/// same, since they come with the program.
@ServerFilter({"/", "/page/**"})
final class PageHeaders {
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    @ResponseFilter
    void add(MutableHttpResponse<?> response) {
        response.header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer");
        response.getHeaders().remove(HttpHeaders.CACHE_CONTROL);
        response.header(HttpHeaders.CACHE_CONTROL, "no-cache");
    }
}
