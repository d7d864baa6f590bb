package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.change.Change;
import dev.sluice.change.ChangeBatch;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.ReadByMapping;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.schema.MappingReader;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.RelevantFields;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceDuties;
import dev.sluice.testkit.ShortOplog;
import dev.sluice.testkit.TestingServers;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class DebeziumChangeSourceIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    /// Nothing but `a`.
    private static final Map<String, RelevantFields> RELEVANT =
            ReadByMapping.of(MappingReader.read("test.yaml", """
            mapping: test
            database: test
            collections:
              things: {table: things, key: {column: id, type: text}, columns: {a: integer}}
            """).collections());

    private MongoDatabase database;
    private MongoCollection<BsonDocument> things;
    private MongoSource source;
    private final List<ChangeBatch> batches = new CopyOnWriteArrayList<>();
    private final List<ChangeSource> started = new ArrayList<>();
    private final MemoryBudget memory = MemoryBudget.ofStream();

    @BeforeEach
    void open() {
        database = TestingServers.mongoDatabase();
        things = database.getCollection("things", BsonDocument.class);
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        // Change streams of a database that is not there yet are not what is looked at here.
        things.insertOne(BsonDocument.parse("{_id: 'before'}"));
    }

    @AfterEach
    void close() {
        started.forEach(ChangeSource::close);
        memory.close();
        source.close();
        database.drop();
    }

    @Test
    void changesArriveInOrderWithTheirIdsAndDocuments() {
        Position from = source.currentPosition();
        things.insertOne(BsonDocument.parse("{_id: 1, a: 1}"));
        things.insertOne(BsonDocument.parse("{_id: {$oid: '65a000000000000000000001'}, a: 1}"));
        things.updateOne(Filters.eq("_id", 1), Updates.set("a", 2));
        things.replaceOne(Filters.eq("_id", 1), BsonDocument.parse("{_id: 1, b: 3}"));
        things.deleteOne(Filters.eq("_id", 1));
        things.insertOne(BsonDocument.parse("{_id: {x: 'y'}, a: 1}"));
        start(from);

        List<Change> changes = awaitChanges(6);
        assertThat(changes).extracting(c -> c.getClass().getSimpleName()).startsWith("Upsert", "Upsert");
        assertThat(changes)
                .extracting(Change::id)
                .containsExactly(
                        new BsonInt32(1),
                        BsonDocument.parse("{v: {$oid: '65a000000000000000000001'}}")
                                .get("v"),
                        new BsonInt32(1),
                        new BsonInt32(1),
                        new BsonInt32(1),
                        BsonDocument.parse("{x: 'y'}"));
        // The look-up of the update may find a later state or, since it is deleted by now, none.
        assertThat(changes.get(2)).isInstanceOfAny(Change.Unresolved.class, Change.Upsert.class);
        assertThat(document(changes.get(3))).isEqualTo(BsonDocument.parse("{_id: 1, b: 3}"));
        assertThat(changes.get(4)).isInstanceOf(Change.Delete.class);
        assertThat(changes).extracting(Change::collection).containsOnly("things");
        assertThat(changes)
                .extracting(c -> c.clusterTime().getValue())
                .isSorted()
                .allMatch(time -> time != 0);
        assertThat(changes.getFirst().committedAtMillis())
                .isCloseTo(System.currentTimeMillis(), org.assertj.core.data.Offset.offset(120_000L));
    }

    @Test
    void theLastChangeThereWasIsKnownToBeTheLastOfItsTime() {
        start(source.currentPosition());
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        awaitChanges(1);
        things.insertOne(BsonDocument.parse("{_id: 2}"));
        Change alone = awaitChanges(2).getLast();

        assertThat(throughOf(changed().size() - 1)).isEqualTo(alone.clusterTime());
    }

    @Test
    void aServerThatIsStoppedSaysNothing() throws Exception {
        start(source.currentPosition());
        await().atMost(BOUND).until(() -> idle().size() >= 2);
        signal("STOP");
        int before;
        try {
            // What was on its way is here.
            TimeUnit.MILLISECONDS.sleep(500);
            before = idle().size();
            // Longer than the time between two of the stream's words.
            TimeUnit.MILLISECONDS.sleep(2_500);
            assertThat(idle()).hasSize(before);
        } finally {
            signal("CONT");
        }
        await().atMost(BOUND).until(() -> idle().size() > before);
    }

    @Test
    void itGoesOnThroughChangesThatAreNotAskedFor() {
        start(source.currentPosition());
        MongoCollection<BsonDocument> never = database.getCollection("never", BsonDocument.class);
        never.insertOne(BsonDocument.parse("{_id: 1}"));
        BsonTimestamp newest = source.hello().lastWrite();

        await().atMost(Duration.ofSeconds(10))
                .until(() -> idle().stream()
                        .anyMatch(b -> Objects.requireNonNull(b.through()).compareTo(newest) >= 0));
    }

    @Test
    void ofChangesThatAreNotAskedForItTellsWithoutWaitingForItsNextWord() {
        keep(DebeziumChangeSource.start(
                settings(Duration.ofHours(1)), memory, source.currentPosition(), this::onBatch));
        MongoCollection<BsonDocument> never = database.getCollection("never", BsonDocument.class);
        for (int i = 0; i < 5; i++) {
            never.insertOne(new BsonDocument("_id", new BsonInt32(i)));
            BsonTimestamp newest = source.hello().lastWrite();

            await().atMost(BOUND)
                    .until(() -> idle().stream()
                            .anyMatch(b -> Objects.requireNonNull(b.through()).compareTo(newest) >= 0));
        }
    }

    @Test
    void itsPositionMovesThroughALongStretchOfChangesThatAreNotAskedFor() {
        Position from = source.currentPosition();
        MongoCollection<BsonDocument> never = database.getCollection("never", BsonDocument.class);
        List<BsonTimestamp> times = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            BsonDocument document = new BsonDocument("_id", new BsonInt32(i));
            // Of all three times something is asked for; in between there is nothing but what is not.
            if (i % 2 == 0) {
                things.insertOne(document);
            }
            IntStream.range(0, 50).forEach(each -> never.insertOne(new BsonDocument()));
            times.add(source.hello().lastWrite());
            awaitNextSecond();
        }
        // Each arrival is a batch.
        keep(DebeziumChangeSource.start(settings(1), memory, from, this::onBatch));

        assertThat(awaitChanges(3))
                .extracting(Change::id)
                .startsWith(new BsonInt32(0))
                .endsWith(new BsonInt32(4));
        assertThat(changes().stream().map(Change::id).distinct()).hasSize(3);
        await().atMost(BOUND)
                .until(() -> idle().stream().map(this::through).anyMatch(t -> t.compareTo(times.getLast()) >= 0));
        // In each of them it was so far, before it was at the end.
        assertThat(idle().stream().map(this::through))
                .anyMatch(t -> t.compareTo(times.get(0)) > 0 && t.compareTo(times.get(3)) < 0)
                .isSorted();
        assertThat(idle())
                .allSatisfy(b -> assertThat(Objects.requireNonNull(b.upTo()).clusterTime())
                        .isGreaterThanOrEqualTo(b.through()));
    }

    private BsonTimestamp through(ChangeBatch batch) {
        return Objects.requireNonNull(batch.through());
    }

    /// Until MongoDB counts another second.
    private void awaitNextSecond() {
        int second = source.hello().lastWrite().getTime();
        await().atMost(BOUND).until(() -> {
            things.updateOne(Filters.eq("_id", "nobody"), Updates.set("a", 1));
            database.getCollection("never").insertOne(new Document());
            return source.hello().lastWrite().getTime() > second;
        });
    }

    @Test
    @Tag("long")
    void aStretchThatTakesLongerThanTheSocketsTimeOutIsPassed() {
        Position from = source.currentPosition();
        MongoCollection<BsonDocument> never = database.getCollection("never", BsonDocument.class);
        for (int i = 0; i < 200; i++) {
            never.insertMany(Stream.generate(BsonDocument::new).limit(10_000).toList());
        }
        things.insertOne(BsonDocument.parse("{_id: 'behind'}"));
        ChangeSource running = keep(DebeziumChangeSource.start(
                settings(4_096).withOverrides(Map.of("mongodb.socket.timeout.ms", "3000")),
                memory,
                from,
                this::onBatch));

        assertThat(awaitChanges(1)).extracting(Change::id).containsExactly(new BsonString("behind"));
        assertThat(running.ended()).isNotDone();
        assertThat(idle()).hasSizeGreaterThan(3);
    }

    @Test
    void ofATransactionNothingIsSaidBeforeAllOfItIsThere() {
        Position from = source.currentPosition();
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                ClientSession session = client.startSession()) {
            MongoCollection<BsonDocument> same =
                    client.getDatabase(database.getName()).getCollection("things", BsonDocument.class);
            session.withTransaction(() -> {
                for (int i = 0; i < 2_000; i++) {
                    same.insertOne(session, new BsonDocument("_id", new BsonInt32(i)));
                }
                return null;
            });
        }
        keep(DebeziumChangeSource.start(settings(100), memory, from, this::onBatch));
        List<Change> all = awaitChanges(2_000);
        BsonTimestamp time = all.getFirst().clusterTime();
        assertThat(all).allMatch(c -> c.clusterTime().equals(time));
        await().atMost(BOUND)
                .until(() -> idle().stream()
                        .anyMatch(b -> Objects.requireNonNull(b.through()).compareTo(time) >= 0));

        int seen = 0;
        for (ChangeBatch batch : batches) {
            seen += batch.changes().size();
            assertThat(seen == 2_000
                            || batch.through() == null
                            || batch.through().compareTo(time) < 0)
                    .as("%d of 2000", seen)
                    .isTrue();
        }
    }

    @Test
    void aChangeThatIsTooLargeForAnEventComesWithItsDocument() {
        Position from = source.currentPosition();
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        things.insertOne(BsonDocument.parse("{_id: 2}"));
        String longId = "k".repeat(300_000);
        BsonDocument large =
                new BsonDocument("_id", new BsonString(longId)).append("a", new BsonBinary(new byte[16_000_000]));
        things.insertOne(large);
        things.insertOne(BsonDocument.parse("{_id: 3}"));
        things.updateOne(Filters.eq("_id", longId), Updates.set("b", 1));
        things.deleteOne(Filters.eq("_id", 2));
        start(from);

        List<Change> changes = awaitChanges(6);
        assertThat(changes)
                .extracting(Change::id)
                .containsExactly(
                        new BsonInt32(1),
                        new BsonInt32(2),
                        new BsonString(longId),
                        new BsonInt32(3),
                        new BsonString(longId),
                        new BsonInt32(2));
        assertThat(document(changes.get(2)).getBinary("a").getData()).hasSize(16_000_000);
        assertThat(document(changes.get(4)).getInt32("b").getValue()).isEqualTo(1);
    }

    @Test
    void aChangeOfWhichNoEventFitsEndsTheStreamBehindWhatCameBefore() {
        Position from = source.currentPosition();
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        things.insertOne(new BsonDocument("_id", new BsonString("j".repeat(1_000_000))));
        things.insertOne(new BsonDocument("_id", new BsonString("k".repeat(5_000_000))));
        ChangeSource running = start(from);

        await().atMost(BOUND.multipliedBy(2))
                .until(() -> running.ended().isDone() || changes().size() == 3);
        if (changes().size() == 3) {
            // Of MongoDB 4.4: without its document the event still fits.
            assertThat(changes().getLast().id().asString().getValue()).hasSize(5_000_000);
            return;
        }
        assertThatThrownBy(() -> running.ended().get(BOUND.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .satisfies(e -> assertThat(Failures.classify(e).kind()).isEqualTo(FailureKind.CHANGE_TOO_LARGE))
                .satisfies(e -> assertThat(Failures.classify(e).getMessage())
                        .contains("The change of things at operation time ")
                        .contains("`sluice backfill --past ")
                        .doesNotContain("kkk")
                        .hasSizeLessThan(300));
        assertThat(changes()).hasSize(2);
    }

    private List<ChangeBatch> idle() {
        return batches.stream()
                .filter(b -> b.changes().isEmpty() && b.through() != null)
                .toList();
    }

    private EngineProperties settings(Duration heartbeat) {
        return settings(4_096, heartbeat);
    }

    private EngineProperties settings(int batchMax) {
        return settings(batchMax, Duration.ofSeconds(1));
    }

    private EngineProperties settings(int batchMax, Duration heartbeat) {
        return new EngineProperties(
                "test",
                source.uriWithReplicaSet(),
                database.getName(),
                List.of("things"),
                batchMax,
                Duration.ZERO,
                heartbeat,
                Duration.ofSeconds(1),
                Reading.LOOK_UPS_IN_BATCHES,
                Map.of(),
                Map.of(),
                Map.of());
    }

    /// Sends the server's process a signal.
    private static void signal(String name) throws Exception {
        String pid = Long.toString(TestingServers.mongo().pid().orElseThrow());
        assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor())
                .isZero();
    }

    @Test
    void nothingOfATimeComesAfterABatchThatIsSaidToHaveAllOfIt() {
        start(source.currentPosition());
        for (int i = 0; i < 20; i++) {
            int from = i * 1_000;
            things.insertMany(IntStream.range(from, from + 1_000)
                    .mapToObj(id -> new BsonDocument("_id", new BsonInt32(id)))
                    .toList());
        }
        List<Change> all = awaitChanges(20_000);

        int seen = 0;
        for (int i = 0; i < changed().size(); i++) {
            seen += changed().get(i).changes().size();
            BsonTimestamp through = throughOf(i);
            BsonTimestamp last = all.get(seen - 1).clusterTime();
            assertThat(through).isGreaterThanOrEqualTo(Watermark.before(last)).isLessThanOrEqualTo(last);
            if (seen < all.size()) {
                assertThat(all.get(seen).clusterTime()).isGreaterThan(through);
            }
        }
    }

    private List<ChangeBatch> changed() {
        return batches.stream().filter(b -> !b.changes().isEmpty()).toList();
    }

    private BsonTimestamp throughOf(int batch) {
        return Objects.requireNonNull(changed().get(batch).through());
    }

    @Test
    void anUpdateBringsTheWholeDocument() {
        Position from = source.currentPosition();
        start(from);
        things.updateOne(Filters.eq("_id", "before"), Updates.set("a", 2));

        assertThat(document(awaitChanges(1).getFirst())).isEqualTo(BsonDocument.parse("{_id: 'before', a: 2}"));
    }

    @Test
    @DisplayName("an update of what nothing reads is neither delivered nor looked up, and the position moves over it")
    void anIrrelevantUpdate() {
        AtomicInteger irrelevant = new AtomicInteger();
        Position from = source.currentPosition();
        things.updateOne(Filters.eq("_id", "before"), Updates.set("b", 1));
        keep(DebeziumChangeSource.start(settings().withRelevant(RELEVANT), memory, from, new ChangeSource.Handler() {
            @Override
            public void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) {
                DebeziumChangeSourceIT.this.onBatch(batch, lease);
            }

            @Override
            public void onIrrelevant(String collection) {
                irrelevant.incrementAndGet();
            }
        }));
        assertThat(document(awaitChanges(1).getFirst())).isEqualTo(BsonDocument.parse("{_id: 'before', b: 1}"));

        database.runCommand(new Document("profile", 2));
        for (int i = 2; i < 20; i++) {
            things.updateOne(Filters.eq("_id", "before"), Updates.set("b", i));
        }
        BsonTimestamp last = awaitAllThrough();
        database.runCommand(new Document("profile", 0));
        assertThat(changes()).hasSize(1);
        assertThat(irrelevant).hasValue(18);
        assertThat(lookUps()).isZero();
        assertThat(Objects.requireNonNull(lastPosition().clusterTime())).isGreaterThanOrEqualTo(last);

        things.updateOne(Filters.eq("_id", "before"), Updates.combine(Updates.set("a", 5), Updates.set("b", 20)));
        assertThat(document(awaitChanges(2).getLast())).isEqualTo(BsonDocument.parse("{_id: 'before', b: 20, a: 5}"));
    }

    @Test
    @DisplayName(
            "of a transaction that ends with an irrelevant update all else comes, and nothing before says that it is over")
    void anIrrelevantUpdateInATransaction() {
        Position from = source.currentPosition();
        things.updateOne(Filters.eq("_id", "before"), Updates.set("b", 1));
        keep(DebeziumChangeSource.start(settings().withRelevant(RELEVANT), memory, from, this::onBatch));
        awaitChanges(1);
        try (MongoClient client = MongoClients.create(TestingServers.mongo().uri());
                ClientSession session = client.startSession()) {
            MongoCollection<Document> inSession =
                    client.getDatabase(database.getName()).getCollection("things");
            session.withTransaction(() -> {
                inSession.updateOne(session, Filters.eq("_id", "before"), Updates.set("b", 2));
                inSession.updateOne(session, Filters.eq("_id", "before"), Updates.set("a", 2));
                inSession.updateOne(session, Filters.eq("_id", "before"), Updates.set("b", 3));
                return true;
            });
        }
        awaitAllThrough();

        BsonTimestamp time = awaitChanges(2).getLast().clusterTime();
        assertThat(batches.subList(0, batches.indexOf(changed().getLast())))
                .allMatch(b -> b.through() == null || b.through().compareTo(time) < 0);
    }

    private BsonTimestamp awaitAllThrough() {
        BsonTimestamp last = source.hello().lastWrite();
        await().atMost(BOUND)
                .until(() -> batches.stream()
                        .anyMatch(b -> b.through() != null && b.through().compareTo(last) >= 0));
        return last;
    }

    /// Since its operations are recorded.
    private long lookUps() {
        return database.getCollection("system.profile")
                .countDocuments(Filters.and(
                        Filters.eq("op", "query"), Filters.eq("command.comment", SourceDuties.STREAM_COMMENT)));
    }

    @Test
    void documentsAreByteForByteWhatFindReturns() {
        List<BsonDocument> documents = new ArrayList<>();
        documents.add(withSize(379)); // its first byte is a brace
        documents.add(withSize(378));
        documents.add(BsonDocument.parse(
                "{_id: 'nan', a: {$numberDouble: 'NaN'}, b: {$numberDouble: '-Infinity'}, c: -0.0}"));
        documents.add(BsonDocument.parse("{_id: 'decimal', a: {$numberDecimal: '1.10'}, b: {$numberDecimal: 'NaN'},"
                + " c: {$numberDecimal: '-0E+3'}, d: {$numberDecimal: '1E-6176'}}"));
        // What JSON could not tell from a long, a date and a binary.
        documents.add(new BsonDocument("_id", new BsonString("looks"))
                .append("a", new BsonDocument("$numberLong", new BsonString("7")))
                .append("b", new BsonDocument("$date", new BsonInt64(0))));
        documents.add(new BsonDocument("_id", new BsonString("types"))
                .append("int", new BsonInt32(1))
                .append("long", new BsonInt64(1))
                .append("nul", new BsonString("a\0b"))
                .append("emoji", new BsonString("👍\uFFFDé"))
                .append("bin", new BsonBinary((byte) 0x80, new byte[] {0, -1, 0x7B}))
                .append("old", new BsonBinary((byte) 3, new byte[16]))
                .append("empty", new BsonDocument("", new BsonArray())));
        documents.add(
                BsonDocument.parse(
                        "{_id: 'rare', a: {$timestamp: {t: 1, i: 2}}, b: {$regularExpression: {pattern: 'x', options: 'i'}},"
                                + " c: {$minKey: 1}, d: {$maxKey: 1}, e: {$date: {$numberLong: '-62135596800000'}}, f: {$code: 'x'}}"));
        BsonValue deep = new BsonInt32(1);
        for (int i = 0; i < 50; i++) {
            deep = i % 2 == 0 ? new BsonDocument("d", deep) : new BsonArray(List.of(deep));
        }
        documents.add(new BsonDocument("_id", new BsonString("deep")).append("a", deep));
        Position from = source.currentPosition();
        documents.forEach(things::insertOne);
        start(from);

        List<Change> changes = awaitChanges(documents.size());
        for (Change change : changes) {
            RawBsonDocument found = Objects.requireNonNull(database.getCollection("things", RawBsonDocument.class)
                    .find(Filters.eq("_id", change.id()))
                    .first());
            assertThat(bytes(document(change))).as(change.id().toString()).isEqualTo(bytes(found));
        }
        assertThat(bytes(document(changes.getFirst()))).hasSize(379).startsWith('{');
    }

    @Test
    void aDocumentOf15MegabytesComesWhole() {
        Position from = source.currentPosition();
        byte[] megabytes = new byte[15 << 20];
        new java.util.Random(1).nextBytes(megabytes);
        things.insertOne(new BsonDocument("_id", new BsonString("large")).append("a", new BsonBinary(megabytes)));
        start(from);

        assertThat(document(awaitChanges(1).getFirst()).getBinary("a").getData())
                .isEqualTo(megabytes);
    }

    @Test
    void itGoesOnFromAChangeOfACollectionThatIsNoLongerMapped() {
        MongoCollection<BsonDocument> others = database.getCollection("others", BsonDocument.class);
        ChangeSource both = keep(DebeziumChangeSource.start(
                settings(List.of("things", "others")), memory, source.currentPosition(), this::onBatch));
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        others.insertOne(BsonDocument.parse("{_id: 2}"));
        awaitChanges(2);
        both.close();
        Position upTo = Objects.requireNonNull(lastPosition());
        batches.clear();
        things.insertOne(BsonDocument.parse("{_id: 3}"));
        start(upTo);
        things.insertOne(BsonDocument.parse("{_id: 4}"));

        assertThat(awaitChanges(2)).extracting(Change::id).containsExactly(new BsonInt32(3), new BsonInt32(4));
    }

    @Test
    void itGoesOnWhereOnlyCollectionsThatWereNeverMappedChanged() {
        ChangeSource first = start(source.currentPosition());
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        awaitChanges(1);
        MongoCollection<BsonDocument> never = database.getCollection("never", BsonDocument.class);
        IntStream.range(0, 200).forEach(i -> never.insertOne(new BsonDocument("_id", new BsonInt32(i))));
        BsonDocument last = lastTokenOf(never);
        first.close();
        batches.clear();
        things.insertOne(BsonDocument.parse("{_id: 2}"));
        start(Position.of(last, null));
        things.insertOne(BsonDocument.parse("{_id: 3}"));

        assertThat(awaitChanges(2)).extracting(Change::id).containsExactly(new BsonInt32(2), new BsonInt32(3));
    }

    /// The resume token of one more insert into a collection.
    private static BsonDocument lastTokenOf(MongoCollection<BsonDocument> collection) {
        try (MongoChangeStreamCursor<ChangeStreamDocument<BsonDocument>> cursor =
                collection.watch().cursor()) {
            collection.insertOne(BsonDocument.parse("{_id: 'last'}"));
            return cursor.next().getResumeToken();
        }
    }

    @Test
    void itStartsAtThePositionsTimeAndDeliversNothingFromBefore() {
        Position from = source.currentPosition();
        ChangeSource first = start(from);
        for (int i = 0; i < 5; i++) {
            things.insertOne(new BsonDocument("_id", new BsonInt32(i)));
        }
        awaitChanges(5);
        first.close();
        Position upTo = Objects.requireNonNull(lastPosition());
        batches.clear();
        things.insertOne(new BsonDocument("_id", new BsonInt32(5)));
        start(upTo);
        things.insertOne(new BsonDocument("_id", new BsonInt32(6)));

        // The change at the position's own time comes once more.
        assertThat(awaitChanges(3))
                .extracting(Change::id)
                .containsExactly(new BsonInt32(4), new BsonInt32(5), new BsonInt32(6));
    }

    @Test
    void onlyTheCollectionsAskedForAreDelivered() {
        Position from = source.currentPosition();
        database.getCollection("others", BsonDocument.class).insertOne(BsonDocument.parse("{_id: 1}"));
        database.getCollection("things2", BsonDocument.class).insertOne(BsonDocument.parse("{_id: 2}"));
        things.insertOne(BsonDocument.parse("{_id: 3}"));
        start(from);

        assertThat(awaitChanges(1)).extracting(Change::id).containsExactly(new BsonInt32(3));
    }

    @Test
    void noEventIsWrittenAsTextForMetricsThatNobodyReads() throws Exception {
        start(source.currentPosition());
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        awaitChanges(1);

        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        Set<ObjectName> streaming =
                beans.queryNames(new ObjectName("debezium.mongodb:type=connector-metrics,context=streaming,*"), null);
        assertThat(streaming).isNotEmpty();
        for (ObjectName name : streaming) {
            assertThat(beans.getAttribute(name, "LastEvent")).isNull();
        }
    }

    @Test
    void everyStepOnTheWayToOurSettingsDeliversAsMany() throws Exception {
        Position from = source.currentPosition();
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        things.updateOne(Filters.eq("_id", 1), Updates.set("a", 2));
        for (Map.Entry<String, EngineProperties> step :
                EngineSteps.to(settings()).entrySet()) {
            AtomicInteger counted = new AtomicInteger();
            ChangeSource running =
                    keep(DebeziumChangeSource.startCounting(step.getValue(), memory, from, counted::addAndGet));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(counted).as(step.getKey()).hasValue(2));
            running.close();
        }
    }

    @Test
    void noMoreIsReadThanThereIsMemoryUntilWhatCameIsWritten() {
        int documents = 200;
        Position from = source.currentPosition();
        for (int i = 0; i < documents; i++) {
            things.insertOne(new BsonDocument("_id", new BsonInt32(i)).append("a", new BsonBinary(new byte[20_000])));
        }
        List<MemoryBudget.Lease> leases = new CopyOnWriteArrayList<>();
        try (MemoryBudget small = memory.part(1 << 20)) {
            ChangeSource running = keep(DebeziumChangeSource.start(settings(), small, from, (batch, lease) -> {
                batches.add(batch);
                leases.add(lease);
            }));
            await().atMost(BOUND).until(small::isHalfHeld);
            await().during(Duration.ofSeconds(1))
                    .atMost(BOUND)
                    .until(() -> changes().size() < documents / 4);
            assertThat(small.held()).isLessThanOrEqualTo(1 << 20);

            await().atMost(BOUND).until(() -> {
                leases.forEach(MemoryBudget.Lease::close);
                return changes().size() == documents;
            });
            assertThat(changes()).extracting(Change::id).startsWith(new BsonInt32(0), new BsonInt32(1));
            running.close();
        }
    }

    @Test
    void closingTakesSecondsAndEndsItNormally() throws Exception {
        ChangeSource running = start(source.currentPosition());
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        awaitChanges(1);
        long before = System.nanoTime();
        running.close();

        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
        assertThat(running.ended()).isCompletedWithValue(null);
        running.close();
    }

    @Test
    void closedWhileItStartsItEndsNormally() {
        ChangeSource starting = start(source.currentPosition());
        starting.close();
        assertThat(starting.ended()).isCompletedWithValue(null);
    }

    @Test
    void aHandlerThatThrowsEndsItWithWhatItThrew() {
        Position from = source.currentPosition();
        things.insertOne(BsonDocument.parse("{_id: 1}"));
        SluiceException thrown = new SluiceException(FailureKind.DISK_FULL, "no space");
        ChangeSource running = keep(DebeziumChangeSource.start(settings(), memory, from, (batch, lease) -> {
            throw thrown;
        }));

        assertThatThrownBy(() -> running.ended().get(BOUND.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .satisfies(e -> assertThat(Failures.classify(e)).isSameAs(thrown));
    }

    @Test
    void whenTheServerStopsItEndsExceptionally() throws Exception {
        try (SandboxMongo own = SandboxMongo.start()) {
            assumeThat(own.restartable()).isTrue();
            try (MongoSource ownSource = new MongoSource(own.uri(), "shop");
                    MongoClient client = MongoClients.create(own.uri())) {
                Position from = ownSource.currentPosition();
                client.getDatabase("shop")
                        .getCollection("things", BsonDocument.class)
                        .insertOne(BsonDocument.parse("{_id: 1}"));
                ChangeSource running = keep(DebeziumChangeSource.start(
                        EngineProperties.defaults("test", ownSource.uriWithReplicaSet(), "shop", List.of("things")),
                        memory,
                        from,
                        this::onBatch));
                awaitChanges(1);
                own.stop();

                assertThatThrownBy(() -> running.ended().get(90, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .satisfies(e ->
                                assertThat(Failures.classify(e).kind().retry()).isNotEqualTo(FailureKind.Retry.NEVER));
            }
        }
    }

    @Test
    void aPositionThatTheOplogNoLongerHoldsIsRefusedWithTheGap() {
        try (SandboxMongo own = SandboxMongo.start(ShortOplog.OPTIONS);
                MongoSource ownSource = new MongoSource(own.uri(), "shop");
                MongoClient client = MongoClients.create(own.uri())) {
            client.getDatabase("shop").getCollection("things").insertOne(new Document("_id", "first"));
            Position old = ownSource.currentPosition();
            ownSource.requireResumable(old);
            ShortOplog.forgetEverything(client);

            assertThatThrownBy(() -> ownSource.requireResumable(old))
                    .isInstanceOfSatisfying(SluiceException.class, e -> {
                        assertThat(e.kind()).isEqualTo(FailureKind.HISTORY_LOST);
                        assertThat(e)
                                .hasMessageContaining("Sluice was at 20")
                                .hasMessageContaining("the oplog now starts at 20")
                                .hasMessageContaining(" s are gone");
                    });
            ownSource.requireResumable(ownSource.currentPosition());
        }
    }

    private ChangeSource start(Position from) {
        return keep(DebeziumChangeSource.start(settings(), memory, from, this::onBatch));
    }

    private void onBatch(ChangeBatch batch, MemoryBudget.Lease lease) {
        batches.add(batch);
        lease.close();
    }

    private ChangeSource keep(ChangeSource running) {
        started.add(running);
        return running;
    }

    private EngineProperties settings() {
        return settings(List.of("things"));
    }

    private EngineProperties settings(List<String> collections) {
        return EngineProperties.defaults("test", source.uriWithReplicaSet(), database.getName(), collections);
    }

    private List<Change> awaitChanges(int count) {
        await().atMost(BOUND).until(() -> changes().size() >= count);
        assertThat(changes()).hasSize(count);
        return changes();
    }

    private List<Change> changes() {
        return batches.stream().flatMap(b -> b.changes().stream()).toList();
    }

    private Position lastPosition() {
        Position last = null;
        for (ChangeBatch batch : batches) {
            last = batch.upTo() == null ? last : batch.upTo();
        }
        return Objects.requireNonNull(last);
    }

    private static BsonDocument document(Change change) {
        assertThat(change).isInstanceOf(Change.Upsert.class);
        return ((Change.Upsert) change).document();
    }

    private static BsonDocument withSize(int size) {
        String id = "size " + size;
        BsonDocument document = new BsonDocument("_id", new BsonString(id)).append("a", new BsonString(""));
        int padding = size - bytes(document).length;
        return document.append("a", new BsonString("x".repeat(padding)));
    }

    private static byte[] bytes(BsonDocument document) {
        RawBsonDocument raw =
                document instanceof RawBsonDocument r ? r : new RawBsonDocument(document, new BsonDocumentCodec());
        ByteBuffer buffer = raw.getByteBuffer().asNIO();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
