package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.ReadConcern;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// The past of a database's change stream, as far as the oplog goes back: which documents were changed
/// since some point. It does not return their past states: not all of them are available, and none
/// is needed. Any thread.
public final class StreamHistory {
    private static final List<String> OF_DOCUMENTS = List.of("insert", "update", "replace", "delete");
    private static final List<String> OF_COLLECTIONS = List.of("drop", "rename", "dropDatabase", "invalidate");

    private static final String ASKED = "Asked was";

    private final MongoClient client;
    private final CausalSessions sessions;
    private final Oplog oplog;
    private final String database;

    StreamHistory(MongoClient client, CausalSessions sessions, String database) {
        this.client = client;
        this.sessions = sessions;
        this.oplog = new Oplog(client);
        this.database = database;
    }

    /// Looks whether the oplog goes back to a time, before anything is read.
    ///
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when it does not
    public void requireReachable(BsonTimestamp from) {
        oplog.requireHolds(from, ASKED);
    }

    /// What happened at one time.
    public sealed interface Event {
        String collection();

        BsonTimestamp clusterTime();

        /// A document was written or deleted.
        record OfDocument(String collection, BsonValue id, BsonTimestamp clusterTime) implements Event {}

        /// The collection itself was dropped, renamed, or replaced by another one that was renamed:
        /// what became of its documents, no event says.
        record OfCollection(String collection, BsonTimestamp clusterTime) implements Event {}
    }

    /// Reads what was committed from one time to another. A place in the stream is given by its
    /// time and not by its token, which names a change that may be none of these collections:
    /// behind a change that it leaves out, a stream can't be resumed.
    ///
    /// @param from inclusive
    /// @param upTo inclusive; a time that a majority has had
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when the oplog does not go back
    ///     so far (as do the reading's methods, and CHANGE_TOO_LARGE at a change that MongoDB can't
    ///     send)
    public Reading read(BsonTimestamp from, BsonTimestamp upTo, Collection<String> collections) {
        requireReachable(from);
        return new Reading(from, upTo, List.copyOf(collections));
    }

    /// A part of the stream while it is read. For one thread.
    public final class Reading implements AutoCloseable {
        /// So many polls without an event, and the caller is asked whether to go on.
        private static final int IDLE_POLLS = 3;

        private static final int BATCH = 5_000;

        private final BsonTimestamp from;
        private final BsonTimestamp upTo;
        private final List<String> collections;
        private final ClientSession session;
        private MongoChangeStreamCursor<StreamEvent> cursor;
        private @Nullable BsonTimestamp reached;
        private @Nullable BsonDocument lastToken;
        private boolean complete;

        /// How many events are still to be read one by one, since an answer with several was too
        /// large.
        private int oneByOne;

        private Reading(BsonTimestamp from, BsonTimestamp upTo, List<String> collections) {
            this.from = from;
            this.upTo = upTo;
            this.collections = collections;
            try {
                // A server that is not so far yet would say that it has shown all it has.
                this.session = sessions.notBefore(upTo);
            } catch (MongoException e) {
                throw Failures.classify(e);
            }
            try {
                this.cursor = open();
            } catch (RuntimeException e) {
                session.close();
                throw e;
            }
        }

        /// Behind the last event; where an answer turns out to be too large, for one event at a time.
        private MongoChangeStreamCursor<StreamEvent> open() {
            BsonDocument token = lastToken;
            UnaryOperator<ChangeStreamIterable<RawBsonDocument>> start =
                    token == null ? stream -> stream.startAtOperationTime(from) : stream -> stream.resumeAfter(token);
            try {
                return open(start);
            } catch (MongoException e) {
                requireMayBeTooLarge(e);
            }
            try {
                return open(start);
            } catch (MongoException e) {
                throw tooLarge(e);
            }
        }

        /// Has events read one by one, or throws what else it was.
        private void requireMayBeTooLarge(MongoException e) {
            if (!LargeChanges.mayBeWhy(e, client.getDatabase(database))) {
                throw refused(e);
            }
            if (oneByOne > 0) {
                throw tooLarge(e);
            }
            oneByOne = BATCH;
        }

