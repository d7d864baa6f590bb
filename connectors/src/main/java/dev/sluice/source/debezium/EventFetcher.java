package dev.sluice.source.debezium;

import com.mongodb.MongoException;
import com.mongodb.ServerCursor;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.changestream.FullDocument;
import com.mongodb.connection.ClusterType;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.OperationTime;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.Footprint;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.mongo.CollectionEvents;
import dev.sluice.source.mongo.LargeChanges;
import dev.sluice.source.mongo.LookUps;
import dev.sluice.source.mongo.SourceDuties;
import dev.sluice.source.mongo.StreamEvent;
import dev.sluice.source.mongo.UpdatedNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// Reads the change stream, ahead of the engine, on a thread of its own, as far as there is memory
/// for the changes until they are written.
///
/// It reports up to which time everything is delivered by MongoDB's answers: an answer without
/// events carries a token, and MongoDB has looked up to the token's cluster time.
final class EventFetcher implements Runnable {
    /// How long MongoDB waits for an event before it answers without one. It does not answer before because of an
    /// operation that is left out, so whoever waits for such an operation waits for this.
    private static final Duration AWAIT = Duration.ofMillis(50);

    /// MongoDB ends an answer before an event that would make it larger than 16 MB, and after as many
    /// events as it is told. An answer of less was ended because there was no more; or by an event of
    /// nearly 16 MB, which could only be of the same transaction to matter.
    private static final long NOT_FULL_BYTES = 1 << 20;

    /// Most events of an answer. Where the end of what MongoDB looks at is passed, so many come for nothing.
    private static final int ANSWER_EVENTS = 5_000;

    /// After as much as this, weighed generously, an event that did not fit into an answer with
    /// those before it must have come.
    private static final long ANSWER_BYTES_MAX = 64 << 20;

    /// About how many bytes an event takes in addition to its document and its token.
    private static final long EVENT_BYTES = 1_000;

    /// How often the token is there on an event's way, at most: in the driver's answer, twice in what
    /// the driver makes of it, and in the event.
    private static final int TOKEN_COPIES = 4;

    private final MongoClient client;
    private final MongoDatabase database;
    private final EngineProperties settings;
    private final MemoryBudget memory;
    private final Runnable reconnected;
    private final Set<String> mapped;
    private final LookAhead lookAhead;
    private final ReadingAhead readingAhead = new ReadingAhead();
    private final HandOver<Fetched> fetched = new HandOver<>();
    private final Together<Fetched> together = new Together<>(fetched);
    private final AtomicLong ahead = new AtomicLong();
    private final Thread thread =
            Thread.ofPlatform().name("sluice-fetch").daemon(true).unstarted(this);
    private final IrrelevantUpdates irrelevant;
    private final Consumer<String> passedOver;
    private Reading reading;
    private final @Nullable BsonTimestamp startTime;
    private final @Nullable BsonDocument startToken;
    private @Nullable BsonDocument lastToken;
    private @Nullable BsonTimestamp lastTime;
    private boolean routed;
    private boolean oneByOne;
    private long oneByOneBytes;
    private long answerBytes;
    private int answerEvents;
    private long reachedAt;
    private @Nullable BsonTimestamp reachedTime;
    private boolean eventSince = true;
    private volatile boolean closed;

    /// @param startTime where to begin, with what was committed at this time; null where only a
    ///     token is known
    /// @param startToken what to begin after, where there is no time
    EventFetcher(
            MongoClient client, StreamRun run, @Nullable BsonTimestamp startTime, @Nullable BsonDocument startToken) {
        this.client = client;
        this.settings = run.settings();
        this.reading = run.settings().reading();
        this.irrelevant = new IrrelevantUpdates(settings.relevant(), System::nanoTime);
        this.passedOver = run.passedOver();
        this.memory = run.memory();
        this.reconnected = run.reconnected();
        this.mapped = Set.copyOf(settings.collections());
        this.lookAhead = new LookAhead(settings.lookAhead());
        this.startTime = startTime;
        this.startToken = startToken;
        this.database = StreamEvent.decodedBy(client.getDatabase(settings.database()));
    }

