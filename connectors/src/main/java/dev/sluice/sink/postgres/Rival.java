package dev.sluice.sink.postgres;

/// A row that has what a document would have.
///
/// @param key of the row, or of the parent of it, as rows carry it
/// @param precedes whether it is to have it
/// @param index by which they are rivals, and `value` what the row has there
public record Rival(Object key, boolean precedes, String index, String value) {}
