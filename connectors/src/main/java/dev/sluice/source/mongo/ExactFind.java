package dev.sluice.source.mongo;

import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.ServerAddress;
import com.mongodb.ServerCursor;
import com.mongodb.client.ClientSession;
import com.mongodb.client.FindIterable;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.MongoDatabase;
import dev.sluice.bson.ExactBson;
import java.util.ArrayDeque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Finds documents by their `_id`s, as a majority has them, also where the driver would send another `_id` than the one
/// asked for: one with bytes that are not UTF-8, or with a name twice. Such a query goes as a command of its own, to
/// the
/// primary: there alone the driver finds the cursor again.
///
/// @param filter conditions on `_id`
/// @param idOnly whether only the `_id`s are wanted
/// @param sorted whether in the order of the `_id`s
/// @param limit how many documents at most; 0 for all
/// @param batch how many documents at a time; 0 for as many as MongoDB likes
public record ExactFind(BsonDocument filter, boolean idOnly, boolean sorted, int limit, int batch) {
    private static final BsonDocument BY_ID = new BsonDocument("_id", new BsonInt32(1));

    /// Those of these conditions, in no order, all of them.
    ///
    /// @param ofId conditions on `_id`, as `{$in: [..]}`
    public static ExactFind where(BsonDocument ofId) {
        return new ExactFind(new BsonDocument("_id", ofId), false, false, 0, 0);
    }

    /// All documents, in no order.
    static ExactFind all() {
        return new ExactFind(new BsonDocument(), false, false, 0, 0);
    }

    ExactFind onlyIds() {
        return new ExactFind(filter, true, sorted, limit, batch);
    }

    ExactFind inOrder() {
        return new ExactFind(filter, idOnly, true, limit, batch);
    }

    /// @param most 0 for all
    ExactFind atMost(int most) {
        return new ExactFind(filter, idOnly, sorted, most, batch);
    }

    ExactFind inBatches(int documents) {
        return new ExactFind(filter, idOnly, sorted, limit, documents);
    }

    /// @param session causally consistent: nothing is read from before its operation time
    /// @throws com.mongodb.MongoException when MongoDB does not answer
    public MongoCursor<RawBsonDocument> open(MongoDatabase database, String collection, ClientSession session) {
        if (!ExactBson.isKeptByDriver(filter)) {
            return new ByCommand(database, collection, session, this);
        }
        FindIterable<RawBsonDocument> find = database.getCollection(collection, RawBsonDocument.class)
                .withReadConcern(ReadConcern.MAJORITY)
                .find(session, filter)
                .limit(limit)
                .batchSize(batch);
        if (idOnly) {
            find.projection(BY_ID);
        }
        if (sorted) {
            find.sort(BY_ID);
        }
        return find.cursor();
    }

    private RawBsonDocument command(String collection, @Nullable BsonTimestamp notBefore) {
        BsonDocument concern = new BsonDocument("level", new BsonString("majority"));
        if (notBefore != null) {
            concern.append("afterClusterTime", notBefore);
        }
        BsonDocument command = new BsonDocument("find", new BsonString(collection))
                .append("filter", filter)
                .append("readConcern", concern);
        if (idOnly) {
            command.append("projection", BY_ID);
        }
        if (sorted) {
            command.append("sort", BY_ID);
        }
        if (limit > 0) {
            command.append("limit", new BsonInt32(limit));
        }
        if (batch > 0) {
            command.append("batchSize", new BsonInt32(batch));
        }
        return ExactBson.document(command);
    }

    private static final class ByCommand implements MongoCursor<RawBsonDocument> {
        private final MongoDatabase database;
        private final String collection;
        private final ClientSession session;
        private final int batch;
        private final Queue<RawBsonDocument> documents = new ArrayDeque<>();
        private long cursor;

        ByCommand(MongoDatabase database, String collection, ClientSession session, ExactFind find) {
            this.database = database;
            this.collection = collection;
            this.session = session;
            this.batch = find.batch();
            take(find.command(collection, session.getOperationTime()), "firstBatch");
        }

        private void take(BsonDocument command, String name) {
            RawBsonDocument reply =
                    database.runCommand(session, command, ReadPreference.primary(), RawBsonDocument.class);
            BsonDocument answer = reply.getDocument("cursor");
            cursor = answer.getNumber("id").longValue();
            answer.getArray(name).forEach(document -> documents.add((RawBsonDocument) document));
        }

        @Override
        public boolean hasNext() {
            while (documents.isEmpty() && cursor != 0) {
                BsonDocument more = new BsonDocument("getMore", new BsonInt64(cursor))
                        .append("collection", new BsonString(collection));
                if (batch > 0) {
                    more.append("batchSize", new BsonInt32(batch));
                }
                take(more, "nextBatch");
            }
            return !documents.isEmpty();
        }

        @Override
        public RawBsonDocument next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return documents.remove();
        }

        @Override
        public @Nullable RawBsonDocument tryNext() {
            return hasNext() ? documents.remove() : null;
        }

        @Override
        public int available() {
            return documents.size();
        }

        @Override
        public @Nullable ServerCursor getServerCursor() {
            return null;
        }

        @Override
        public ServerAddress getServerAddress() {
            throw new UnsupportedOperationException("it is the primary, whichever that is");
        }

        @Override
        public void close() {
            if (cursor != 0) {
                BsonDocument kill = new BsonDocument("killCursors", new BsonString(collection))
                        .append("cursors", new BsonArray(List.of(new BsonInt64(cursor))));
                cursor = 0;
                database.runCommand(session, kill, ReadPreference.primary(), RawBsonDocument.class);
            }
        }
    }
}
