package dev.sluice.cutover;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Shadow reads of one collection that are to be added to those counted before. For one thread.
public final class ShadowTally {
    private final Map<ShadowResult, Long> results = new EnumMap<>(ShadowResult.class);
    private final Map<String, ListReads> lists = new LinkedHashMap<>();
    private final ReadTimes mongodb = new ReadTimes();
    private final ReadTimes postgres = new ReadTimes();

    /// Those of one query for a list.
    record ListReads(long equal, long reported) {
        ListReads plus(ListReads other) {
            return new ListReads(equal + other.equal, reported + other.reported);
        }
    }

    /// Counts reads of documents.
    ///
    /// @param reads negative where they were counted with another result before
    public ShadowTally add(ShadowResult result, long reads) {
        results.merge(result, reads, Long::sum);
        return this;
    }

    /// Counts one read of a list.
    ///
    /// @param name what the application calls the query
    public ShadowTally addList(String name, boolean equal) {
        lists.merge(name, equal ? new ListReads(1, 0) : new ListReads(0, 1), ListReads::plus);
        return add(equal ? ShadowResult.EQUAL : ShadowResult.REPORTED, 1);
    }

    /// Where the times of the reads are added.
    public ReadTimes mongodb() {
        return mongodb;
    }

    /// As [#mongodb].
    public ReadTimes postgres() {
        return postgres;
    }

    /// How many were counted.
    public long of(ShadowResult result) {
        return results.getOrDefault(result, 0L);
    }

    boolean hasDifference() {
        return results.entrySet().stream().anyMatch(e -> e.getKey().isDifference() && e.getValue() > 0);
    }

    Map<String, ListReads> lists() {
        return lists;
    }
}
