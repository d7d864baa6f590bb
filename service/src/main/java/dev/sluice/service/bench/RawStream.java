package dev.sluice.service.bench;

import com.mongodb.client.MongoCursor;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.changestream.FullDocument;
import dev.sluice.change.Position;
import java.util.List;
import org.bson.RawBsonDocument;

/// The change stream as the driver alone reads it, with the look-up of updated documents, into nothing.
final class RawStream {
    private static final int PARTS = 20;
    private static final int ANSWER_MAX = 4_000;

    private RawStream() {}

    static Sample drain(MongoDatabase database, Position from, long changes) {
        Drain drain = new Drain(changes);
        try (MongoCursor<RawBsonDocument> cursor = database.watch(
                        // By the database, whose position it is: not every server takes that for a part of it.
                        List.of(Aggregates.match(Filters.eq("ns.coll", Users.COLLECTION))))
                .fullDocument(FullDocument.UPDATE_LOOKUP)
                // Answers of 16 MB would hold all of a short backlog, and the clock would begin when it has come
                // already.
                .batchSize(Math.clamp(changes / PARTS, 1, ANSWER_MAX))
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
