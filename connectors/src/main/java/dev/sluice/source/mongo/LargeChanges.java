package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.MongoSocketReadException;
import com.mongodb.ReadPreference;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.change.OperationTime;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// Changes that MongoDB can't send in any form: the `_id` is in the event once and in its resume token with
/// twice the length, and the token comes twice if the event is the last of an answer. From 3.3 million
/// characters on that is more than 16 MB (mongod 5.0 and 6.0; 5.5 million on 4.4).
///
/// A stream whose filter does not match such a change passes it, so the change is found by opening streams and
/// seeing which of them fail. Reads only changes between the two times, and leaves no cursor open. Any
/// thread.
public final class LargeChanges {
    /// The event, or an answer with it, does not fit into 16 MB.
    private static final int OBJECT_TOO_LARGE = 10334;

    /// Keys of fewer bytes always fit: escaped in the token they are at most twice as long.
    private static final int LARGE_KEY_BYTES = 1 << 20;

    private static final List<String> OF_DOCUMENTS = List.of("insert", "update", "replace", "delete");

    private static final int INCREMENT_BITS = 32;
    private static final long INCREMENT_MAX = 0xFFFF_FFFFL;

    private final MongoClient client;
    private final MongoDatabase database;
    private final Map<String, BsonTimestamp> passed;

    /// @param passed as for [#without]: those are not looked for
    public LargeChanges(MongoClient client, String database, Map<String, BsonTimestamp> passed) {
        this.client = client;
        // The primary, of which what is left open there can be closed.
        this.database = client.getDatabase(database).withReadPreference(ReadPreference.primary());
        this.passed = Map.copyOf(passed);
    }

    /// Changes at one operation time.
    ///
    /// @param collections of which such a change is
    public record Found(BsonTimestamp time, List<String> collections) {
        public Found {
            collections = List.copyOf(collections);
        }

        /// Where it is, as the beginning of a sentence.
        public String forPeople() {
            return "The change of " + String.join(", ", collections) + " at operation time " + OperationTime.text(time)
                    + " (" + MongoSource.instant(time) + ")";
        }
    }

    /// What leaves changes with large keys out of a stream.
    ///
    /// @param passed up to and with which operation time, by collection; not empty
    public static BsonDocument without(Map<String, BsonTimestamp> passed) {
        // As one expression: from $nor together with $or a mongod 6.0.5 makes a filter that it then refuses.
        BsonArray each = new BsonArray();
        passed.forEach((collection, through) -> each.add(new BsonDocument(
                "$and",
                new BsonArray(List.of(
                        comparison("$eq", "$ns.coll", new BsonDocument("$literal", new BsonString(collection))),
                        comparison("$lte", "$clusterTime", through),
                        keyBytes("$gte"))))));
        return new BsonDocument(
                "$expr", new BsonDocument("$not", new BsonArray(List.of(new BsonDocument("$or", each)))));
    }

    /// What matches every change up to a time, and behind it those that can be sent for certain. Nothing here
    /// matches by the token: a filter by the token of a change that is too large fails.
    static BsonDocument smallBehind(BsonTimestamp time) {
        return new BsonDocument(
                "$or",
                new BsonArray(List.of(
                        new BsonDocument("clusterTime", new BsonDocument("$lte", time)),
                        new BsonDocument("$expr", isSmall()))));
    }

    /// Whether a change can be sent for certain, as an expression.
    static BsonDocument isSmall() {
        return keyBytes("$lt");
    }

    /// Whether a stream may have failed because of the size of a change: a mongod reports that if the event is
    /// too large, but versions before about 6.0.9 close the connection if only the answer around it is.
    public static boolean mayBeWhy(MongoException e, MongoDatabase database) {
        return e.getCode() == OBJECT_TOO_LARGE
                || e.getCode() == Failures.STRING_TOO_LARGE
                || (e instanceof MongoSocketReadException && answers(database));
    }

    private static boolean answers(MongoDatabase database) {
        try {
            database.runCommand(new BsonDocument("ping", new BsonInt32(1)));
            return true;
        } catch (MongoException e) {
            return false;
        }
    }

