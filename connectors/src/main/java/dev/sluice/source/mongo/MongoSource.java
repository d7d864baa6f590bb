package dev.sluice.source.mongo;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoExecutionTimeoutException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.client.ChangeStreamIterable;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.change.IdText;
import dev.sluice.change.Position;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// What is asked of MongoDB directly. Any thread.
public final class MongoSource implements DocumentSource, AutoCloseable {
    private static final int UNAUTHORIZED = 13;
    private static final Duration SERVER_SELECTION = Duration.ofSeconds(10);
    private static final Duration SOCKET_READ = Duration.ofSeconds(60);
    /// The server begins with 101 documents where it is not told.
    private static final int BATCH_LEAST = 2;

    private static final int READ_ALL_BATCH = 5_000;

    private static final BsonArray OTHER_TYPES = new BsonArray(Stream.of(
                    BsonType.UNDEFINED,
                    BsonType.REGULAR_EXPRESSION,
                    BsonType.DB_POINTER,
                    BsonType.JAVASCRIPT,
                    BsonType.JAVASCRIPT_WITH_SCOPE)
            .map(type -> new BsonInt32(type.getValue()))
            .toList());

    /// A mongod picks by random in the index, which takes it milliseconds; for a part of the collection that is
    /// too large for that it goes through all of it.
    private static final Duration SAMPLE_MAX = Duration.ofSeconds(5);

    private final MongoClient client;
    private final CausalSessions sessions;
    private final String uri;
    private final String database;
    private final InstantSource clock;
    private final ReadLimit readLimit = new ReadLimit();

    /// @throws SluiceException of kind BAD_SETTING when the URI is none; the message does not repeat it
    public MongoSource(String uri, String database) {
        this(uri, database, InstantSource.system());
    }

