package dev.sluice.mapping.row;

import org.jspecify.annotations.Nullable;

/// Whether a column type can hold a value.
public sealed interface Outcome {
    /// SQL NULL.
    Fits NULL = new Fits(null);

    /// It can.
    ///
    /// @param value of the Java type that [MappingResult.Mapped] names for the column type; null is SQL
    ///     NULL
    record Fits(@Nullable Object value) implements Outcome {}

    /// It can't, or not without changing it.
    ///
    /// @param reason for people: what the value is or holds, never the value itself
    record Misfit(String reason) implements Outcome {}
}
