package dev.sluice.schema;

/// How `_id` becomes the row's key. Every change, deletes included, carries `_id` and nothing else for
/// certain, so the key comes from nowhere else.
///
/// @param column the key column
/// @param type text, uuid or bigint
/// @param form how an `_id` is written in a text key
public record KeyMapping(String column, ColumnType type, Form form, Where where) {
    /// The two ways to write an `_id` as text.
    public enum Form {
        /// What a person would write: `65f0c0ffee65f0c0ffee65f0`, `42`, `some-string`. Two ids of different
        /// types can be written alike (the string `42` and the number 42); a collection that has both wants
        /// [#TYPED].
        PLAIN,
        /// Canonical Extended JSON: different ids are always written differently. Numbers that MongoDB
        /// takes for the same `_id` (1, 1.0 as int, long, double or decimal) are written the same.
        TYPED
    }
}
