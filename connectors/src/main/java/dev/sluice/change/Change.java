package dev.sluice.change;

import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;

/// One change of one document.
public sealed interface Change {
    /// The collection, without the database.
    String collection();

    /// The document's `_id`: the one thing every operation carries. Exact; a document is given as its bytes.
    BsonValue id();

    /// When it was committed in MongoDB; seconds and increment.
    BsonTimestamp clusterTime();

    /// When it was committed by MongoDB's wall clock, milliseconds since 1970.
    long committedAtMillis();

    /// An insert, update or replace: the document as it is now, or as it was at some moment after the
    /// change (a look-up may bring a newer state, never an older one).
    record Upsert(
            String collection, BsonValue id, BsonDocument document, BsonTimestamp clusterTime, long committedAtMillis)
            implements Change {}

    record Delete(String collection, BsonValue id, BsonTimestamp clusterTime, long committedAtMillis)
            implements Change {}

    /// An update whose document was gone when it was looked up. The row stays as it is: a later change of
    /// the same document, most often its delete, is already in the stream.
    record Unresolved(String collection, BsonValue id, BsonTimestamp clusterTime, long committedAtMillis)
            implements Change {}
}
