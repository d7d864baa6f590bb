package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import com.mongodb.client.model.changestream.OperationType;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// The past of a database's change stream, as far as the oplog goes back: which documents were touched
/// since some point. Never what they were: the past states of a document are not all there, and nobody
/// wants them back. Any thread.
public final class StreamHistory {
    private static final List<String> OF_DOCUMENTS = List.of("insert", "update", "replace", "delete");
    private static final List<String> OF_COLLECTIONS = List.of("drop", "rename", "dropDatabase", "invalidate");

    private final MongoClient client;
    private final String database;

    StreamHistory(MongoClient client, String database) {
        this.client = client;
        this.database = database;
    }

    /// Where to begin.
    public sealed interface Start {
        /// The cluster time of the place; null where a token does not say.
        @Nullable
        BsonTimestamp clusterTime();

        /// Behind a position.
        record After(Position position) implements Start {
            @Override
            public @Nullable BsonTimestamp clusterTime() {
                return position.clusterTime();
            }
        }

        /// With what was committed at this time or later.
        record At(BsonTimestamp clusterTime) implements Start {}
    }

    /// The oplog's oldest entry.
    ///
    /// @param first whether the oplog begins with it, and so has lost nothing
    public record Oldest(BsonTimestamp time, boolean first) {}

    /// Empty where the oplog can't be read: it takes a right on `local`.
    public Optional<Oldest> oldest() {
        try {
            BsonDocument entry = client.getDatabase("local")
                    .getCollection("oplog.rs", BsonDocument.class)
                    .find()
                    .sort(Sorts.ascending("$natural"))
                    .projection(Projections.include("ts", "op", "o.msg", "o.create"))
                    .first();
            return entry != null && entry.get("ts") instanceof BsonTimestamp time
                    ? Optional.of(new Oldest(time, isFirst(entry)))
                    : Optional.empty();
        } catch (MongoException e) {
            return Optional.empty();
        }
    }

    /// A replica set's oplog begins with the no-op "initiating set". That of the stand-in's Rust build
    /// begins with the making of `system.version`.
    private static boolean isFirst(BsonDocument entry) {
        if (!(entry.get("o") instanceof BsonDocument what)) {
            return false;
        }
        return new BsonString("initiating set").equals(what.get("msg"))
                || new BsonString("system.version").equals(what.get("create"));
    }

    /// Looks whether the oplog goes back to a place, before anything is read: a server may begin with the
    /// oldest that it has, without a word.
    ///
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when it does not
    public void requireReachable(Start start) {
        BsonTimestamp time = start.clusterTime();
        Oldest oldest = oldest().orElse(null);
        if (time != null && oldest != null && !oldest.first() && time.compareTo(oldest.time()) < 0) {
            throw new SluiceException(FailureKind.HISTORY_LOST, gap(start));
        }
    }

    private String gap(Start start) {
        BsonTimestamp time = start.clusterTime();
        String asked = time == null
                ? "The place that was asked for is not in the oplog any more."
                : "Asked was " + MongoSource.instant(time) + ".";
        return oldest().map(oldest -> {
                    Instant since = MongoSource.instant(oldest.time());
                    String gone = time == null
                            ? ""
                            : " Changes of "
                                    + Math.max(
                                            1,
                                            Duration.between(MongoSource.instant(time), since)
                                                    .toSeconds())
                                    + " s are gone, deletes among them.";
                    return asked + " The oplog now starts at " + since + "." + gone;
                })
                .orElse(asked + " The oplog's oldest entry can't be read, so the gap is not known.");
    }

