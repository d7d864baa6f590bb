package dev.sluice.schema;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/// Which of the names that there are somebody may have meant. Any thread.
public final class Nearest {
    private Nearest() {}

    /// @param edits how many letters may be added, dropped or changed at most
    /// @return empty where none is so near
    public static Optional<String> to(String misspelt, Collection<String> known, int edits) {
        return known.stream()
                .filter(name -> edits(misspelt, name) <= edits)
                .min(Comparator.comparingInt((String name) -> edits(misspelt, name))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /// The same for words of a few letters, of which a third may be wrong.
    public static Optional<String> toWord(String misspelt, Collection<String> known) {
        return to(misspelt, known, Math.max(1, misspelt.length() / 3));
    }

    /// The Levenshtein distance: how many letters to add, drop or change.
    private static int edits(String from, String to) {
        int[] row = IntStream.rangeClosed(0, to.length()).toArray();
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
