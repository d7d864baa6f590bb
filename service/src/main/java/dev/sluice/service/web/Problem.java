package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.micronaut.http.HttpStatus;
import org.jspecify.annotations.Nullable;

/// Why a call was not answered, as RFC 9457 has it (`application/problem+json`).
///
/// @param type `about:blank`: the status says what kind of problem it is
/// @param title the status in words
/// @param status the HTTP status
/// @param detail what happened and what to do, for people; null where there is nothing to add to the title
public record Problem(
        String type,
        String title,
        int status,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String detail) {
    private static final String BY_STATUS = "about:blank";

    static Problem of(HttpStatus status, @Nullable String detail) {
        return new Problem(BY_STATUS, status.getReason(), status.getCode(), detail);
    }
}
