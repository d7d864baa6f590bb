package dev.sluice.service.web;

import io.micronaut.http.HttpStatus;

/// A call that can't be done, with the status that says so. Thrown by controllers, answered as a [Problem].
final class Refusal extends RuntimeException {
    private final HttpStatus status;

    private Refusal(HttpStatus status, String detail) {
        // Without a stack trace: it is an answer, and no fault of ours.
        super(detail, null, false, false);
        this.status = status;
    }

    /// The call says something that can't be understood, or names a collection that the mapping does not have.
    static Refusal badRequest(String detail) {
        return new Refusal(HttpStatus.BAD_REQUEST, detail);
    }

    static Refusal notFound(String detail) {
        return new Refusal(HttpStatus.NOT_FOUND, detail);
    }

    /// The call can be done at another time, or under another name.
    static Refusal conflict(String detail) {
        return new Refusal(HttpStatus.CONFLICT, detail);
    }

    /// One of the servers that the answer needs is away, or this process has none.
    static Refusal unavailable(String detail) {
        return new Refusal(HttpStatus.SERVICE_UNAVAILABLE, detail);
    }

    HttpStatus status() {
        return status;
    }
}
