package dev.sluice.source.mongo;

import dev.sluice.change.IdRange;
import dev.sluice.source.mongo.MongoSource.Namespace;
import dev.sluice.source.mongo.MongoSource.Piece;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The documents of MongoDB, as the copy, the resync and the pruning read them: all that these ask of
/// MongoDB.
///
/// Reads are majority-committed, and as of the operation that the caller names or later
/// (`afterClusterTime`). Nothing more is promised: a read may show an older state than an earlier read, from a
/// server that is behind; and each document of a cursor may be from a different time between the
/// call and its arrival. Each method fails with a [dev.sluice.failure.SluiceException] when MongoDB does not
/// answer. Any thread.
public interface DocumentSource {
    /// The kind of the collection or view with a name; empty when there is none, or the role may not see it.
    Optional<Namespace.Kind> kind(String name);

    /// About how many documents there are.
    long estimate(String collection);

    /// How many documents may be asked for at a time.
    ///
    /// @param wanted at least 1
    /// @return at most as many; fewer where reads are limited
    default int atATime(int wanted) {
        return wanted;
    }

    /// How late the source's own replicas are; empty where it does not say.
    default Optional<Duration> replicaLag() {
        return Optional.empty();
    }

    /// Reads all documents of a collection, one bracket after the other, as [#readRange] does.
    DocumentReader readAll(String collection, int batch, @Nullable BsonTimestamp notBefore);

    /// Reads a range in the order of its `_id`s. What comes late may be from any time between the call and its
    /// arrival.
    ///
    /// @param batch how many documents MongoDB is to send at a time
    /// @param notBefore as for [#read]
    DocumentReader readRange(String collection, IdRange range, int batch, @Nullable BsonTimestamp notBefore);

    /// Reads the first piece of a range.
    ///
    /// @param notBefore the stream's position when the piece's flight opened; null where that is unknown
    Piece read(String collection, IdRange range, int documentsMax, long bytesMax, @Nullable BsonTimestamp notBefore);

    /// Reads documents by their `_id`s. Those that are not there are left out.
    ///
    /// @param bytesMax the piece ends with the document that reaches this many bytes, and is not complete
    /// @param notBefore the stream's position when the flight opened; null where that is unknown
    Piece read(String collection, List<BsonValue> ids, long bytesMax, @Nullable BsonTimestamp notBefore);

    /// Reads the first `_id`s of a range in their order.
    ///
    /// @param notBefore as for [#read]
    /// @return as many as asked for; fewer at the range's end
    List<BsonValue> ids(String collection, IdRange range, int most, @Nullable BsonTimestamp notBefore);

    /// Shows the `_id`s of all documents of a collection, in no order.
    ///
    /// @param notBefore as for [#read]
    void forEachId(String collection, @Nullable BsonTimestamp notBefore, Consumer<BsonValue> reader);

    /// The `_id`s of a few documents that MongoDB picks at random.
    List<BsonValue> sampleIds(String collection, int most);

    /// Those of the `_id`s of documents that lie in a range, in the order in which MongoDB sorts them.
    ///
    /// @param ids all of the range's bracket; a few thousand at most
    List<BsonValue> idsWithin(String collection, List<BsonValue> ids, IdRange range);
}
