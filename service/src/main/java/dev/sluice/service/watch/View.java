package dev.sluice.service.watch;

/// What of the collections is looked at.
///
/// @param first how many are scrolled past
/// @param keys whether the keys are explained in the last line
public record View(int first, Sort sort, boolean keys) {
    /// Where looking begins.
    public static final View START = new View(0, Sort.NAME, true);

    /// The same, scrolled by so many lines.
    View scrolled(int lines, int collections) {
        return new View(Math.clamp((long) first + lines, 0, Math.max(0, collections - 1)), sort, keys);
    }

    View sortedNext() {
        return new View(0, sort.next(), keys);
    }
}
