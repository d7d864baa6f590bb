package dev.sluice.service.simulation;

import com.mongodb.MongoSocketReadException;
import com.mongodb.ServerAddress;
import com.mongodb.ServerCursor;
import com.mongodb.client.MongoCursor;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.DocumentSource;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Namespace;
import dev.sluice.source.mongo.MongoSource.Piece;
import dev.sluice.threads.Threads;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// A replica set with the whole history of its documents, which are `{_id, v}`; each state of a document has
/// a `v` of its own. Keeps these promises, and no more:
///
/// - a change stream delivers every change, in the order of the oplog, from a cluster time on
///   (`startAtOperationTime`), and after a break from where it is started again; those of one cluster time
///   may be in several batches
/// - an insert or replace carries the document as it was then. An update carries what a look-up found, which
///   is the state of any time from the change on (MongoDB manual, Change Streams, "Lookup Full Document for
///   Update Operations"), and nothing when the document was gone by then
/// - an update of a field that nothing reads ([Kind#IRRELEVANT]) is an event of its own, which the source may leave
///   out: then only the position moves over it
/// - a read with `afterClusterTime` shows each document as it was at that time or later, as a majority had
///   it. What a cursor brings is no snapshot: each document may be from another time (manual, "Read
///   Isolation, Consistency, and Recency", "Non-Point-in-Time Read Operations")
/// - a cursor, and a stream, may be lost at any time
/// - an operation time's seconds are never behind the server's wall clock
final class SimulatedMongo implements DocumentSource {
    static final int IDS = 4;

    private static final int VERSIONS = 64;
    private static final RawBsonDocument[][] DOCUMENTS = new RawBsonDocument[IDS][VERSIONS];

    static {
        for (int id = 0; id < IDS; id++) {
            for (int version = 0; version < VERSIONS; version++) {
                DOCUMENTS[id][version] = ExactBson.document(
                        new BsonDocument("_id", new BsonInt64(id)).append("v", new BsonInt32(version)));
            }
        }
    }

    private static final long WALL_BEGIN = 1_000_000;

    private final World world;
    private final Scheduler scheduler;
    private final List<Event> oplog = new ArrayList<>();
    private final Map<String, History[]> histories = new HashMap<>();
    private long now = time(1_000, 1);
    private long wallMillis = WALL_BEGIN;
    private int versions;

    /// What an event of the oplog is.
    enum Kind {
        INSERT,
        UPDATE,
        /// An update after which the document is the same to the mapping.
        IRRELEVANT,
        REPLACE,
        DELETE
    }

    /// @param version the document's `v` from then on; 0 for none
    /// @param last of its cluster time
    record Event(long time, String collection, int id, Kind kind, int version, boolean last, long wallMillis) {
        @Override
        public String toString() {
            return kind.name().toLowerCase(Locale.ROOT) + " of " + collection + id
                    + (version == 0 ? "" : " v" + version) + " at " + text(time);
        }
    }

    /// The states of one document.
    static final class History {
        private long[] times = new long[8];
        private int[] versions = new int[8];
        private int count;

        private void add(long time, int version) {
            if (count == times.length) {
                times = java.util.Arrays.copyOf(times, 2 * count);
                versions = java.util.Arrays.copyOf(versions, 2 * count);
            }
            times[count] = time;
            versions[count++] = version;
        }

        /// @return 0 where there was no document
        int at(long time) {
            for (int i = count - 1; i >= 0; i--) {
                if (times[i] <= time) {
                    return versions[i];
                }
            }
            return 0;
        }

        /// Whether the document was so at some moment from a time on.
        boolean wasFrom(long time, int version) {
            for (int i = count - 1; i >= 0; i--) {
                if (versions[i] == version) {
                    return true;
                }
                if (times[i] <= time) {
                    return false;
                }
            }
            return version == 0;
        }
    }

    SimulatedMongo(World world) {
        this.world = world;
        this.scheduler = world.scheduler();
        for (String collection : World.COLLECTIONS) {
            History[] all = new History[IDS];
            for (int i = 0; i < IDS; i++) {
                all[i] = new History();
            }
            histories.put(collection, all);
        }
    }

    static long time(int seconds, int increment) {
        return ((long) seconds << 32) | increment;
    }

    static String text(long time) {
        return (time >>> 32) + "." + (int) time;
    }

    History history(String collection, int id) {
        History[] all = histories.get(collection);
        if (all == null) {
            throw new IllegalArgumentException("no such collection");
        }
        return all[id];
    }

