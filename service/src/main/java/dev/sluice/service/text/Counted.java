package dev.sluice.service.text;

import java.util.Locale;

/// How many there are of something, for people.
public final class Counted {
    private Counted() {}

    /// `1 document`, `2,000 documents`.
    ///
    /// @param noun the singular; its plural has an `s` more
    public static String of(long count, String noun) {
        return of(count, noun, noun + "s");
    }

    /// The same of a noun with what belongs to it: `1 row of a child`, `2 rows of a child`.
    public static String of(long count, String one, String several) {
        return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : several);
    }
}
