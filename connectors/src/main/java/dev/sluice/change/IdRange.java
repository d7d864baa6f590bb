package dev.sluice.change;

import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A range of the `_id`s of one type bracket, in MongoDB's order.
///
/// @param after exclusive; null for the bracket's first
/// @param upTo inclusive; null for the bracket's last
public record IdRange(
        IdBracket bracket,
        @Nullable BsonValue after,
        @Nullable BsonValue upTo) {
    public static IdRange all(IdBracket bracket) {
        return new IdRange(bracket, null, null);
    }

    /// What of a bracket comes after an `_id`.
    ///
    /// @param id null for the whole bracket
    public static IdRange after(IdBracket bracket, @Nullable BsonValue id) {
        return new IdRange(bracket, id, null);
    }
}
