package dev.sluice.source.mongo;

import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import com.mongodb.client.model.changestream.OperationType;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// Sees what becomes of collections themselves, which the engine of the stream leaves out: in a small
/// change stream of its own, and by looking which collections there are. For one thread.
public final class CollectionWatch implements AutoCloseable {
    private static final List<String> WATCHED = List.of("drop", "rename", "dropDatabase", "invalidate", "modify");

    /// The stand-ins look through so many entries a poll and no more, and when none of them is for us, the
    /// token may be ahead of what was looked through. So there it counts only after some quiet.
    private static final long QUIET_NANOS = Duration.ofSeconds(5).toNanos();

    private final MongoClient client;
    private final String database;
    private final Set<String> collections;
    private MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor;
    private Position position;
    private Position sure;
    private long quietSince = System.nanoTime();

    /// @throws SluiceException of kind HISTORY_LOST when the oplog no longer holds the position
    CollectionWatch(MongoClient client, String database, Position after, Set<String> collections) {
        this.client = client;
        this.database = database;
        this.collections = Set.copyOf(collections);
        this.position = after;
        this.sure = after;
        this.cursor = open(after);
    }

    /// What can become of a collection.
    public enum Kind {
        DROPPED,
        /// It has another name now.
        RENAMED,
        /// Another one was renamed to its name.
        REPLACED,
        DATABASE_DROPPED,
        /// Its options were changed.
        MODIFIED
    }

    /// @param collection empty for the database
    /// @param detail in words; without values
    public record Event(Kind kind, String collection, String detail, BsonTimestamp clusterTime) {}

    private MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> open(Position after) {
        try {
            return start(after, true);
        } catch (MongoCommandException e) {
            SluiceException known = Failures.classify(e);
            if (known.kind() != FailureKind.UNEXPECTED) {
                throw known;
            }
            try {
                // A server before 6.0 does not know of expanded events. It has no event for changed options either.
                return start(after, false);
            } catch (MongoException again) {
                throw Failures.classify(again);
            }
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> start(Position after, boolean expanded) {
        List<Bson> pipeline = List.of(
                Aggregates.match(Filters.in("operationType", WATCHED)),
                // The token (_id) has to stay.
                Aggregates.project(Projections.include("_id", "operationType", "ns", "to", "clusterTime")));
        ChangeStreamIterable<RawBsonDocument> stream = client.getDatabase(database)
                .watch(pipeline, RawBsonDocument.class)
                .maxAwaitTime(100, TimeUnit.MILLISECONDS);
        // Behind an invalidate too, behind which a stream can't be resumed.
        return (expanded ? stream.showExpandedEvents(true) : stream)
                .startAfter(after.resumeToken())
                .cursor();
    }

    /// What has happened since the last call; waits a moment where nothing has.
    public List<Event> next() {
        List<Event> events = new ArrayList<>();
        try {
            for (ChangeStreamDocument<RawBsonDocument> change = cursor.tryNext();
                    change != null;
                    change = cursor.tryNext()) {
                quietSince = System.nanoTime();
                add(events, change);
                position = Position.of(change.getResumeToken(), change.getClusterTime());
                sure = position;
                if (change.getOperationType() == OperationType.INVALIDATE) {
                    // The stream ends with it, and a new one begins behind it.
                    cursor.close();
                    cursor = open(position);
                }
            }
            BsonDocument token = cursor.getResumeToken();
            if (token != null) {
                position = Position.of(token, null);
            }
            if (position.movesWhenIdle() || isQuiet()) {
                sure = position;
            }
            return events;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private void add(List<Event> events, ChangeStreamDocument<RawBsonDocument> change) {
        BsonTimestamp time = change.getClusterTime() == null ? new BsonTimestamp(0) : change.getClusterTime();
        String collection = name(change.getNamespaceDocument());
        boolean ours = collections.contains(collection);
        OperationType type = change.getOperationType();
        String text = change.getOperationTypeString();
        if (type == OperationType.DROP && ours) {
            events.add(new Event(Kind.DROPPED, collection, "", time));
        } else if (type == OperationType.RENAME) {
            String to = name(change.getDestinationNamespaceDocument());
            if (ours) {
                events.add(new Event(Kind.RENAMED, collection, "to " + to, time));
            }
            if (collections.contains(to)) {
                events.add(new Event(Kind.REPLACED, to, "by " + collection, time));
            }
        } else if (type == OperationType.DROP_DATABASE) {
            events.add(new Event(Kind.DATABASE_DROPPED, "", "", time));
        } else if ("modify".equals(text) && ours) {
            events.add(new Event(Kind.MODIFIED, collection, "", time));
        }
    }

    private static String name(@Nullable BsonDocument namespace) {
        return namespace != null && namespace.get("coll") instanceof BsonString name ? name.getValue() : "";
    }

    /// Up to where it has certainly looked: going on from there misses nothing.
    public Position position() {
        return sure;
    }

    private boolean isQuiet() {
        return System.nanoTime() - quietSince > QUIET_NANOS;
    }

    /// Whether all that happened up to a time has been seen.
    public boolean hasReached(BsonTimestamp time) {
        BsonTimestamp here = position.clusterTime();
        return position.movesWhenIdle() ? here != null && here.compareTo(time) >= 0 : isQuiet();
    }

    /// Begins to wait for quiet anew, so that [#hasReached] counts what comes from now on.
    public void lookAnew() {
        quietSince = System.nanoTime();
    }

    /// The watched collections that there are, with MongoDB's identifiers of them in hex; empty where
    /// listing is not allowed, or the server gives none.
    public Optional<Map<String, String>> uuids() {
        Map<String, String> uuids = new TreeMap<>();
        try {
            for (BsonDocument info : client.getDatabase(database).listCollections(BsonDocument.class)) {
                String name = info.getString("name").getValue();
                if (!collections.contains(name)) {
                    continue;
                }
                if (info.get("info") instanceof BsonDocument about && about.get("uuid") instanceof BsonBinary uuid) {
                    uuids.put(name, HexFormat.of().formatHex(uuid.getData()));
                } else if (info.get("type") instanceof BsonString type
                        && type.getValue().equals("collection")) {
                    return Optional.empty();
                }
            }
            return Optional.of(uuids);
        } catch (MongoCommandException notAllowed) {
            return Optional.empty();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    @Override
    public void close() {
        cursor.close();
    }
}