    /// @param clock our wall clock, with which MongoDB's is compared
    /// @throws SluiceException of kind BAD_SETTING when the URI is none; the message does not repeat it
    public MongoSource(String uri, String database, InstantSource clock) {
        this.clock = clock;
        this.uri = uri;
        this.database = database;
        try {
            this.client = MongoClients.create(settings(uri).build());
            this.sessions = new CausalSessions(client);
        } catch (IllegalArgumentException | MongoException e) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "MONGO_URI: it is not of the form mongodb://user:password@host:port/?replicaSet=name or mongodb+srv://..",
                    e);
        }
    }

    private static MongoClientSettings.Builder settings(String uri) {
        MongoClientSettings.Builder settings = MongoClientSettings.builder()
                .applicationName("sluice")
                .applyToClusterSettings(
                        b -> b.serverSelectionTimeout(SERVER_SELECTION.toMillis(), TimeUnit.MILLISECONDS))
                .applyToSocketSettings(b ->
                        b.connectTimeout(10, TimeUnit.SECONDS).readTimeout(SOCKET_READ.toSeconds(), TimeUnit.SECONDS))
                .applyConnectionString(new ConnectionString(MongoTls.forDriver(uri)));
        MongoTls.of(uri).apply(settings);
        return settings;
    }

    /// How fast all that reads documents through this may read them.
    public ReadLimit readLimit() {
        return readLimit;
    }

    /// How late the secondaries are, see [Secondaries#lag].
    @Override
    public Optional<Duration> replicaLag() {
        return new Secondaries(client).lag();
    }

    @Override
    public int atATime(int wanted) {
        return readLimit.atATime(wanted);
    }

    public String database() {
        return database;
    }

    /// For asking whether it answers: a client of its own, whatever time-outs the URI has.
    public MongoPulse pulse() {
        int most = (int) MongoPulse.ANSWER_MAX.toMillis();
        return new MongoPulse(MongoClients.create(settings(uri)
                .applyToClusterSettings(b -> b.serverSelectionTimeout(most, TimeUnit.MILLISECONDS))
                .applyToSocketSettings(
                        b -> b.connectTimeout(most, TimeUnit.MILLISECONDS).readTimeout(most, TimeUnit.MILLISECONDS))
                .applyToConnectionPoolSettings(b -> b.minSize(0).maxSize(1))
                .build()));
    }

    /// Our wall clock, with which MongoDB's is compared.
    public InstantSource clock() {
        return clock;
    }

    /// The survey of MongoDB before the copy. Usable for as long as this is open.
    public SourceSurvey survey() {
        return new SourceSurvey(client, database);
    }

    /// Which deployment it is.
    ///
    /// @param collections whose identifiers are wanted
    /// @throws SluiceException when it can't be asked
    public Deployment deployment(Collection<String> collections) {
        return new DeploymentReader(client, database).read(collections);
    }

    /// Those of some collections that there are now, with MongoDB's identifiers of them in hex; empty where listing
    /// is not allowed, or the server gives none.
    public Optional<Map<String, String>> identifiers(Collection<String> collections) {
        return DeploymentReader.uuids(
                client.getDatabase(database).withReadPreference(ReadPreference.primary()), collections);
    }

    /// Watches collections themselves from a position on: one of such a watch, or of any stream of the
    /// database.
    ///
    /// @throws SluiceException of kind HISTORY_LOST when the oplog no longer holds the position
    public CollectionWatch watchCollections(Position after, Set<String> collections) {
        return new CollectionWatch(client, database, after, collections);
    }

    /// What has been in the change stream. Good for as long as this is open.
    public StreamHistory history() {
        return new StreamHistory(client, sessions, database);
    }

    /// What the server says of itself.
    ///
    /// @param replicaSet its name; empty for a sharded cluster
    /// @param lastWrite the newest operation in its oplog that a majority has
    /// @param freshAt who has applied everything up to that operation has all that a majority had at this
    ///     moment, by the server's clock
    /// @param clockOffset the server's clock minus ours, half the round trip taken out
    /// @param roundTrip how long the answer took: the offset may be off by half of it
    public record Hello(
            String replicaSet, BsonTimestamp lastWrite, Instant freshAt, Duration clockOffset, Duration roundTrip) {}

    /// @throws SluiceException of kind NOT_A_REPLICA_SET, SOURCE_UNREACHABLE or SOURCE_REFUSED
    public Hello hello() {
        try {
            Instant before = clock.instant();
            long sent = System.nanoTime();
            BsonDocument hello = client.getDatabase("admin")
                    .runCommand(new BsonDocument("hello", new BsonInt32(1)), BsonDocument.class);
            Duration roundTrip = Duration.ofNanos(System.nanoTime() - sent);
            Instant halfWay = before.plus(roundTrip.dividedBy(2));
            boolean sharded = hello.containsKey("msg")
                    && hello.get("msg").isString()
                    && hello.getString("msg").getValue().equals("isdbgrid");
            if (!hello.containsKey("setName") && !sharded) {
                throw new SluiceException(FailureKind.NOT_A_REPLICA_SET, "The server at MONGO_URI runs alone.");
            }
            Instant local = hello.containsKey("localTime")
                    ? Instant.ofEpochMilli(hello.getDateTime("localTime").getValue())
                    : halfWay;
            BsonTimestamp lastWrite = lastWrite(hello);
            return new Hello(
                    sharded ? "" : hello.getString("setName").getValue(),
                    lastWrite,
                    majorityHasAll(hello) ? local : instant(lastWrite),
                    Duration.between(halfWay, local),
                    roundTrip);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// MongoDB's newest operation. Reads as of this operation or later show everything that a majority has
    /// now.
    ///
    /// @return null where the server does not say
    /// @throws SluiceException as for [#hello]
    public @Nullable BsonTimestamp newestOperation() {
        BsonTimestamp newest = hello().lastWrite();
        return newest.getTime() == 0 ? null : newest;
    }

    /// The newest operation that the primary has executed, whether a majority has it or not. Every write that was
    /// acknowledged before has this operation time or an earlier one.
    ///
    /// @throws SluiceException as for [#hello]
    public BsonTimestamp newestWrite() {
        try {
            BsonDocument hello = client.getDatabase("admin")
                    .runCommand(new BsonDocument("hello", new BsonInt32(1)), BsonDocument.class);
            BsonTimestamp own = lastWrite(hello, "opTime");
            return own == null ? lastWrite(hello) : own;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Whether nothing was written that a majority does not have, so that its newest operation stands for
    /// the moment of asking, and not for its own.
    private static boolean majorityHasAll(BsonDocument hello) {
        BsonTimestamp majority = lastWrite(hello, "majorityOpTime");
        BsonTimestamp own = lastWrite(hello, "opTime");
        return majority == null || own == null || majority.compareTo(own) >= 0;
    }

    private static @Nullable BsonTimestamp lastWrite(BsonDocument hello, String name) {
        return hello.get("lastWrite") instanceof BsonDocument last
                        && last.get(name) instanceof BsonDocument time
                        && time.get("ts") instanceof BsonTimestamp ts
                ? ts
                : null;
    }

    /// The newest operation that a majority has.
    static BsonTimestamp lastWrite(MongoClient client) {
        return lastWrite(client.getDatabase("admin")
                .runCommand(new BsonDocument("hello", new BsonInt32(1)), BsonDocument.class));
    }

    private static BsonTimestamp lastWrite(BsonDocument hello) {
        for (String name : List.of("majorityOpTime", "opTime")) {
            BsonTimestamp time = lastWrite(hello, name);
            if (time != null) {
                return time;
            }
        }
        return hello.get("operationTime") instanceof BsonTimestamp time ? time : new BsonTimestamp(0);
    }

    /// The URI as Debezium wants it: with the replica set's name, which it does not find out by itself.
    public String uriWithReplicaSet() {
        String replicaSet = hello().replicaSet();
        if (replicaSet.isEmpty() || uri.contains("replicaSet=") || uri.startsWith("mongodb+srv://")) {
            return uri;
        }
        return MongoTls.withOption(uri, "replicaSet=" + replicaSet);
    }

    /// The current position: what is committed after this call comes after it in the stream.
    public Position currentPosition() {
        try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor = watch().cursor()) {
            for (int poll = 0; poll < 20 && cursor.getResumeToken() == null; poll++) {
                cursor.tryNext();
            }
            BsonDocument token = cursor.getResumeToken();
            if (token == null) {
                throw new SluiceException(FailureKind.ENGINE, "MongoDB gave a change stream without a resume token.");
            }
            return Position.of(token, null);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Tries whether the stream can go on behind a position.
    ///
    /// @throws SluiceException of kind HISTORY_LOST, with the gap, when the oplog no longer holds it;
    ///     SOURCE_REPLACED when the oplog goes back so far, and does not have it; POSITION_UNKNOWN when MongoDB
    ///     can't read its token
    public void requireResumable(Position position) {
        Oplog oplog = oplog();
        oplog.requireHolds(position.clusterTime(), "Sluice was at");
        // Whatever change the position is of, it is among those that this shows: a stream can't be resumed behind one
        // that its own filter leaves out. Without the documents, which may be large.
        try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor = client.getDatabase(database)
                .watch(List.of(Aggregates.project(Projections.include("_id"))), RawBsonDocument.class)
                .batchSize(1)
                .comment(SourceDuties.STREAM_COMMENT)
                .maxAwaitTime(100, TimeUnit.MILLISECONDS)
                .resumeAfter(position.resumeToken())
                .cursor()) {
            cursor.tryNext();
        } catch (MongoException e) {
            if (LargeChanges.mayBeWhy(e, client.getDatabase(database))) {
                // It has found the position, and can't send what is behind it: the stream itself says more.
                return;
            }
            SluiceException known = Failures.classify(e);
            if (known.kind() == FailureKind.HISTORY_LOST) {
                throw oplog.lost(position.clusterTime(), "Sluice was at", e);
            }
            if (e.getCode() != Failures.CHANGE_STREAM_FATAL) {
                throw known;
            }
            // The stream is opened by time. The token is not needed for it, unless what it stands for is not there.
            BsonTimestamp time = position.clusterTime();
            if (time != null && oplog.lacks(time)) {
                throw new SluiceException(
                        FailureKind.SOURCE_REPLACED,
                        "Sluice was at " + instant(time)
                                + ", and there is no such operation in the oplog, which goes back further.",
                        e);
            }
        }
    }

    /// What MongoDB can't send of its changes. Good for as long as this is open.
    public LargeChanges largeChanges() {
        return new LargeChanges(client, database, Map.of());
    }

    /// How far the oplog goes back. Good for as long as this is open.
    public Oplog oplog() {
        return new Oplog(client);
    }

    private ChangeStreamIterable<RawBsonDocument> watch() {
        // The primary: a secondary's now may be before what has been read.
        return client.getDatabase(database)
                .withReadPreference(ReadPreference.primary())
                .watch(List.of(), RawBsonDocument.class)
                .comment(SourceDuties.STREAM_COMMENT)
                .maxAwaitTime(100, TimeUnit.MILLISECONDS);
    }

    /// About how many documents there are, from the collection's metadata; cheap, and off after an unclean
    /// shutdown.
    @Override
    public long estimate(String collection) {
        try {
            return collection(collection).estimatedDocumentCount();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// The indexes of a collection, as the command `listIndexes` has them.
    ///
    /// @return empty where the user may not see them
    public Optional<List<BsonDocument>> indexes(String collection) {
        try {
            return Optional.of(List.copyOf(
                    collection(collection).listIndexes(BsonDocument.class).into(new ArrayList<>())));
        } catch (MongoException e) {
            if (e.getCode() == UNAUTHORIZED) {
                return Optional.empty();
            }
            throw Failures.classify(e);
        }
    }

    /// The options of a collection, as the command `listCollections` has them: its validator, its
    /// collation.
    ///
    /// @return empty where there is no such collection, or the user may not see them
    public Optional<BsonDocument> options(String collection) {
        try {
            BsonDocument info = client.getDatabase(database)
                    .listCollections(BsonDocument.class)
                    .filter(Filters.eq("name", collection))
                    .first();
            return info != null && info.get("options") instanceof BsonDocument options
                    ? Optional.of(options)
                    : Optional.empty();
        } catch (MongoException e) {
            if (e.getCode() == UNAUTHORIZED) {
                return Optional.empty();
            }
            throw Failures.classify(e);
        }
    }

    /// MongoDB's block of all writes but its own.
    public WriteBlock writeBlock() {
        return new WriteBlock(client);
    }

    /// What MongoDB does by itself for collections, and who else follows them.
    public SourceDuties duties() {
        return new SourceDuties(client, database);
    }

    /// How many documents there are, counted.
    public long count(String collection) {
        try {
            return collection(collection).countDocuments();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// The database's collections, in alphabetical order, without MongoDB's own; empty where listing them
    /// is not allowed.
    public List<String> collections() {
        try {
            return client.getDatabase(database).listCollectionNames().into(new ArrayList<>()).stream()
                    .filter(name -> !name.startsWith("system."))
                    .sorted()
                    .toList();
        } catch (MongoCommandException notAllowed) {
            return List.of();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// A collection or view of a database.
    ///
    /// @param kind whether it holds documents of its own
    public record Namespace(String name, Kind kind) {
        /// What holds documents, or seems to.
        public enum Kind {
            COLLECTION,
            /// Computed from others when it is read; it has no changes of its own.
            VIEW,
            /// MongoDB gives no change stream of it.
            TIME_SERIES
        }
    }

    /// The database's collections and views, in alphabetical order, without MongoDB's own.
    ///
    /// @throws SluiceException of kind SOURCE_REFUSED where listing them is not allowed
    public List<Namespace> namespaces() {
        try {
            List<Namespace> namespaces = new ArrayList<>();
            for (BsonDocument info : client.getDatabase(database).listCollections(BsonDocument.class)) {
                String name = info.getString("name").getValue();
                if (!name.startsWith("system.")) {
                    namespaces.add(new Namespace(name, kind(info)));
                }
            }
            namespaces.sort(Comparator.comparing(Namespace::name));
            return List.copyOf(namespaces);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// What a name stands for; empty where there is nothing of the name, or looking is not allowed.
    @Override
    public Optional<Namespace.Kind> kind(String name) {
        try {
            BsonDocument info = client.getDatabase(database)
                    .listCollections(BsonDocument.class)
                    .filter(Filters.eq("name", name))
                    .first();
            return Optional.ofNullable(info).map(MongoSource::kind);
        } catch (MongoCommandException notAllowed) {
            return Optional.empty();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private static Namespace.Kind kind(BsonDocument info) {
        String type = info.get("type") instanceof BsonString text ? text.getValue() : "collection";
        boolean timeSeries = type.equals("timeseries")
                || (info.get("options") instanceof BsonDocument options && options.containsKey("timeseries"));
        return timeSeries
                ? Namespace.Kind.TIME_SERIES
                : type.equals("view") ? Namespace.Kind.VIEW : Namespace.Kind.COLLECTION;
    }

    /// Reads some documents, picked at random by the server, none twice.
    ///
    /// @param most how many at most; fewer come where the server picks a document again
    /// @param notBefore as for [#read]
    public void sample(
            String collection, int most, @Nullable BsonTimestamp notBefore, Consumer<RawBsonDocument> reader) {
        Set<String> seen = new HashSet<>();
        try (ClientSession session = sessions.notBefore(notBefore);
                MongoCursor<RawBsonDocument> cursor = collection(collection)
                        .aggregate(session, List.of(Aggregates.sample(most)))
                        // Where the sample is a large part of the collection, the server sorts it.
                        .allowDiskUse(true)
                        .cursor()) {
            while (cursor.hasNext()) {
                RawBsonDocument document = cursor.next();
                if (seen.add(IdText.canonical(ExactBson.id(document)))) {
                    reader.accept(document);
                }
            }
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// The `_id`s of some documents, picked at random by the server, in the order in which it sorts them.
    ///
    /// @param most how many at most, some of them twice where the server picks a document again; none where it
    ///     can't do it in seconds
    @Override
    public List<BsonValue> sampleIds(String collection, int most) {
        try {
            List<BsonValue> ids = new ArrayList<>();
            for (RawBsonDocument document : collection(collection)
                    .aggregate(List.of(
                            Aggregates.sample(most),
                            Aggregates.project(Projections.include("_id")),
                            Aggregates.sort(Sorts.ascending("_id"))))
                    .maxTime(SAMPLE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                ids.add(ExactBson.id(document));
            }
            return ids;
        } catch (MongoExecutionTimeoutException tooSlow) {
            return List.of();
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Those of the `_id`s of documents that lie in a range, in the order in which MongoDB sorts them: it
    /// knows a collection's collation.
    ///
    /// @param ids all of the range's bracket; a few thousand at most, they travel in one command
    @Override
    public List<BsonValue> idsWithin(String collection, List<BsonValue> ids, IdRange range) {
        BsonDocument filter = in(ids);
        if (range.after() != null) {
            filter.append("$gt", range.after());
        }
        if (range.upTo() != null) {
            filter.append("$lte", range.upTo());
        }
        try (ClientSession session = sessions.notBefore(null);
                MongoCursor<RawBsonDocument> documents =
                        open(ExactFind.where(filter).onlyIds().inOrder(), collection, session)) {
            List<BsonValue> within = new ArrayList<>();
            documents.forEachRemaining(document -> within.add(ExactBson.id(document)));
            return within;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Reads the first `_id`s of a range in their order, as a majority has them and not from before
    /// `notBefore`.
    ///
    /// @param notBefore as for [#read]
    /// @return as many as asked for; fewer at the range's end
    @Override
    public List<BsonValue> ids(String collection, IdRange range, int most, @Nullable BsonTimestamp notBefore) {
        ExactFind find =
                within(range).onlyIds().inOrder().atMost(range.bracket().single() ? 0 : most);
        try (ClientSession session = sessions.notBefore(notBefore);
                MongoCursor<RawBsonDocument> documents = open(find, collection, session)) {
            List<BsonValue> ids = new ArrayList<>();
            documents.forEachRemaining(document -> ids.add(ExactBson.id(document)));
            return ids;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Those of the ids that are the `_id` of a document.
    ///
    /// @param ids a few hundred at most
    public Set<BsonValue> existingIds(String collection, Collection<BsonValue> ids) {
        try (ClientSession session = sessions.notBefore(null)) {
            Set<BsonValue> existing = new LinkedHashSet<>();
            for (List<BsonValue> some : IdPortions.of(ids)) {
                try (MongoCursor<RawBsonDocument> documents =
                        open(ExactFind.where(in(some)).onlyIds(), collection, session)) {
                    documents.forEachRemaining(document -> existing.add(ExactBson.id(document)));
                }
            }
            return existing;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// How many documents have an `_id` of a type, counted in its index.
    public long count(String collection, BsonType ofId) {
        try {
            return collection(collection).countDocuments(Filters.type("_id", ofId));
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Whether the role may list collections, so that an empty list means that there are none.
    public boolean listsCollections() {
        try {
            client.getDatabase(database).listCollectionNames().first();
            return true;
        } catch (MongoCommandException notAllowed) {
            return false;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// The average size of a collection's documents, bytes; 0 when it is empty or the server does not say.
    public long averageDocumentBytes(String collection) {
        try {
            BsonDocument stats = client.getDatabase(database)
                    .runCommand(new BsonDocument("collStats", new BsonString(collection)), BsonDocument.class);
            return stats.get("avgObjSize") instanceof BsonNumber average ? average.longValue() : 0;
        } catch (MongoCommandException notSaid) {
            return 0;
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private MongoCollection<RawBsonDocument> collection(String name) {
        return client.getDatabase(database)
                .getCollection(name, RawBsonDocument.class)
                .withReadConcern(ReadConcern.MAJORITY);
    }

    /// A piece of a collection in `_id` order.
    ///
    /// @param complete whether the bracket ends with it
    public record Piece(List<RawBsonDocument> documents, long bytes, boolean complete) {
        public Piece {
            documents = List.copyOf(documents);
        }

        /// The `_id` of the last document; null when there is none.
        public @Nullable BsonValue lastId() {
            return documents.isEmpty() ? null : ExactBson.id(documents.getLast());
        }
    }

    /// Reads the first piece of a range, as a majority has it and not from before `notBefore`: a stale
    /// secondary would bring a deleted document back.
    ///
    /// @param notBefore the stream's position when the piece's flight opened; null where that is unknown
    @Override
    public Piece read(
            String collection, IdRange range, int documentsMax, long bytesMax, @Nullable BsonTimestamp notBefore) {
        boolean single = range.bracket().single();
        int limit = single ? 0 : documentsMax;
        try (ClientSession session = sessions.notBefore(notBefore)) {
            List<RawBsonDocument> documents = new ArrayList<>();
            long bytes = 0;
            ExactFind find = within(range).inOrder().atMost(limit).inBatches(limit == 0 ? 0 : readLimit.atATime(limit));
            try (MongoCursor<RawBsonDocument> cursor = open(find, collection, session)) {
                while (cursor.hasNext()) {
                    RawBsonDocument document = cursor.next();
                    documents.add(document);
                    bytes += document.getByteBuffer().remaining();
                    if (!single && bytes >= bytesMax) {
                        return new Piece(documents, bytes, false);
                    }
                }
            }
            return new Piece(documents, bytes, single || documents.size() < documentsMax);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Reads a range in the order of its `_id`s, as a majority has it and not from before `notBefore`. What
    /// comes late may be from any time between the call and its arrival.
    ///
    /// @param batch how many documents MongoDB is to send at a time
    /// @param notBefore as for [#read]
    @Override
    public DocumentReader readRange(String collection, IdRange range, int batch, @Nullable BsonTimestamp notBefore) {
        return reader(collection, within(range), batch, notBefore);
    }

    /// Reads all documents of a collection, one bracket after the other, as [#readRange] does.
    @Override
    public DocumentReader readAll(String collection, int batch, @Nullable BsonTimestamp notBefore) {
        return reader(collection, ExactFind.all(), batch, notBefore);
    }

    /// Shows the `_id`s of all documents of a collection, in no order, as a majority has them and not from
    /// before `notBefore`.
    ///
    /// @param notBefore as for [#read]
    @Override
    public void forEachId(String collection, @Nullable BsonTimestamp notBefore, Consumer<BsonValue> reader) {
        try (ClientSession session = sessions.notBefore(notBefore)) {
            for (RawBsonDocument document : collection(collection)
                    .find(session)
                    .projection(Projections.include("_id"))
                    .batchSize(READ_ALL_BATCH)) {
                reader.accept(ExactBson.id(document));
            }
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    /// Shows all documents of a collection, one after the other.
    public void forEach(String collection, Consumer<RawBsonDocument> reader) {
        try (DocumentReader documents = readAll(collection, READ_ALL_BATCH, null)) {
            for (RawBsonDocument document = documents.peek(); document != null; document = documents.peek()) {
                documents.take();
                reader.accept(document);
            }
        }
    }

    /// How many documents MongoDB is to send at a time, so that a reply is no larger than what is held at a
    /// time, where documents are of about the same size.
    private int batch(String collection, int most) {
        long average = averageDocumentBytes(collection);
        int allowed = readLimit.atATime(most);
        return average == 0
                ? allowed
                : Math.clamp(
                        readLimit.bytesAtATime(MemoryBudget.piece()) / average,
                        Math.min(BATCH_LEAST, allowed),
                        allowed);
    }

    private DocumentReader reader(String collection, ExactFind find, int batch, @Nullable BsonTimestamp notBefore) {
        try {
            ClientSession session = sessions.notBefore(notBefore);
            try {
                return new DocumentReader(
                        open(find.inOrder().inBatches(batch(collection, batch)), collection, session), session::close);
            } catch (RuntimeException e) {
                session.close();
                throw e;
            }
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private MongoCursor<RawBsonDocument> open(ExactFind find, String collection, ClientSession session) {
        MongoCursor<RawBsonDocument> documents = find.open(client.getDatabase(database), collection, session);
        return find.idOnly() ? documents : new LimitedCursor(documents, readLimit);
    }

    /// Reads documents by their `_id`s, as a majority has them and not from before `notBefore`. Those that
    /// are not there are left out.
    ///
    /// @param bytesMax the piece ends with the document that reaches this many bytes, and is not complete
    /// @param notBefore the stream's position when the flight opened; null where that is unknown
    @Override
    public Piece read(String collection, List<BsonValue> ids, long bytesMax, @Nullable BsonTimestamp notBefore) {
        try (ClientSession session = sessions.notBefore(notBefore)) {
            List<RawBsonDocument> documents = new ArrayList<>();
            long bytes = 0;
            List<List<BsonValue>> portions = IdPortions.of(ids);
            // One command brings a document once, however often it is asked for.
            Set<String> seen = new HashSet<>();
            for (List<BsonValue> some : portions) {
                try (MongoCursor<RawBsonDocument> cursor = open(ExactFind.where(in(some)), collection, session)) {
                    while (cursor.hasNext()) {
                        RawBsonDocument document = cursor.next();
                        if (portions.size() > 1 && !seen.add(IdText.canonical(ExactBson.id(document)))) {
                            continue;
                        }
                        documents.add(document);
                        bytes += document.getByteBuffer().remaining();
                        if (bytes >= bytesMax) {
                            return new Piece(documents, bytes, false);
                        }
                    }
                }
            }
            return new Piece(documents, bytes, true);
        } catch (MongoException e) {
            throw Failures.classify(e);
        }
    }

    private static BsonDocument in(List<BsonValue> ids) {
        return new BsonDocument("$in", new BsonArray(ids));
    }

    private static ExactFind within(IdRange range) {
        IdBracket bracket = range.bracket();
        if (bracket == IdBracket.OTHER) {
            return ExactFind.where(new BsonDocument("$type", OTHER_TYPES));
        }
        if (bracket.single()) {
            return ExactFind.where(new BsonDocument("$eq", bracket.lowest()));
        }
        BsonDocument bounds = range.after() == null
                ? new BsonDocument("$gte", bracket.lowest())
                : new BsonDocument("$gt", range.after());
        if (range.upTo() != null) {
            bounds.append("$lte", range.upTo());
        }
        return ExactFind.where(bounds);
    }

    /// A cluster time as a time of day, to the second: the increment counts operations, not parts of a
    /// second.
    public static Instant instant(BsonTimestamp time) {
        return Instant.ofEpochSecond(time.getTime() & 0xFFFF_FFFFL);
    }

    @Override
    public void close() {
        client.close();
    }
}
