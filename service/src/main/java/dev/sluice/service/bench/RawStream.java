package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.model.changestream.FullDocument;
import dev.sluice.change.Position;
import org.bson.RawBsonDocument;

/// The change stream as the driver alone reads it, with the look-up of updated documents, into nothing.
final class RawStream {
    private RawStream() {}

    static Sample drain(MongoCollection<?> collection, Position from, long changes) {
        Drain drain = new Drain(changes);
        try (MongoCursor<RawBsonDocument> cursor = collection
                .watch()
                .fullDocument(FullDocument.UPDATE_LOOKUP)
                .resumeAfter(from.resumeToken())
                .withDocumentClass(RawBsonDocument.class)
                .cursor()) {
            for (long n = 0; n < changes; n++) {
                cursor.next();
                drain.count(1);
            }
        }
        return drain.sample();
    }
}
