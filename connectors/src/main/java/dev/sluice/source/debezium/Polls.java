package dev.sluice.source.debezium;

import com.mongodb.connection.ServerType;
import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import com.mongodb.event.CommandSucceededEvent;
import dev.sluice.change.Position;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonReader;
import org.bson.BsonReaderMark;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// When the engine last asked MongoDB for changes and has taken all that came: a stream with nothing to
/// deliver has nothing from before that moment. An engine that says it is idle may just be waiting for a
/// slow answer. And which changes were the last that there were: those whose answer was not full.
///
/// A mongod gives all there is, up to what an answer can hold. The stand-ins look through so many entries
/// of their oplog and answer with what is among them, though more follows: there only silence is an end.
///
/// Hears of the driver's commands on the engine's threads, is asked by the one that delivers.
final class Polls implements CommandListener {
    private static final String POLL = "getMore";

    /// How much later an event may be put where the engine looks for it than a poll's end is known.
    private static final long MARGIN_MILLIS = 250;

    private static final int KEPT = 32;

    /// MongoDB ends an answer before an event that would make it larger than 16 MB. An answer of less than
    /// this could only have been ended by an event of nearly 16 MB.
    private static final int NOT_FULL_BYTES = 1 << 20;

    /// How long a server that looks through its oplog by pieces must have had nothing but empty answers,
    /// when they come too quickly to have waited at its end: something else is written there all the time.
    private static final long QUIET_MILLIS = 2_000;

    private static final Map<String, Polls> OPEN = new ConcurrentHashMap<>();

    /// A poll whose changes the engine has taken over, and that had all there were.
    ///
    /// @param started when it was sent, our clock
    /// @param over when the next one was sent, which is after everything of this one was taken
    private record Poll(long started, long over) {}

    /// What MongoDB answered.
    ///
    /// @param empty whether there was no event
    /// @param full whether there may have been more
    /// @param byPieces whether the server may give less than fits, though more follows
    /// @param lastToken the resume token of the last event; null when there is none, or it may not be the
    ///     last
    record Answer(
            boolean empty,
            boolean full,
            boolean byPieces,
            @Nullable String lastToken) {
        /// Says nothing.
        static final Answer UNKNOWN = new Answer(false, true, true, null);

        private Answer withoutToken() {
            return new Answer(empty, full, byPieces, null);
        }
    }

    private final Deque<Poll> over = new ArrayDeque<>();
    private final Deque<String> ends = new ArrayDeque<>();
    private long started;
    private long batchSize;
    private long waitMillis = Long.MAX_VALUE;
    private long emptySince;
    private boolean hadAll;

    /// Lets the driver's settings find this by a name.
    void register(String reference) {
        OPEN.put(reference, this);
    }

    static void forget(String reference) {
        OPEN.remove(reference);
    }

    static @Nullable Polls registered(String reference) {
        return OPEN.get(reference);
    }

    @Override
    public synchronized void commandStarted(CommandStartedEvent event) {
        if (event.getCommandName().equals(POLL)) {
            batchSize = number(event.getCommand(), "batchSize", 0);
            waitMillis = number(event.getCommand(), "maxTimeMS", Long.MAX_VALUE);
            onPoll(System.currentTimeMillis());
        }
    }

    @Override
    public synchronized void commandSucceeded(CommandSucceededEvent event) {
        if (event.getCommandName().equals(POLL)) {
            Answer read = read(event.getResponse(), batchSize);
            // A router's answer ends where one of the shards has not answered yet.
            boolean routed = event.getConnectionDescription().getServerType() == ServerType.SHARD_ROUTER;
            boolean waited = event.getElapsedTime(TimeUnit.MILLISECONDS) >= waitMillis;
            onAnswer(routed ? read.withoutToken() : read, waited, System.currentTimeMillis());
        }
    }

    private static long number(BsonDocument command, String field, long otherwise) {
        return command.get(field) instanceof BsonNumber number ? number.longValue() : otherwise;
    }