    /// The first of some collections' changes that MongoDB can't send, from a time on, inclusive, up to now.
    ///
    /// @return empty where there is none
    /// @throws SluiceException of kind CHANGE_TOO_LARGE where there is one that this server can't leave out of a
    ///     stream either
    public Optional<Found> first(BsonTimestamp from, Collection<String> collections) {
        try {
            BsonTimestamp now = MongoSource.lastWrite(client);
            if (from.compareTo(now) > 0 || !fails(from, now, collections)) {
                return Optional.empty();
            }
            long second = least(
                    seconds(from), seconds(now), s -> fails(from, earlier(now, time(s, INCREMENT_MAX)), collections));
            BsonTimestamp begin = later(from, time(second, 0));
            long increment = least(
                    begin.getInc() & INCREMENT_MAX, INCREMENT_MAX, i -> fails(begin, time(second, i), collections));
            BsonTimestamp time = time(second, increment);
            // Once more, and each for itself: what looked like it may have been a connection that broke.
            List<String> found = at(time, collections);
            return found.isEmpty() ? Optional.empty() : Optional.of(new Found(time, found));
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Those of some collections that have a change at a time that MongoDB can't send.
    public List<String> at(BsonTimestamp time, Collection<String> collections) {
        try {
            List<String> found = new ArrayList<>();
            for (String collection : collections) {
                if (fails(time, time, List.of(collection))) {
                    found.add(collection);
                }
            }
            return found;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// The least number of which something holds that holds of all above it too. Near the beginning it is found
    /// soonest: increments count the operations of a second, of which there are few.
    ///
    /// @param most of which it holds
    private static long least(long from, long most, LongPredicate holds) {
        long below = from - 1;
        long step = 1;
        while (below + step < most && !holds.test(below + step)) {
            below += step;
            step *= 2;
        }
        long above = Math.min(most, below + step);
        while (above - below > 1) {
            long middle = below + (above - below) / 2;
            if (holds.test(middle)) {
                above = middle;
            } else {
                below = middle;
            }
        }
        return above;
    }

    /// Whether a stream fails between two times, both inclusive. It asks for the least that a reader of
    /// changes can do with, as one that passes those that are too large only with their documents.
    private boolean fails(BsonTimestamp from, BsonTimestamp upTo, Collection<String> collections) {
        try (ClientSession session = client.startSession()) {
            try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor = database.watch(
                            session, pipeline(upTo, collections), RawBsonDocument.class)
                    .startAtOperationTime(from)
                    .batchSize(1)
                    .comment(SourceDuties.STREAM_COMMENT)
                    .maxAwaitTime(10, TimeUnit.MILLISECONDS)
                    .cursor()) {
                boolean passed = false;
                while (!passed && cursor.getServerCursor() != null) {
                    ChangeStreamDocument<RawBsonDocument> event = cursor.tryNext();
                    passed = event == null
                            ? reached(cursor.getResumeToken(), upTo)
                            : event.getClusterTime() != null
                                    && event.getClusterTime().compareTo(upTo) > 0;
                }
                return false;
            } catch (MongoException e) {
                if (e.getCode() == Failures.STRING_TOO_LARGE) {
                    throw new SluiceException(
                            FailureKind.CHANGE_TOO_LARGE,
                            "This version of MongoDB fails at the change even if its _id is not asked for, so neither its collection nor"
                                    + " its time is known.",
                            e);
                }
                if (!mayBeWhy(e, database)) {
                    throw e;
                }
                // The server keeps the cursor whose number it could not send.
                client.getDatabase("admin")
                        .runCommand(new BsonDocument(
                                "killSessions",
                                new BsonArray(List.of(session.getServerSession().getIdentifier()))));
                return true;
            }
        }
    }

    private static boolean reached(@Nullable BsonDocument token, BsonTimestamp time) {
        BsonTimestamp here = token == null ? null : Position.of(token, null).clusterTime();
        return here != null && here.compareTo(time) >= 0;
    }

    /// Changes with large keys up to a time, then any that is small: so that the server has not to look further
    /// than to the next change.
    private List<Bson> pipeline(BsonTimestamp upTo, Collection<String> collections) {
        BsonDocument large = new BsonDocument("operationType", in(OF_DOCUMENTS))
                .append("ns.coll", in(collections))
                .append("clusterTime", new BsonDocument("$lte", upTo))
                .append("$expr", keyBytes("$gte"));
        BsonDocument next =
                new BsonDocument("clusterTime", new BsonDocument("$gt", upTo)).append("$expr", keyBytes("$lt"));
        List<Bson> stages = new ArrayList<>();
        stages.add(new BsonDocument("$match", new BsonDocument("$or", new BsonArray(List.of(large, next)))));
        if (!passed.isEmpty()) {
            stages.add(new BsonDocument("$match", without(passed)));
        }
        stages.add(new BsonDocument(
                "$unset", new BsonArray(List.of(new BsonString("fullDocument"), new BsonString("updateDescription")))));
        return stages;
    }

    private static BsonDocument keyBytes(String comparison) {
        BsonDocument bytes = new BsonDocument(
                "$bsonSize",
                new BsonDocument(
                        "$ifNull", new BsonArray(List.of(new BsonString("$documentKey"), new BsonDocument()))));
        return new BsonDocument(comparison, new BsonArray(List.of(bytes, new BsonInt32(LARGE_KEY_BYTES))));
    }

    private static BsonDocument comparison(String operator, String path, BsonValue value) {
        return new BsonDocument(operator, new BsonArray(List.of(new BsonString(path), value)));
    }

    private static BsonDocument in(Collection<String> values) {
        return new BsonDocument(
                "$in", new BsonArray(values.stream().map(BsonString::new).toList()));
    }

    private static long seconds(BsonTimestamp time) {
        return time.getValue() >>> INCREMENT_BITS;
    }

    private static BsonTimestamp time(long second, long increment) {
        return new BsonTimestamp(second << INCREMENT_BITS | increment);
    }

    private static BsonTimestamp earlier(BsonTimestamp a, BsonTimestamp b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    private static BsonTimestamp later(BsonTimestamp a, BsonTimestamp b) {
        return a.compareTo(b) >= 0 ? a : b;
    }
}
