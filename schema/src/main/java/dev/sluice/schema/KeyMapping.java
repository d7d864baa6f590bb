package dev.sluice.schema;

import org.jspecify.annotations.Nullable;

/// How `_id` becomes the row's key. Every change, deletes included, carries `_id` and nothing else for
/// certain, so the key comes from nowhere else.
///
/// @param column the key column
/// @param type text, uuid or bigint
/// @param form how an `_id` is written in a text key
/// @param of which `_id`s have a key, where those of different types could have the same; null where the mapping
///     does not say, and then the first copy decides by the collection's documents
public record KeyMapping(
        String column,
        ColumnType.Key type,
        Form form,
        @Nullable Of of,
        Where where) {
    /// The two ways to write an `_id` as text.
    public enum Form {
        /// What a person would write: `65f0c0ffee65f0c0ffee65f0`, `42`, `some-string`. Ids of different types
        /// can be written alike (the string `42` and the number 42), so [Of] decides which of them has the key.
        PLAIN,
        /// Canonical Extended JSON: different ids are always written differently. Numbers that MongoDB
        /// takes for the same `_id` (1, 1.0 as int, long, double or decimal) are written the same.
        TYPED
    }

    /// Which `_id`s have a key that ids of other types could have too. Of two such ids one at most has a key,
    /// whatever else the collection holds.
    public enum Of {
        /// Every string has one. Others have none, but for ObjectIds as UUIDs.
        STRING,
        /// Ids of all types have one, and strings where no id of another type is written like them.
        ANY
    }

    /// Whether ids of different types can have the same key, so that [#of] decides.
    public boolean canBeShared() {
        return switch (type) {
            case ColumnType.Text t -> form == Form.PLAIN;
            case ColumnType.Varchar v -> form == Form.PLAIN;
            case ColumnType.Uuid u -> true;
            case ColumnType.Int i -> false;
        };
    }
}
