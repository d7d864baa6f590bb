package dev.sluice.verify;

import java.util.Locale;

/// Why a verification goes on.
public enum Origin {
    /// Somebody asked for it.
    ASKED,
    /// The running pipeline makes one after the other.
    CONTINUOUS;

    /// As the control tables name it.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
