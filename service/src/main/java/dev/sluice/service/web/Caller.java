package dev.sluice.service.web;

import io.micronaut.http.HttpRequest;

/// Who calls.
final class Caller {
    private Caller() {}

    /// For the audit: the address that the call came from.
    static String of(HttpRequest<?> request) {
        return "REST call from " + request.getRemoteAddress().getAddress().getHostAddress();
    }
}
