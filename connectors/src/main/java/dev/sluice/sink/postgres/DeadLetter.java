package dev.sluice.sink.postgres;

import dev.sluice.sink.RowChange;
import org.jspecify.annotations.Nullable;

/// A document that is to be parked.
///
/// @param change the state of the document that could not be applied
/// @param reason without values of the document
/// @param sqlState PostgreSQL's error code; null where the failure was found before PostgreSQL saw it
/// @param behind who has what the document would have; null where that is not why, or it is not known who
public record DeadLetter(
        RowChange change,
        String reason,
        @Nullable String sqlState,
        @Nullable Rival behind) {}
