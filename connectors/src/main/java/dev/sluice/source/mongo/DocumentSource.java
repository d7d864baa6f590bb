package dev.sluice.source.mongo;

import dev.sluice.change.IdBracket;
import dev.sluice.source.mongo.MongoSource.Namespace;
import dev.sluice.source.mongo.MongoSource.Piece;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The documents of MongoDB, as the copy, the resync and the pruning read them: all that these ask of
/// MongoDB.
///
/// What is read is as a majority has it, and not from before the operation that the caller names
/// (`afterClusterTime`). No more than that: one read may show an older state than another one did, of a
/// server that is behind; and of what a cursor brings, each document may be from another time between the
/// call and its arrival. Each method fails with a [dev.sluice.failure.SluiceException] when MongoDB does not
/// answer. Any thread.
public interface DocumentSource {
    /// What there is under a name; empty when there is nothing, or it may not be seen.
    Optional<Namespace.Kind> kind(String name);

    /// About how many documents there are.
    long estimate(String collection);

    /// Reads all documents of a collection, one bracket after the other, as [#readRange] does.
    DocumentReader readAll(String collection, int batch, @Nullable BsonTimestamp notBefore);

    /// Reads a range of a bracket in the order of its `_id`s. What comes late may be from any time between
    /// the call and its arrival.
    ///
    /// @param after exclusive; null for the bracket's first
    /// @param upTo inclusive; null for the bracket's last
    /// @param batch how many documents MongoDB is to send at a time
    /// @param notBefore as for [#read]
    DocumentReader readRange(
            String collection,
            IdBracket bracket,
            @Nullable BsonValue after,
            @Nullable BsonValue upTo,
            int batch,
            @Nullable BsonTimestamp notBefore);

    /// Reads the next piece of a bracket.
    ///
    /// @param after exclusive; null for the bracket's first
    /// @param notBefore the stream's position when the piece's flight opened; null where that is unknown
    Piece read(
            String collection,
            IdBracket bracket,
            @Nullable BsonValue after,
            int documentsMax,
            long bytesMax,
            @Nullable BsonTimestamp notBefore);

    /// Reads documents by their `_id`s. Those that are not there are left out.
    ///
    /// @param bytesMax the piece ends with the document that reaches this many bytes, and is not complete
    /// @param notBefore the stream's position when the flight opened; null where that is unknown
    Piece read(String collection, List<BsonValue> ids, long bytesMax, @Nullable BsonTimestamp notBefore);

    /// Reads the `_id`s of a bracket's documents in their order.
    ///
    /// @param after exclusive; null for the bracket's first
    /// @param notBefore as for [#read]
    /// @return as many as asked for; fewer at the bracket's end
    List<BsonValue> ids(
            String collection,
            IdBracket bracket,
            @Nullable BsonValue after,
            int most,
            @Nullable BsonTimestamp notBefore);

    /// Shows the `_id`s of all documents of a collection, in no order.
    ///
    /// @param notBefore as for [#read]
    void forEachId(String collection, @Nullable BsonTimestamp notBefore, Consumer<BsonValue> reader);

    /// The `_id`s of a few documents that MongoDB picks at random.
    List<BsonValue> sampleIds(String collection, int most);

    /// Those of the `_id`s of documents that lie in a range, in the order in which MongoDB sorts them.
    ///
    /// @param ids all of one bracket; a few thousand at most
    /// @param after exclusive; null for all
    /// @param upTo inclusive; null for all
    List<BsonValue> idsWithin(
            String collection, List<BsonValue> ids, @Nullable BsonValue after, @Nullable BsonValue upTo);
}