    /// The newest operation.
    long now() {
        return now;
    }

    List<Event> oplog() {
        return oplog;
    }

    /// Writes documents in one transaction, each once.
    void write(List<Write> writes) {
        wallMillis += 400;
        int seconds = (int) Math.max(now >>> 32, wallMillis / 1_000);
        now = seconds == now >>> 32 ? now + 1 : time(seconds, 1);
        for (int i = 0; i < writes.size(); i++) {
            Write write = writes.get(i);
            History history = history(write.collection(), write.id());
            boolean there = history.at(now) != 0;
            Kind kind = there ? write.kind() : Kind.INSERT;
            int version = switch (kind) {
                case DELETE -> 0;
                case IRRELEVANT -> history.at(now);
                case INSERT, UPDATE, REPLACE -> ++versions;
            };
            history.add(now, version);
            Event event =
                    new Event(now, write.collection(), write.id(), kind, version, i == writes.size() - 1, wallMillis);
            oplog.add(event);
            if (scheduler.isHeard()) {
                scheduler.say("MongoDB: " + event);
            }
        }
    }

    /// @param kind where the document is there; else it is inserted
    record Write(String collection, int id, Kind kind) {}

    private static RawBsonDocument document(int id, int version) {
        return DOCUMENTS[id][version];
    }

    /// A position that is now: before every event of the next operation's time.
    Position currentPosition() {
        return highWaterMark(now + 1);
    }

    private static Position highWaterMark(long time) {
        return Position.of(token(time, "29"), null);
    }

    /// @param ordinal of the event in the oplog, so that tokens differ
    private static Position after(Event event, int ordinal) {
        return Position.of(token(event.time(), "2c0100" + "%04x".formatted(ordinal)), new BsonTimestamp(event.time()));
    }

    private static BsonDocument token(long time, String rest) {
        return new BsonDocument("_data", new BsonString("82%016x2b04%s".formatted(time, rest)));
    }

    /// Up to which time everything is applied where a position is.
    long appliedThrough(Position position) {
        BsonTimestamp newest = position.newestOperation();
        if (newest == null) {
            throw new IllegalStateException("a token of another form");
        }
        String token = position.resumeToken().getString("_data").getValue();
        if (token.startsWith("29", 22)) {
            return newest.getValue();
        }
        int ordinal = Integer.parseInt(token.substring(28), 16);
        return oplog.get(ordinal).last() ? newest.getValue() : newest.getValue() - 1;
    }

    MongoSource.Hello hello() {
        return new MongoSource.Hello("rs", new BsonTimestamp(now), wall(), Duration.ZERO, Duration.ZERO);
    }

    Instant wall() {
        return Instant.ofEpochMilli(wallMillis);
    }

    private long readAt(@Nullable BsonTimestamp notBefore) {
        return someTimeFrom(notBefore == null || world.broken(Rule.READ_NOT_BEFORE) ? 0 : notBefore.getValue());
    }

    /// Any time from one on; now is the first choice.
    private long someTimeFrom(long from) {
        if (from > now) {
            throw new AssertionError(
                    "a read is to be from after " + text(from) + ", a time that the server has not had");
        }
        int later = 0;
        for (int i = oplog.size() - 1; i >= 0 && oplog.get(i).time() > from && later < 8; i--) {
            later++;
        }
        int back = later == 0 ? 0 : world.choices().next(later + 1);
        return back == 0 ? now : oplog.get(oplog.size() - back).time() - 1;
    }

    private void mayBeLost() {
        if (world.fault(24)) {
            scheduler.say("loses its cursor");
            throw new MongoSocketReadException("gone", new ServerAddress());
        }
    }

    @Override
    public Optional<Namespace.Kind> kind(String name) {
        return Optional.of(Namespace.Kind.COLLECTION);
    }

    @Override
    public long estimate(String collection) {
        scheduler.step();
        return IDS;
    }

    @Override
    public DocumentReader readAll(String collection, int batch, @Nullable BsonTimestamp notBefore) {
        return reader(collection, 0, IDS - 1, notBefore);
    }

    @Override
    public DocumentReader readRange(String collection, IdRange range, int batch, @Nullable BsonTimestamp notBefore) {
        BsonValue upTo = range.upTo();
        return range.bracket() == IdBracket.NUMBER
                ? reader(collection, first(range), upTo == null ? IDS - 1 : id(upTo), notBefore)
                : reader(collection, 0, -1, notBefore);
    }

