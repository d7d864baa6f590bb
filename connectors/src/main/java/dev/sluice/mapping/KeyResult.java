package dev.sluice.mapping;

/// Whether an `_id` can be the key of a row.
public sealed interface KeyResult {
    /// It can.
    ///
    /// @param key String, UUID or Long, as the key column's type asks
    record Key(Object key) implements KeyResult {}

    /// It can't, so the document has no row and never had one.
    ///
    /// @param reason for people, without the value
    record NoKey(String reason) implements KeyResult {}
}
