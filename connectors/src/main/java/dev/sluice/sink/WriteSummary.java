package dev.sluice.sink;

import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/// The result of a write.
///
/// @param rows rows inserted or changed, child rows included; rows that were right already are not counted
/// @param deleted rows deleted, child rows not counted
/// @param skippedBy documents that have no row by a rule of the mapping, by the rule's reason
/// @param deadLetters documents parked
/// @param waiting documents that have no row for now, since they wait for another
public record WriteSummary(int rows, int deleted, Map<String, Integer> skippedBy, int deadLetters, int waiting) {
    public static final WriteSummary NOTHING = new WriteSummary(0, 0, Map.of(), 0, 0);

    public WriteSummary {
        skippedBy = Map.copyOf(skippedBy);
    }

    /// The same with this many documents parked.
    public WriteSummary withDeadLetters(int parked) {
        return new WriteSummary(rows, deleted, skippedBy, parked, waiting);
    }

    /// Documents that have no row by any rule of the mapping.
    public int skipped() {
        return skippedBy.values().stream().mapToInt(Integer::intValue).sum();
    }

    public WriteSummary plus(WriteSummary other) {
        SequencedMap<String, Integer> both = new TreeMap<>(skippedBy);
        other.skippedBy.forEach((reason, documents) -> both.merge(reason, documents, Integer::sum));
        return new WriteSummary(
                rows + other.rows,
                deleted + other.deleted,
                both,
                deadLetters + other.deadLetters,
                waiting + other.waiting);
    }
}
