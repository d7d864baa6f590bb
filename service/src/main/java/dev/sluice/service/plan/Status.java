package dev.sluice.service.plan;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What a finding means for a start.
public enum Status {
    OK,
    /// Worth knowing; nothing to do.
    INFO,
    /// Sluice will run, and may not do what is wanted.
    WARNING,
    /// Sluice will not run, or will lose something.
    PROBLEM;

    /// As it is printed, in text and JSON.
    @JsonValue
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