    /// @param batchSize how many events were asked for at most; 0 for as many as fit
    static Answer read(BsonDocument response, long batchSize) {
        // What the driver tells listeners is the bytes that came.
        if (!(response instanceof RawBsonDocument raw)) {
            return Answer.UNKNOWN;
        }
        try (BsonBinaryReader binary = new BsonBinaryReader(raw.getByteBuffer().asNIO())) {
            if (!enter(binary)) {
                return Answer.UNKNOWN;
            }
            int from = binary.getBsonInput().getPosition();
            int count = 0;
            BsonReaderMark last = null;
            while (binary.readBsonType() != BsonType.END_OF_DOCUMENT) {
                last = binary.getMark();
                count++;
                binary.skipValue();
            }
            int bytes = binary.getBsonInput().getPosition() - from;
            boolean full = bytes >= NOT_FULL_BYTES || (batchSize > 0 && count >= batchSize);
            String lastToken = null;
            if (!full && last != null) {
                last.reset();
                lastToken = token(binary);
            }
            return new Answer(count == 0, full, !isOfMongod(raw), lastToken);
        }
    }

    /// Whether the place to go on from is written the way a mongod does.
    private static boolean isOfMongod(BsonDocument response) {
        return response.get("cursor") instanceof BsonDocument cursor
                && cursor.get("postBatchResumeToken") instanceof BsonDocument token
                && Position.of(token, null).movesWhenIdle();
    }

    /// Goes to the first event of the answer.
    ///
    /// @return false when it has another form than expected
    private static boolean enter(BsonReader reader) {
        reader.readStartDocument();
        if (!goTo(reader, "cursor", BsonType.DOCUMENT)) {
            return false;
        }
        reader.readStartDocument();
        if (!goTo(reader, "nextBatch", BsonType.ARRAY)) {
            return false;
        }
        reader.readStartArray();
        return true;
    }

    private static boolean goTo(BsonReader reader, String field, BsonType type) {
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            if (reader.readName().equals(field) && reader.getCurrentBsonType() == type) {
                return true;
            }
            reader.skipValue();
        }
        return false;
    }

    /// The token of the event that is read next.
    private static @Nullable String token(BsonReader reader) {
        reader.readStartDocument();
        if (!goTo(reader, "_id", BsonType.DOCUMENT)) {
            return null;
        }
        reader.readStartDocument();
        return goTo(reader, "_data", BsonType.STRING) ? reader.readString() : null;
    }

    void onPoll(long now) {
        // One cursor, read by one thread: the next poll is sent when all of the one before was taken. A busy stream
        // polls many times a second, and few of these have to be remembered.
        if (hadAll && (over.isEmpty() || now - over.getFirst().over() >= MARGIN_MILLIS)) {
            over.addFirst(new Poll(started, now));
            if (over.size() > KEPT) {
                over.removeLast();
            }
        }
        started = now;
        hadAll = false;
    }

    /// @param waited whether it came no sooner than it had to when there is nothing
    void onAnswer(Answer read, boolean waited, long now) {
        if (!read.empty()) {
            emptySince = 0;
        } else if (emptySince == 0) {
            emptySince = started;
        }
        hadAll = !read.full() && (!read.byPieces() || (read.empty() && (waited || now - emptySince >= QUIET_MILLIS)));
        String token = read.lastToken();
        if (token != null) {
            ends.addFirst(token);
            if (ends.size() > KEPT) {
                ends.removeLast();
            }
        }
    }

    /// Whether MongoDB had no more when it gave the event of this token, so that every event of the same
    /// cluster time is there: an operation's events become visible together. False when that is not known.
    synchronized boolean isLast(BsonDocument token) {
        return token.get("_data") instanceof BsonString data && ends.contains(data.getValue());
    }

    /// Since when an engine has had nothing to deliver that says so at some moment.
    ///
    /// @param saidMillis when it said so, our clock
    /// @return 0 when that is not known
    synchronized long idleSince(long saidMillis) {
        for (Poll poll : over) {
            if (poll.over() + MARGIN_MILLIS <= saidMillis) {
                return poll.started();
            }
        }
        return 0;
    }
}
