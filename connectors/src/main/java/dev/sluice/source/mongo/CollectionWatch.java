package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.ReadPreference;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;

/// Finds out when collections are dropped, renamed or replaced, which the engine of the stream
/// leaves out: in a small separate change stream, and by listing the collections. For one thread.
public final class CollectionWatch implements AutoCloseable {
    private static final List<String> WATCHED = List.of("drop", "rename", "dropDatabase", "invalidate", "modify");

    private final MongoClient client;
    private final String database;
    private final Set<String> collections;
    private MongoChangeStreamCursor<StreamEvent> cursor;
    private final BsonDocument begun;
    private Position position;

    /// @throws SluiceException of kind HISTORY_LOST when the oplog no longer holds the position
    CollectionWatch(MongoClient client, String database, Position after, Set<String> collections) {
        this.client = client;
        this.database = database;
        this.collections = Set.copyOf(collections);
        this.position = after;
        this.begun = after.resumeToken();
        this.cursor = open(after);
    }

    /// By time and not by token: a stream can't be resumed after a change that its own filter
    /// leaves out, such as a change of a document.
    private MongoChangeStreamCursor<StreamEvent> open(Position after) {
        BsonTimestamp time = after.clusterTime();
        return open(
                time == null
                        ? stream -> stream.startAfter(after.resumeToken())
                        : stream -> stream.startAtOperationTime(time));
    }

    private MongoChangeStreamCursor<StreamEvent> open(UnaryOperator<ChangeStreamIterable<RawBsonDocument>> start) {
        try {
            return StreamEvent.open(start.apply(stream().showExpandedEvents(true)));
        } catch (MongoCommandException e) {
            SluiceException known = Failures.classify(e);
            if (known.kind() != FailureKind.UNEXPECTED) {
                throw known;
            }
            try {
                // A server before 6.0 does not know of expanded events. It has no event for changed options either.
                return StreamEvent.open(start.apply(stream()));
            } catch (MongoException again) {
                throw Failures.classify(again);
            }
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private ChangeStreamIterable<RawBsonDocument> stream() {
        // The primary: a secondary may be behind what is looked up in addition to the stream.
        return StreamEvent.decodedBy(client.getDatabase(database))
                .withReadPreference(ReadPreference.primary())
                .watch(
                        List.of(
                                Aggregates.match(Filters.in("operationType", WATCHED)),
                                // The token (_id) has to stay.
                                Aggregates.project(Projections.include(
                                        "_id",
                                        "operationType",
                                        "ns",
                                        "to",
                                        "clusterTime",
                                        "collectionUUID",
                                        "operationDescription"))),
                        RawBsonDocument.class)
                .comment(SourceDuties.STREAM_COMMENT)
                .maxAwaitTime(100, TimeUnit.MILLISECONDS);
    }

    /// What has happened since the last call; waits a moment where nothing has.
    public List<CollectionChange> next() {
        List<CollectionChange> events = new ArrayList<>();
        try {
            for (StreamEvent event = cursor.tryNext(); event != null; event = cursor.tryNext()) {
                if (isAfter(event.token(), begun)) {
                    events.addAll(CollectionEvents.read(event, collections));
                }
                position = Position.of(event.token(), event.clusterTime());
                if (event.kind() == StreamEvent.Kind.INVALIDATE) {
                    // The stream ends with it, and a new one begins behind it.
                    cursor.close();
                    BsonDocument token = event.token();
                    cursor = open(stream -> stream.startAfter(token));
                }
            }
            BsonDocument token = cursor.getResumeToken();
            if (token != null) {
                position = Position.of(token, null);
            }
            return events;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Tokens are in the order of their hex digits, as MongoDB says.
    private static boolean isAfter(BsonDocument token, BsonDocument begun) {
        return !(token.get("_data") instanceof BsonString one)
                || !(begun.get("_data") instanceof BsonString other)
                || one.compareTo(other) > 0;
    }

    /// Up to where it has looked: going on from there misses nothing.
    public Position position() {
        return position;
    }

    /// Whether all that happened up to a time, at which the last call of [#next()] was still to
    /// come, has been seen.
    public boolean hasReached(BsonTimestamp time) {
        BsonTimestamp here = position.clusterTime();
        return here != null && here.compareTo(time) >= 0;
    }

    /// The watched collections that there are, with MongoDB's identifiers of them in hex; empty where
    /// listing is not allowed, or the server gives none.
    public Optional<Map<String, String>> uuids() {
        return DeploymentReader.uuids(client.getDatabase(database), collections);
    }

    @Override
    public void close() {
        cursor.close();
    }
}