    /// Whether the server's tokens move on while it looks for what is asked for, as a mongod's do.
    private boolean tokensMove() {
        try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> now = client.getDatabase(database)
                .watch(List.of(), RawBsonDocument.class)
                .maxAwaitTime(10, TimeUnit.MILLISECONDS)
                .cursor()) {
            if (now.getResumeToken() == null) {
                now.tryNext();
            }
            BsonDocument token = now.getResumeToken();
            return token != null && new Position(token, null).movesWhenIdle();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// What happened at one time.
    public sealed interface Event {
        String collection();

        BsonTimestamp clusterTime();

        /// A document was written or deleted.
        record OfDocument(String collection, BsonValue id, BsonTimestamp clusterTime) implements Event {}

        /// The collection itself was dropped, renamed, or replaced by another one that was renamed: what
        /// became of its documents, no event says.
        record OfCollection(String collection, BsonTimestamp clusterTime) implements Event {}
    }

    /// Reads from a place up to a time.
    ///
    /// @param upTo inclusive
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when the oplog does not go back so far;
    ///     BAD_SETTING when the server takes the start for none of its own
    public Reading read(Start start, BsonTimestamp upTo, Collection<String> collections) {
        requireReachable(start);
        return new Reading(start, upTo, List.copyOf(collections));
    }

    /// A part of the stream while it is read. For one thread.
    public final class Reading implements AutoCloseable {
        /// So many polls without an event, and the caller is asked whether to go on.
        private static final int IDLE_POLLS = 3;

        /// The stand-ins look through so many entries a poll and no more; when none of them is for us, the
        /// poll brings nothing, and the token of one of them is ahead of what was looked through. So being
        /// there counts only after some quiet, and long quiet counts as being there.
        private static final long QUIET_NANOS = Duration.ofMillis(1_500).toNanos();

        private static final long LONG_QUIET_NANOS = Duration.ofSeconds(10).toNanos();

        private final Start start;
        private final BsonTimestamp upTo;
        private final List<String> collections;

        /// Whether the server picks what is for us, and its tokens say how far it has looked.
        private final boolean picks;

        private MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor;
        private @Nullable BsonTimestamp reached;
        private boolean complete;
        private long quietSince = System.nanoTime();
        private boolean busy;

        private Reading(Start start, BsonTimestamp upTo, List<String> collections) {
            this.start = start;
            this.upTo = upTo;
            this.collections = collections;
            this.picks = tokensMove();
            this.cursor = open(start);
        }

        private MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> open(Start from) {
            List<Bson> pipeline = new ArrayList<>();
            if (picks) {
                pipeline.add(Aggregates.match(Filters.or(
                        Filters.and(Filters.in("operationType", OF_DOCUMENTS), Filters.in("ns.coll", collections)),
                        Filters.in("operationType", OF_COLLECTIONS))));
            }
            // The token (_id) has to stay.
            pipeline.add(Aggregates.project(
                    Projections.include("_id", "operationType", "ns", "to", "documentKey", "clusterTime")));
            ChangeStreamIterable<RawBsonDocument> stream = client.getDatabase(database)
                    .watch(pipeline, RawBsonDocument.class)
                    .batchSize(5_000)
                    .maxAwaitTime(100, TimeUnit.MILLISECONDS);
            try {
                return switch (from) {
                    // Behind an invalidate too, behind which a stream can't be resumed.
                    case Start.After after ->
                        stream.startAfter(after.position().resumeToken()).cursor();
                    case Start.At at ->
                        stream.startAtOperationTime(at.clusterTime()).cursor();
                };
            } catch (MongoException e) {
                throw refused(e);
            }
        }

        private SluiceException refused(MongoException e) {
            SluiceException known = Failures.classify(e);
            return switch (known.kind()) {
                case HISTORY_LOST -> new SluiceException(FailureKind.HISTORY_LOST, gap(start), e);
                case UNEXPECTED ->
                    // Not with the server's words, which may quote the token, and that an _id.
                    new SluiceException(
                            FailureKind.BAD_SETTING,
                            "MongoDB does not take the place to begin at for one of its change stream (code "
                                    + e.getCode() + ").",
                            e);
                default -> known;
            };
        }

        /// The next events, in their order. None may also mean that there are none at the moment:
        /// [#complete()] says when the end is reached.
        ///
        /// @param most how many at most
        public List<Event> next(int most) {
            List<Event> events = new ArrayList<>();
            // What the caller did since is no quiet of the server's.
            if (busy) {
                quietSince = System.nanoTime();
            }
            int seen = 0;
            int idle = 0;
            try {
                while (!complete && seen < most) {
                    ChangeStreamDocument<RawBsonDocument> change = cursor.tryNext();
                    if (change != null) {
                        seen++;
                        quietSince = System.nanoTime();
                        add(events, change);
                        continue;
                    }
                    BsonDocument token = cursor.getResumeToken();
                    BsonTimestamp time =
                            token == null ? null : Position.of(token, null).clusterTime();
                    boolean there = time != null && time.compareTo(upTo) >= 0;
                    long quiet = System.nanoTime() - quietSince;
                    complete = picks ? there : quiet > LONG_QUIET_NANOS || (there && quiet > QUIET_NANOS);
                    if (picks || complete) {
                        advance(time);
                    }
                    idle++;
                    if (idle >= IDLE_POLLS) {
                        break;
                    }
                }
                busy = seen > 0;
                return events;
            } catch (MongoException e) {
                throw refused(e);
            }
        }

        private void add(List<Event> events, ChangeStreamDocument<RawBsonDocument> change) {
            BsonTimestamp time = change.getClusterTime() == null ? new BsonTimestamp(0) : change.getClusterTime();
            if (time.compareTo(upTo) > 0) {
                complete = true;
                return;
            }
            advance(time);
            OperationType type = change.getOperationType();
            String collection = name(change.getNamespaceDocument());
            if (type == OperationType.INVALIDATE) {
                // The stream ends with it, and a new one begins behind it.
                BsonDocument token = change.getResumeToken();
                cursor.close();
                cursor = open(new Start.After(Position.of(token, time)));
            } else if (type == OperationType.DROP_DATABASE) {
                collections.forEach(c -> events.add(new Event.OfCollection(c, time)));
            } else if (type == OperationType.DROP || type == OperationType.RENAME) {
                for (String touched : List.of(collection, name(change.getDestinationNamespaceDocument()))) {
                    if (collections.contains(touched)) {
                        events.add(new Event.OfCollection(touched, time));
                    }
                }
            } else if (change.getDocumentKey() != null && collections.contains(collection)) {
                // A sharded collection's key has the shard key beside it.
                events.add(
                        new Event.OfDocument(collection, change.getDocumentKey().get("_id", BsonNull.VALUE), time));
            }
        }

        private static String name(@Nullable BsonDocument namespace) {
            return namespace != null && namespace.get("coll") instanceof BsonString name ? name.getValue() : "";
        }

        private void advance(@Nullable BsonTimestamp time) {
            if (time != null && (reached == null || time.compareTo(reached) > 0)) {
                reached = time.compareTo(upTo) > 0 ? upTo : time;
            }
        }

        /// Whether the end is reached.
        public boolean complete() {
            return complete;
        }

        /// How far it is read; null when nothing is.
        public @Nullable BsonTimestamp reached() {
            return reached;
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
