package dev.sluice.control;

import java.util.Map;
import java.util.TreeMap;

/// Documents that a rule of the mapping skips and fields that no column reads, as they were counted and
/// are not written yet. Not thread-safe.
public final class Counts {
    private final Map<String, Map<String, Integer>> skipped = new TreeMap<>();
    private final Map<String, Map<String, Integer>> unmapped = new TreeMap<>();

    /// Counts documents that have no row.
    ///
    /// @param byReason how many documents were skipped for each reason
    public void skipped(String collection, Map<String, Integer> byReason) {
        add(skipped, collection, byReason);
    }

    /// Counts fields that no column reads.
    ///
    /// @param byPath how many documents had each path that nothing reads
    public void unmapped(String collection, Map<String, Integer> byPath) {
        add(unmapped, collection, byPath);
    }

    /// Adds what another one has counted.
    public void add(Counts other) {
        other.skipped.forEach(this::skipped);
        other.unmapped.forEach(this::unmapped);
    }

    /// By collection and reason.
    Map<String, Map<String, Integer>> skipped() {
        return skipped;
    }

    /// By collection and path.
    Map<String, Map<String, Integer>> unmapped() {
        return unmapped;
    }

    private static void add(Map<String, Map<String, Integer>> all, String collection, Map<String, Integer> counts) {
        if (!counts.isEmpty()) {
            Map<String, Integer> sums = all.computeIfAbsent(collection, c -> new TreeMap<>());
            counts.forEach((name, count) -> sums.merge(name, count, Integer::sum));
        }
    }
}
