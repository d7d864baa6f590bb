package dev.sluice.service.plan;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What a finding means for whoever wants to start.
public enum Status {
    OK,
    /// Worth knowing; nothing to do.
    INFO,
    /// It will run, and may not do what is wanted.
    WARNING,
    /// It will not run, or loses something.
    PROBLEM;

    /// As it is printed, in text and JSON.
    @JsonValue
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
