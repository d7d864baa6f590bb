package dev.sluice.verify;

import org.jspecify.annotations.Nullable;

/// A document whose rows are to be compared again: they differed, or they were touched.
///
/// @param rowKey the key of its row, as text
/// @param documentKey the `_id` as [dev.sluice.sink.postgres.table.RowIdentity#documentKey] writes it; null when
///     only the row is known
public record Suspect(String rowKey, @Nullable String documentKey) {}
