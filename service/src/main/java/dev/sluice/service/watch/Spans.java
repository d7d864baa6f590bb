package dev.sluice.service.watch;

import java.util.Locale;

/// Spans of time for people, to two units.
final class Spans {
    private Spans() {}

    /// @param seconds not negative
    static String text(double seconds) {
        long whole = Math.round(seconds);
        long minutes = whole / 60;
        long hours = minutes / 60;
        return hours >= 48
                ? hours / 24 + " d " + hours % 24 + " h"
                : hours > 0
                        ? hours + " h " + minutes % 60 + " min"
                        : minutes > 0 ? minutes + " min " + whole % 60 + " s" : whole + " s";
    }

    /// As [#text], with milliseconds where it is short.
    static String exact(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.0f ms", seconds * 1_000)
                : seconds < 60 ? String.format(Locale.ROOT, "%.1f s", seconds) : text(seconds);
    }
}
