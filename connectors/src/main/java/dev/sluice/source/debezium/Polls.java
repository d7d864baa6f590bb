package dev.sluice.source.debezium;

import com.mongodb.connection.ServerType;
import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import com.mongodb.event.CommandSucceededEvent;
import dev.sluice.change.Position;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
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

/// When MongoDB was asked for what the engine has delivered to the end: a stream that has got to the last
/// of an answer, of which there was no more, has nothing from before that poll. That an engine says it is
/// idle shows nothing of the kind: it may wait for a slow answer, have answers in its own buffer, and says
/// so between two changes as well. And which changes were the last that there were: those whose answer was
/// not full.
///
/// A mongod gives all there is, up to what an answer can hold. The stand-ins look through so many entries
/// of their oplog and answer with what is among them, though more follows: there only silence is an end.
///
/// Hears of the driver's commands on the engine's threads, is asked by the one that delivers.
final class Polls implements CommandListener {
    private static final String POLL = "getMore";

    /// Places remembered: enough for an engine that is some seconds behind with what came.
    private static final int KEPT = 256;

    /// MongoDB ends an answer before an event that would make it larger than 16 MB. An answer of less than
    /// this could only have been ended by an event of nearly 16 MB.
    private static final int NOT_FULL_BYTES = 1 << 20;

    /// How long a server that looks through its oplog by pieces must have had nothing but empty answers,
    /// when they come too quickly to have waited at its end: something else is written there all the time.
    private static final long QUIET_MILLIS = 2_000;

    private static final Map<String, Polls> OPEN = new ConcurrentHashMap<>();

    /// What MongoDB answered.
    ///
    /// @param empty whether there was no event
    /// @param full whether there may have been more
    /// @param byPieces whether the server may give less than fits, though more follows
    /// @param lastToken the resume token of the last event; null when there is none, or it may not be the
    ///     last
    /// @param goOnFrom the resume token of the place up to which it looked; null when it does not say
    record Answer(
            boolean empty,
            boolean full,
            boolean byPieces,
            @Nullable String lastToken,
            @Nullable String goOnFrom) {
        /// Says nothing.
        static final Answer UNKNOWN = new Answer(false, true, true, null, null);

        private Answer withoutLastToken() {
            return new Answer(empty, full, byPieces, null, goOnFrom);
        }
    }

    /// When the poll was sent, our clock, that had all there was up to a place; by the place's token.
    private final SequencedMap<String, Long> asked = new LinkedHashMap<>();

    /// Tokens of the last events of answers, the latest last.
    private final SequencedSet<String> ends = new LinkedHashSet<>();
    private long started;
    private long batchSize;
    private long waitMillis = Long.MAX_VALUE;
    private long emptySince;

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
            onAnswer(routed ? read.withoutLastToken() : read, waited, System.currentTimeMillis());
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
            BsonDocument goOnFrom = goOnFrom(raw);
            boolean byPieces = goOnFrom == null || !new Position(goOnFrom, null).movesWhenIdle();
            return new Answer(count == 0, full, byPieces, lastToken, goOnFrom == null ? null : data(goOnFrom));
        }
    }

    private static @Nullable BsonDocument goOnFrom(BsonDocument response) {
        return response.get("cursor") instanceof BsonDocument cursor
                        && cursor.get("postBatchResumeToken") instanceof BsonDocument token
                ? token
                : null;
    }

    private static @Nullable String data(BsonDocument token) {
        return token.get("_data") instanceof BsonString data ? data.getValue() : null;
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
        started = now;
    }

    /// @param waited whether it came no sooner than it had to when there is nothing
    void onAnswer(Answer read, boolean waited, long now) {
        if (!read.empty()) {
            emptySince = 0;
        } else if (emptySince == 0) {
            emptySince = started;
        }
        boolean all =
                !read.full() && (!read.byPieces() || (read.empty() && (waited || now - emptySince >= QUIET_MILLIS)));
        if (all) {
            remember(read.lastToken());
            remember(read.goOnFrom());
        }
        String token = read.lastToken();
        if (token != null) {
            ends.addLast(token);
            if (ends.size() > KEPT) {
                ends.removeFirst();
            }
        }
    }

    private void remember(@Nullable String token) {
        if (token != null) {
            asked.putLast(token, started);
            if (asked.size() > KEPT) {
                asked.pollFirstEntry();
            }
        }
    }

    /// Whether MongoDB had no more when it gave the event of this token, so that every event of the same
    /// cluster time is there: an operation's events become visible together. False when that is not known.
    synchronized boolean isLast(BsonDocument token) {
        String data = data(token);
        return data != null && ends.contains(data);
    }

    /// Since when a stream has nothing to deliver that has got to this place: everything that could be read
    /// when this poll was sent is delivered. Tokens come in the order of events, and the same one twice
    /// only when there was nothing in between.
    ///
    /// @return our clock; 0 when that is not known
    synchronized long idleSince(BsonDocument token) {
        String data = data(token);
        return data == null ? 0 : asked.getOrDefault(data, 0L);
    }
}
