package dev.sluice.backfill;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.source.mongo.DocumentSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Cuts a collection into ranges of `_id` without reading it.
final class Ranges {
    /// Enough to keep every reader busy to the end; more would only cost more look-ups.
    private static final int RANGES_MAX = 256;

    /// So many picked for each range: with one, the largest range would be several times the smallest.
    private static final int PICKED_PER_RANGE = 8;

    private Ranges() {}

    /// One for each bracket: together they cover every possible `_id`.
    static List<Chunk> brackets(String collection) {
        List<Chunk> chunks = new ArrayList<>();
        for (IdBracket bracket : IdBracket.values()) {
            chunks.add(new Chunk(collection, chunks.size(), bracket, null, null));
        }
        return chunks;
    }

    /// Cuts what is left of a chunk, by the `_id`s of a few documents that MongoDB picks at random: that
    /// takes a mongod moments, whatever the collection's size. The ranges come out about equal, which is
    /// all they have to be.
    ///
    /// @param documents in the collection, about
    /// @param documentsPerRange about
    /// @param numbers gives numbers to new chunks
    /// @return the chunk with an earlier end, and the others in their order; the chunk alone when there is
    ///     nothing to cut it by
    static List<Chunk> cut(
            DocumentSource source, Chunk chunk, long documents, int documentsPerRange, Supplier<Integer> numbers) {
        int wanted = Math.clamp(Math.ceilDiv(documents, documentsPerRange), 1, RANGES_MAX);
        List<BsonValue> picked = source.sampleIds(chunk.collection(), wanted * PICKED_PER_RANGE).stream()
                .filter(id -> IdBracket.of(id) == chunk.bracket())
                .toList();
        List<BsonValue> within = source.idsWithin(chunk.collection(), picked, chunk.range());
        List<Chunk> chunks = new ArrayList<>();
        @Nullable BsonValue lower = chunk.lower();
        for (int i = PICKED_PER_RANGE - 1; i < within.size(); i += PICKED_PER_RANGE) {
            BsonValue border = within.get(i);
            chunks.add(new Chunk(chunk.collection(), number(chunk, chunks, numbers), chunk.bracket(), lower, border));
            lower = border;
        }
        chunks.add(
                new Chunk(chunk.collection(), number(chunk, chunks, numbers), chunk.bracket(), lower, chunk.upper()));
        return chunks;
    }

    private static int number(Chunk chunk, List<Chunk> before, Supplier<Integer> numbers) {
        return before.isEmpty() ? chunk.number() : numbers.get();
    }
}
