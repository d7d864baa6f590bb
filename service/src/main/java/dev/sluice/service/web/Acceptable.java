package dev.sluice.service.web;

import org.jspecify.annotations.Nullable;

/// The body of a call that accepts what could not be written.
///
/// @param reason why the gate may open all the same; noted in the audit
record Acceptable(String reason) {
    /// @throws Refusal where none is given
    static String reasonOf(@Nullable Acceptable body) {
        if (body == null || body.reason() == null || body.reason().isBlank()) {
            throw Refusal.badRequest("reason is missing: say why the gate may open all the same.");
        }
        return body.reason();
    }
}