    private static int first(IdRange range) {
        BsonValue after = range.after();
        return after == null ? 0 : id(after) + 1;
    }

    private static int id(BsonValue id) {
        return (int) id.asInt64().getValue();
    }

    private DocumentReader reader(String collection, int from, int upTo, @Nullable BsonTimestamp notBefore) {
        scheduler.step();
        if (scheduler.isHeard()) {
            scheduler.say("opens a cursor on " + collection + ", not before " + text(notBefore));
        }
        return new DocumentReader(new Cursor(collection, from, upTo, notBefore), () -> {});
    }

    private static String text(@Nullable BsonTimestamp time) {
        return time == null ? "anything" : text(time.getValue());
    }

    private final class Cursor implements MongoCursor<RawBsonDocument> {
        private final String collection;
        private final int upTo;
        private final @Nullable BsonTimestamp notBefore;
        private int id;
        private @Nullable RawBsonDocument found;

        Cursor(String collection, int from, int upTo, @Nullable BsonTimestamp notBefore) {
            this.collection = collection;
            this.id = from;
            this.upTo = upTo;
            this.notBefore = notBefore;
        }

        @Override
        public boolean hasNext() {
            while (found == null && id <= upTo) {
                scheduler.step();
                mayBeLost();
                long at = readAt(notBefore);
                int version = history(collection, id).at(at);
                if (version != 0) {
                    found = document(id, version);
                    if (scheduler.isHeard()) {
                        scheduler.say("reads " + collection + id + " v" + version + ", as at " + text(at));
                    }
                }
                id++;
            }
            return found != null;
        }

        @Override
        public RawBsonDocument next() {
            RawBsonDocument next = found;
            if (next == null) {
                throw new NoSuchElementException();
            }
            found = null;
            return next;
        }

        @Override
        public int available() {
            return 0;
        }

        @Override
        public @Nullable RawBsonDocument tryNext() {
            throw new UnsupportedOperationException();
        }

        @Override
        public @Nullable ServerCursor getServerCursor() {
            return null;
        }

        @Override
        public ServerAddress getServerAddress() {
            return new ServerAddress();
        }

        @Override
        public void close() {}
    }

    @Override
    public Piece read(
            String collection, IdRange range, int documentsMax, long bytesMax, @Nullable BsonTimestamp notBefore) {
        List<RawBsonDocument> documents = new ArrayList<>();
        if (range.bracket() == IdBracket.NUMBER) {
            for (int id = first(range); id < IDS; id++) {
                if (documents.size() == World.DOCUMENTS_AT_ONCE) {
                    return new Piece(documents, documents.size(), false);
                }
                add(documents, collection, id, notBefore);
            }
        }
        return new Piece(documents, documents.size(), true);
    }

    @Override
    public Piece read(String collection, List<BsonValue> ids, long bytesMax, @Nullable BsonTimestamp notBefore) {
        List<RawBsonDocument> documents = new ArrayList<>();
        for (int id : ids.stream().mapToInt(SimulatedMongo::id).distinct().toArray()) {
            add(documents, collection, id, notBefore);
        }
        return new Piece(documents, documents.size(), true);
    }

    private void add(List<RawBsonDocument> documents, String collection, int id, @Nullable BsonTimestamp notBefore) {
        scheduler.step();
        long at = readAt(notBefore);
        int version = history(collection, id).at(at);
        if (scheduler.isHeard()) {
            scheduler.say((version == 0 ? "does not find " : "finds ") + collection + id
                    + (version == 0 ? "" : " v" + version) + ", as at " + text(at));
        }
        if (version != 0) {
            documents.add(document(id, version));
        }
    }

    @Override
    public List<BsonValue> ids(String collection, IdRange range, int most, @Nullable BsonTimestamp notBefore) {
        List<BsonValue> ids = new ArrayList<>();
        if (range.bracket() == IdBracket.NUMBER) {
            List<RawBsonDocument> documents = new ArrayList<>();
            for (int id = first(range); id < IDS; id++) {
                add(documents, collection, id, notBefore);
            }
            documents.forEach(document -> ids.add(ExactBson.id(document)));
        }
        return ids;
    }

    @Override
    public void forEachId(String collection, @Nullable BsonTimestamp notBefore, Consumer<BsonValue> reader) {
        ids(collection, IdRange.all(IdBracket.NUMBER), IDS, notBefore).forEach(reader);
    }