        private SluiceException tooLarge(MongoException e) {
            return new LargeChanges(client, database, Map.of())
                    .first(reached == null ? from : reached, collections)
                    .map(found -> new SluiceException(FailureKind.CHANGE_TOO_LARGE, found.forPeople() + " is one.", e))
                    .orElseGet(() -> refused(e));
        }

        private MongoChangeStreamCursor<StreamEvent> open(UnaryOperator<ChangeStreamIterable<RawBsonDocument>> start) {
            List<Bson> pipeline = List.of(
                    Aggregates.match(Filters.or(
                            Filters.and(Filters.in("operationType", OF_DOCUMENTS), Filters.in("ns.coll", collections)),
                            Filters.in("operationType", OF_COLLECTIONS))),
                    // What comes behind the end may be too large.
                    Aggregates.match(LargeChanges.smallBehind(upTo)),
                    // The token (_id) has to stay.
                    Aggregates.project(
                            Projections.include("_id", "operationType", "ns", "to", "documentKey", "clusterTime")));
            return StreamEvent.open(start.apply(StreamEvent.decodedBy(client.getDatabase(database))
                    .withReadConcern(ReadConcern.MAJORITY)
                    .watch(session, pipeline, RawBsonDocument.class)
                    .batchSize(oneByOne > 0 ? 1 : BATCH)
                    .comment(SourceDuties.STREAM_COMMENT)
                    .maxAwaitTime(100, TimeUnit.MILLISECONDS)));
        }

        private SluiceException refused(MongoException e) {
            SluiceException known = Failures.classify(e);
            return known.kind() == FailureKind.HISTORY_LOST ? oplog.lost(from, ASKED, e) : known;
        }

        /// The next events, in their order. None may also mean that there are none at the moment:
        /// [#complete()] says when the end is reached.
        ///
        /// @param most how many at most
        public List<Event> next(int most) {
            List<Event> events = new ArrayList<>();
            try {
                read(events, most);
            } catch (MongoException e) {
                requireMayBeTooLarge(e);
                reopen();
            }
            return events;
        }

        private void read(List<Event> events, int most) {
            int seen = 0;
            int idle = 0;
            while (!complete && seen < most && idle < IDLE_POLLS) {
                StreamEvent change = cursor.tryNext();
                if (change != null) {
                    seen++;
                    add(events, change);
                    if (oneByOne > 0 && --oneByOne == 0) {
                        reopen();
                    }
                    continue;
                }
                idle++;
                BsonDocument token = cursor.getResumeToken();
                BsonTimestamp time =
                        token == null ? null : Position.of(token, null).clusterTime();
                advance(time);
                complete = time != null && time.compareTo(upTo) >= 0;
            }
        }

        private void reopen() {
            cursor.close();
            cursor = open();
        }

        private void add(List<Event> events, StreamEvent event) {
            BsonTimestamp time = event.clusterTime();
            if (time.compareTo(upTo) > 0) {
                complete = true;
                return;
            }
            advance(time);
            lastToken = event.token();
            switch (event.kind()) {
                case INVALIDATE -> {
                    // The stream ends with it, and a new one begins behind it.
                    BsonDocument token = event.token();
                    cursor.close();
                    cursor = open(stream -> stream.startAfter(token));
                }
                case DROP_DATABASE -> collections.forEach(c -> events.add(new Event.OfCollection(c, time)));
                case DROP, RENAME -> {
                    for (String touched : List.of(event.collection(), event.to())) {
                        if (collections.contains(touched)) {
                            events.add(new Event.OfCollection(touched, time));
                        }
                    }
                }
                case INSERT, UPDATE, REPLACE, DELETE -> {
                    RawBsonDocument key = event.key();
                    if (key != null && collections.contains(event.collection())) {
                        events.add(new Event.OfDocument(event.collection(), ExactBson.id(key), time));
                    }
                }
                case MODIFY, OTHER -> {}
            }
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
            try (session) {
                cursor.close();
            }
        }
    }
}
