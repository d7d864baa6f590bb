package dev.sluice.sink.postgres;

import dev.sluice.change.Change;
import dev.sluice.sink.RowChange;
import org.jspecify.annotations.Nullable;

/// A document that is to be parked.
///
/// @param change the state of the document that could not be applied
/// @param reason without values of the document
/// @param sqlState PostgreSQL's error code; null where the failure was found before PostgreSQL saw it
/// @param behind who has what the document would have; null where that is not why, or it is not known who
/// @param keeper what lets the row that the document had before not be deleted, as part of a sentence;
///     null where there is no such row, or it stays by the mapping
public record DeadLetter(
        RowChange change,
        String reason,
        @Nullable String sqlState,
        @Nullable Rival behind,
        @Nullable String keeper) {
    DeadLetter(RowChange change, String reason, @Nullable String sqlState, @Nullable Rival behind) {
        this(change, reason, sqlState, behind, null);
    }

    /// The same with what keeps the row of an earlier state.
    DeadLetter keptBy(@Nullable String keeper) {
        return new DeadLetter(change, reason, sqlState, behind, keeper);
    }

    /// Whether there is a row that is to be deleted: of an earlier state, or of a document whose
    /// deletion is refused.
    boolean rowStays() {
        return keeper != null || change.change() instanceof Change.Delete;
    }

    /// The reason, and why the row stays.
    String fullReason() {
        return keeper == null
                ? reason
                : reason + "; the row of an earlier state stays in "
                        + change.target().mapping().table() + ": " + keeper;
    }
}
