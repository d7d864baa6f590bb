package dev.sluice.verify;

import java.util.Locale;

/// Why a verification runs.
public enum Origin {
    /// A user asked for it.
    ASKED,
    /// The running pipeline makes one after the other.
    CONTINUOUS;

    /// As the control tables name it.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
