package dev.sluice.service.cli;

import java.util.Locale;

/// How ages and keys of documents are written where people read them in lines. Any thread.
final class Shown {
    /// Most characters of a key: MongoDB allows an `_id` of any length, and a line has an end.
    private static final int KEY_MAX = 100;

    private Shown() {}

    static String age(double seconds) {
        if (seconds < 120) {
            return String.format(Locale.ROOT, "%.0f s", seconds);
        }
        if (seconds < 7_200) {
            return String.format(Locale.ROOT, "%.0f min", seconds / 60);
        }
        return seconds < 172_800
                ? String.format(Locale.ROOT, "%.0f h", seconds / 3_600)
                : String.format(Locale.ROOT, "%.0f days", seconds / 86_400);
    }

    /// @param key whole in `--json`
    static String key(String key) {
        int length = key.codePointCount(0, key.length());
        return length <= KEY_MAX
                ? key
                : String.format(
                        Locale.ROOT,
                        "%s… (%,d characters)",
                        key.substring(0, key.offsetByCodePoints(0, KEY_MAX)),
                        length);
    }
}
