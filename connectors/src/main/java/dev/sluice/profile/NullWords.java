package dev.sluice.profile;

import java.util.Locale;
import java.util.Set;

/// Texts that stand for no value in fields of another type.
final class NullWords {
    private static final Set<String> WORDS = Set.of(
            "",
            "n/a",
            "na",
            "n.a.",
            "#n/a",
            "null",
            "(null)",
            "nil",
            "none",
            "undefined",
            "unknown",
            "missing",
            "not available",
            "not set",
            "not applicable",
            "tbd",
            "-",
            "--",
            "?");

    private static final int LENGTH_MAX = 16;

    private NullWords() {}

    /// Whether a text is one, whatever its case and the white space at its ends; the empty text is one.
    static boolean has(String text) {
        return text.length() <= LENGTH_MAX && WORDS.contains(text.strip().toLowerCase(Locale.ROOT));
    }
}