    HandOver<Fetched> start() {
        thread.start();
        return fetched;
    }

    /// Returns when the thread has ended, or after a while without it: a read from a server that is
    /// gone ends by its time-out only.
    void close() throws InterruptedException {
        closed = true;
        fetched.close();
        thread.interrupt();
        thread.join(Duration.ofSeconds(5));
    }

    @Override
    public void run() {
        try {
            if (reading == Reading.LOOK_UPS_IN_BATCHES && !LookUps.arePossible(client)) {
                reading = Reading.SERVER_LOOKS_UP;
            }
            while (!closed) {
                readUntilTooLarge();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            // Behind what was read before it.
            together.add(new Fetched.End(e));
            together.handOver();
        }
    }

    private void readUntilTooLarge() throws InterruptedException {
        try (MongoChangeStreamCursor<StreamEvent> cursor = open(settings.stages(end()), oneByOne)) {
            read(cursor);
        } catch (MongoException e) {
            if (closed) {
                throw new InterruptedException();
            }
            if (!LargeChanges.mayBeWhy(e, database)) {
                throw e;
            }
            // The events before it in the same answer are lost with it, so they are read again, one by one.
            if (oneByOne) {
                passTooLarge();
            }
            oneByOne = !oneByOne;
            oneByOneBytes = 0;
        }
    }

    private MongoChangeStreamCursor<StreamEvent> open(List<? extends Bson> stages, boolean oneByOne) {
        answerBytes = 0;
        answerEvents = 0;
        long asked = System.nanoTime();
        MongoChangeStreamCursor<StreamEvent> cursor = StreamEvent.open(stream(stages, oneByOne));
        lookAhead.onAnswer(System.nanoTime() - asked);
        routed = client.getClusterDescription().getType() == ClusterType.SHARDED;
        return cursor;
    }

    private ChangeStreamIterable<RawBsonDocument> stream(List<? extends Bson> stages, boolean oneByOne) {
        ChangeStreamIterable<RawBsonDocument> stream = database.watch(stages, RawBsonDocument.class)
                .comment(SourceDuties.STREAM_COMMENT)
                .maxAwaitTime(AWAIT.toMillis(), TimeUnit.MILLISECONDS);
        switch (reading) {
            case DEBEZIUM -> throw new IllegalStateException("Debezium's own reader reads");
            case SERVER_LOOKS_UP -> stream.fullDocument(FullDocument.UPDATE_LOOKUP);
            // Expanded events name the very collection.
            case LOOK_UPS_IN_BATCHES ->
                stream.fullDocument(FullDocument.DEFAULT).showExpandedEvents(true);
        }
        if (lastToken != null) {
            stream.resumeAfter(lastToken);
        } else if (lastTime != null) {
            stream.startAtOperationTime(lastTime);
        } else if (startTime != null) {
            stream.startAtOperationTime(startTime);
        } else if (startToken != null) {
            stream.resumeAfter(startToken);
        }
        return stream.batchSize(oneByOne ? 1 : ANSWER_EVENTS);
    }

    private void read(MongoChangeStreamCursor<StreamEvent> cursor) throws InterruptedException {
        ServerCursor opened = cursor.getServerCursor();
        while (!closed) {
            if (cursor.available() == 0 && readingAhead.endsAnswer() && !oneByOne) {
                memory.awaitNothingHeld(ReadingAhead.MOST);
            }
            long asked = System.nanoTime();
            StreamEvent event = cursor.tryNext();
            lookAhead.onAnswer(System.nanoTime() - asked);
            ServerCursor now = cursor.getServerCursor();
            if (now != null && !now.equals(opened)) {
                // The driver opens a stream again by itself after it has lost its connection.
                reconnected.run();
                opened = now;
            }
            if (event != null && event.kind().ofDocument() && !mapped.contains(event.collection())) {
                passEnd(event);
                return;
            } else if (event != null) {
                readingAhead.onEvent();
                boolean moreInAnswer = cursor.available() > 0;
                boolean last = isLast(event, moreInAnswer);
                if (irrelevant.isOne(event)) {
                    passOver(event, moreInAnswer, last);
                } else {
                    emit(event, isLookedUp(event), last);
                }
                if (!moreInAnswer) {
                    together.handOver();
                }
                oneByOneBytes += weight(event);
            } else {
                reached(cursor.getResumeToken());
            }
            if (oneByOne && (event == null || oneByOneBytes > ANSWER_BYTES_MAX)) {
                oneByOne = false;
                return;
            }
        }
    }

    /// Behind what MongoDB looks at; null where it is not known where the stream begins.
    private @Nullable BsonTimestamp end() {
        BsonTimestamp from = lastTime == null ? startTime : lastTime;
        BsonDocument token = lastToken == null && from == null ? startToken : lastToken;
        BsonTimestamp ofToken = token == null ? null : Position.of(token, null).clusterTime();
        if (from == null || (ofToken != null && ofToken.compareTo(from) > 0)) {
            from = ofToken;
        }
        return from == null ? null : lookAhead.from(from);
    }

    /// All that comes before an event is delivered, which itself is asked for only to say that. The
    /// next stream begins at its time and not behind its token: it does not pass the filter with a
    /// later end.
    private void passEnd(StreamEvent event) {
        lastToken = null;
        lastTime = event.clusterTime();
        lookAhead.onEnd();
        report(Position.of(event.token(), event.clusterTime()), Watermark.before(event.clusterTime()));
    }

    /// Whether there was nothing more behind an event when MongoDB gave it: then all events of the
    /// same cluster time are there, since an operation's events become visible together.
    private boolean isLast(StreamEvent event, boolean moreInAnswer) {
        answerBytes += weight(event);
        answerEvents++;
        if (moreInAnswer) {
            return false;
        }
        // A router's answer ends where one of the shards has not answered yet.
        boolean full = oneByOne
                || routed
                || answerBytes >= NOT_FULL_BYTES
                || answerEvents >= ANSWER_EVENTS
                || event.inTransaction();
        answerBytes = 0;
        answerEvents = 0;
        return !full;
    }

    /// Whether we read the document that an event has not.
    private boolean isLookedUp(StreamEvent event) {
        return switch (reading) {
            case DEBEZIUM, SERVER_LOOKS_UP -> false;
            case LOOK_UPS_IN_BATCHES -> event.kind() == StreamEvent.Kind.UPDATE;
        };
    }

    /// Of an irrelevant update only its position is passed on, once for those that come together: what comes behind
    /// it in the same answer has a later one.
    private void passOver(StreamEvent event, boolean moreInAnswer, boolean last) {
        passedOver.accept(event.collection());
        if (!moreInAnswer) {
            BsonTimestamp time = event.clusterTime();
            report(Position.of(event.token(), time), last ? time : Watermark.before(time));
        }
        advanceTo(event);
    }

    private void advanceTo(StreamEvent event) {
        lastToken = event.token();
        lastTime = event.clusterTime();
        eventSince = true;
    }

    private void emit(StreamEvent event, boolean looksUp, boolean last) throws InterruptedException {
        if (event.kind().ofDocument()) {
            long bytes = held(event, event.document());
            // Before it is held: never less is said to be ahead than is.
            ahead.addAndGet(bytes);
            MemoryBudget.Lease lease = memory.acquire(bytes, together::handOver);
            together.add(new Fetched.Event(event, looksUp, last, lease));
        } else {
            for (CollectionChange change : CollectionEvents.read(event, settings.collections())) {
                together.add(new Fetched.OfCollection(change));
            }
        }
        advanceTo(event);
    }

    /// What it takes of an answer, about.
    private static long weight(StreamEvent event) {
        long names = event.updated().stream().mapToLong(String::length).sum();
        return besideDocument(event) + names + length(event.document());
    }

    /// What an event takes with a document until it is written, about: bytes.
    static long held(StreamEvent event, @Nullable RawBsonDocument document) {
        return besideDocument(event) + Footprint.expected(length(document));
    }

    /// At least what is held by events that were read and are not passed on: bytes. Any thread.
    long ahead() {
        return ahead.get();
    }

    /// Has to be called for each event that is passed on.
    void passedOn(StreamEvent event) {
        ahead.addAndGet(-held(event, event.document()));
    }

    private static long besideDocument(StreamEvent event) {
        return EVENT_BYTES + (long) TOKEN_COPIES * event.token().getByteBuffer().remaining();
    }

    private static int length(@Nullable RawBsonDocument document) {
        return document == null ? 0 : document.getByteBuffer().remaining();
    }

    /// Reports the stream's position when there are no further events: at once after events, and after operations
    /// that are left out; else as often as the heartbeat asks for.
    private void reached(@Nullable BsonDocument token) {
        long now = System.nanoTime();
        if (token == null) {
            return;
        }
        Position position = Position.of(token, null);
        BsonTimestamp time = position.clusterTime();
        boolean moved = eventSince || (time != null && !time.equals(reachedTime));
        if (!moved && now - reachedAt < settings.heartbeat().toNanos()) {
            return;
        }
        lastToken = token;
        report(position, time == null ? null : through(time));
    }

    private void report(Position position, @Nullable BsonTimestamp through) {
        reachedAt = System.nanoTime();
        reachedTime = position.clusterTime();
        eventSince = false;
        together.add(new Fetched.Nothing(new Arrival.Reached(position, through)));
        together.handOver();
    }

    /// A token without an event stands before the events of its time. One that MongoDB made when it
    /// had looked so far stands for all of them; the one that the stream began with may be ahead of
    /// them.
    private BsonTimestamp through(BsonTimestamp time) {
        boolean looked = (lastTime != null && time.compareTo(lastTime) <= 0)
                || (startTime != null && time.compareTo(startTime) > 0);
        return looked ? time : Watermark.before(time);
    }

    /// Passes one event that is larger than BSON allows: reads it without its document, and the
    /// document separately, as MongoDB does for updates.
    private void passTooLarge() throws InterruptedException {
        List<Bson> slim = new ArrayList<>(settings.stages(end()));
        slim.add(new BsonDocument(
                "$unset", new BsonArray(List.of(new BsonString("fullDocument"), new BsonString(UpdatedNames.FIELD)))));
        try (MongoChangeStreamCursor<StreamEvent> cursor = open(slim, true)) {
            StreamEvent event = null;
            while (event == null && !closed) {
                event = cursor.tryNext();
            }
            if (event != null && event.kind().ofDocument() && !mapped.contains(event.collection())) {
                passEnd(event);
            } else if (event != null) {
                boolean looksUp = event.kind().ofDocument() && event.kind() != StreamEvent.Kind.DELETE;
                emit(looksUp ? event.asUpdate() : event, looksUp, false);
                together.handOver();
            }
        } catch (MongoException e) {
            if (closed) {
                throw new InterruptedException();
            }
            throw LargeChanges.mayBeWhy(e, database) ? notReadable(e) : e;
        }
    }

    /// Not even without its document: its `_id` is so long that its resume token does not fit.
    private RuntimeException notReadable(MongoException cause) {
        BsonTimestamp after = lastTime;
        if (after == null) {
            after = startToken == null
                    ? startTime
                    : Position.of(startToken, null).clusterTime();
        }
        if (after == null) {
            return cause;
        }
        return new LargeChanges(client, settings.database(), settings.passed())
                .first(after, settings.collections())
                .<RuntimeException>map(found -> new SluiceException(
                        FailureKind.CHANGE_TOO_LARGE,
                        found.forPeople() + " is one. Everything before it is delivered. `sluice backfill --past "
                                + OperationTime.text(found.time()) + "` passes it.",
                        cause))
                .orElse(cause);
    }
}