    @Override
    public List<BsonValue> sampleIds(String collection, int most) {
        return List.of();
    }

    @Override
    public List<BsonValue> idsWithin(String collection, List<BsonValue> ids, IdRange range) {
        return List.of();
    }

    /// Opens the stream behind a position.
    ChangeSource stream(Threads threads, MemoryBudget memory, Position from, ChangeSource.Handler handler) {
        return new Stream(threads, memory, from, handler);
    }

    private final class Stream implements ChangeSource {
        private final MemoryBudget memory;
        private final Handler handler;
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final Thread thread;
        private int at;
        private boolean closed;

        Stream(Threads threads, MemoryBudget memory, Position from, Handler handler) {
            this.memory = memory;
            this.handler = handler;
            BsonTimestamp time = from.clusterTime();
            if (time == null) {
                throw new IllegalStateException("a position without a time");
            }
            long begin = world.broken(Rule.STREAM_OPENS_AT_ITS_TIME) ? time.getValue() + 1 : time.getValue();
            while (at < oplog.size() && oplog.get(at).time() < begin) {
                at++;
            }
            this.thread = threads.start("sluice-stream", this::run);
        }

        private void run() {
            try {
                while (!closed) {
                    if (at < oplog.size()) {
                        scheduler.step();
                        if (closed) {
                            break;
                        }
                        if (world.fault(16)) {
                            scheduler.say("breaks off");
                            throw new SluiceException(FailureKind.SOURCE_UNREACHABLE, "the stream broke off");
                        }
                        deliver();
                    } else {
                        scheduler.rest();
                        if (!closed && at == oplog.size()) {
                            say("says that there is nothing more up to ", now);
                            hand(new ChangeBatch(List.of(), highWaterMark(now + 1), new BsonTimestamp(now)));
                        }
                    }
                }
                ended.complete(null);
            } catch (SluiceException | InterruptedException e) {
                ended.completeExceptionally(e);
            }
        }

        private void say(String what, long time) {
            if (scheduler.isHeard()) {
                scheduler.say(what + SimulatedMongo.text(time));
            }
        }

        private void deliver() throws InterruptedException {
            int count = 1 + world.choices().next(Math.min(3, oplog.size() - at));
            List<Change> changes = new ArrayList<>();
            Event last = oplog.get(at);
            for (int i = 0; i < count; i++) {
                last = oplog.get(at++);
                // One is taken all the same, now and then.
                if (last.kind() != Kind.IRRELEVANT || world.choices().oneIn(4)) {
                    changes.add(change(last));
                }
            }
            long through = last.last() ? last.time() : last.time() - 1;
            if (world.broken(Rule.WATERMARK_EXACT)) {
                through = at < oplog.size() ? oplog.get(at).time() : last.time();
            }
            if (scheduler.isHeard()) {
                scheduler.say("delivers " + changes.stream().map(Stream::text).toList() + ", everything through "
                        + SimulatedMongo.text(through));
            }
            hand(new ChangeBatch(changes, after(last, at - 1), new BsonTimestamp(through)));
        }

        private static String text(Change change) {
            String what = switch (change) {
                case Change.Upsert upsert ->
                    " v" + upsert.document().getInt32("v").getValue();
                case Change.Delete delete -> " deleted";
                case Change.Unresolved unresolved -> " updated, and gone since";
            };
            return change.collection() + change.id().asInt64().getValue() + what;
        }

        private void hand(ChangeBatch batch) throws InterruptedException {
            handler.onBatch(batch, memory.acquireNothing());
        }

        private Change change(Event event) {
            BsonInt64 id = new BsonInt64(event.id());
            BsonTimestamp time = new BsonTimestamp(event.time());
            int version = event.version();
            if (event.kind() == Kind.UPDATE || event.kind() == Kind.IRRELEVANT) {
                version = history(event.collection(), event.id()).at(someTimeFrom(event.time()));
                if (version == 0) {
                    return new Change.Unresolved(event.collection(), id, time, event.wallMillis());
                }
            }
            return version == 0
                    ? new Change.Delete(event.collection(), id, time, event.wallMillis())
                    : new Change.Upsert(
                            event.collection(), id, document(event.id(), version), time, event.wallMillis());
        }

        @Override
        public int pending() {
            return 0;
        }

        @Override
        public CompletableFuture<Void> ended() {
            return ended;
        }

        @Override
        public void close() {
            closed = true;
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
