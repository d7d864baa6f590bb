package dev.sluice.change;

import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A range of `_id`s of one type bracket.
///
/// @param number from 0, in the order of reading
/// @param lower exclusive; null for the start of the bracket
/// @param upper inclusive; null for the end of the bracket
public record Chunk(
        String collection,
        int number,
        IdBracket bracket,
        @Nullable BsonValue lower,
        @Nullable BsonValue upper) {
    public IdRange range() {
        return new IdRange(bracket, lower, upper);
    }
}
