package dev.sluice.sink;

/// What a write came to.
///
/// @param rows rows inserted or changed, child rows included; rows that were right already are not counted
/// @param deleted rows deleted, child rows not counted
/// @param skipped documents that have no row by a rule of the mapping
/// @param deadLetters documents parked
public record WriteSummary(int rows, int deleted, int skipped, int deadLetters) {
    public static final WriteSummary NOTHING = new WriteSummary(0, 0, 0, 0);

    /// One document parked, nothing else.
    public static WriteSummary ofDeadLetter() {
        return new WriteSummary(0, 0, 0, 1);
    }

    public WriteSummary plus(WriteSummary other) {
        return new WriteSummary(
                rows + other.rows, deleted + other.deleted, skipped + other.skipped, deadLetters + other.deadLetters);
    }
}
