package dev.sluice.sink.postgres;

import org.jspecify.annotations.Nullable;

/// The result for a document that a unique index refuses.
///
/// @param written null: it stays out
/// @param behind who has what it would have; null where it is not known
public record Contest(@Nullable Written written, @Nullable Rival behind) {}
