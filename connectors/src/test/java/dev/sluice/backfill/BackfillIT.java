package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.PostgresCopyProgress;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.OddBytes;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class BackfillIT {
    private static final String THINGS = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: text, form: typed}
                columns:
                  n: integer
                  big: text
            """;
    private static final String TABLE = "CREATE TABLE things (id text PRIMARY KEY, n integer, big text)";
    private static final Backfill.Limits SMALL =
            Backfill.Limits.adaptive().withDocuments(3).withWorkers(1);

    private TestTarget target;
    private MongoSource source;
    private MongoDatabase database;
    private MongoCollection<BsonDocument> things;
    private long epoch;
    private final Heard heard = new Heard();

    @BeforeEach
    void open() {
        target = TestTarget.of(THINGS, TABLE);
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        things = database.getCollection("things", BsonDocument.class);
        epoch = target.takeOver();
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @Test
    void aDocumentOfEveryTypeOfIdBecomesARowExactlyOnce() throws SQLException {
        List<String> refused = new ArrayList<>();
        for (String id : List.of(
                "{$minKey: 1}",
                "null",
                "0",
                "1",
                "-5",
                "{$numberInt: '2147483647'}",
                "{$numberLong: '2147483648'}",
                "{$numberLong: '-9223372036854775808'}",
                "{$numberLong: '9223372036854775807'}",
                "1.5",
                "-0.25",
                "1e300",
                "{$numberDouble: '-Infinity'}",
                "{$numberDouble: 'Infinity'}",
                "{$numberDouble: 'NaN'}",
                "{$numberDecimal: '2.5'}",
                "{$numberDecimal: '-1E-20'}",
                "{$numberDecimal: '12345678901234567890.5'}",
                "''",
                "'a'",
                "'A'",
                "'a b'",
                "'é'",
                "'👍'",
                "'{}'",
                "{}",
                "{a: 1}",
                "{a: 1, b: 2}",
                "{b: 2, a: 1}",
                "{$binary: {base64: '', subType: '00'}}",
                "{$binary: {base64: 'AAEC', subType: '00'}}",
                "{$binary: {base64: 'AAEC', subType: '80'}}",
                "{$uuid: '00112233-4455-6677-8899-aabbccddeeff'}",
                "{$oid: '000000000000000000000000'}",
                "{$oid: '65a000000000000000000001'}",
                "{$oid: 'ffffffffffffffffffffffff'}",
                "false",
                "true",
                "{$date: {$numberLong: '-1'}}",
                "{$date: {$numberLong: '0'}}",
                "{$date: {$numberLong: '1700000000000'}}",
                "{$timestamp: {t: 0, i: 1}}",
                "{$timestamp: {t: 1700000000, i: 5}}",
                "{$timestamp: {t: 4294967295, i: 5}}",
                "{$maxKey: 1}")) {
            try {
                things.insertOne(BsonDocument.parse("{_id: " + id + ", n: 1}"));
            } catch (MongoException e) {
                refused.add(id);
            }
        }
        assertThat(refused).as("ids that the server does not take").hasSizeLessThan(5);

        assertThat(copy(SMALL, () -> false)).isTrue();

        List<String> keys = expectedKeys();
        assertThat(keys).doesNotHaveDuplicates().hasSizeGreaterThan(38);
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(keys);
        assertThat(heard.documents).as("documents read").isEqualTo(keys.size());
        assertThat(heard.rows).as("rows written").isEqualTo(keys.size());
        assertThat(target.rows("SELECT state, documents, rows FROM sluice.backfill"))
                .containsExactly("done|" + keys.size() + "|" + keys.size());
    }

    @Test
    void aCollectionThatIsNotThereIsCopiedAtOnce() throws SQLException {
        assertThat(copy(SMALL, () -> false)).isTrue();
        assertThat(heard.chunks).isZero();
        assertThat(target.rows("SELECT state FROM sluice.backfill")).containsExactly("done");
    }

    @Test
    void aChunkEndsWithTheDocumentThatReachesTheBytes() throws SQLException {
        insert(10);
        copy(Backfill.Limits.adaptive().withBytes(1).withWorkers(1), () -> false);
        assertThat(heard.chunks).isEqualTo(10);
        assertThat(rowKeys()).hasSize(10);
    }

    @Test
    void afterAStopOnlyWhatIsNotDoneIsRead() throws SQLException {
        insert(20);
        things.insertOne(BsonDocument.parse("{_id: 'text', n: 1}"));
        things.insertOne(BsonDocument.parse("{_id: {$numberDouble: 'NaN'}, n: 1}"));
        int[] asked = {0};
        // Empty brackets are asked about, too.
        assertThat(copy(SMALL, () -> heard.documents >= 8 && asked[0]++ >= 0)).isFalse();
        int first = heard.documents;
        assertThat(first).isBetween(8, 21);
        assertThat(target.rows("SELECT state FROM sluice.backfill")).containsExactly("running");

        assertThat(copy(SMALL, () -> false)).isTrue();
        assertThat(heard.documents).as("documents read in both").isEqualTo(22);
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(expectedKeys());
    }

    @Test
    void stoppedBeforeEveryChunkItGetsThereAllTheSame() throws SQLException {
        insert(10);
        things.insertOne(BsonDocument.parse("{_id: {$numberDouble: 'NaN'}, n: 1}"));
        things.insertOne(BsonDocument.parse("{_id: 'a', n: 1}"));
        things.insertOne(BsonDocument.parse("{_id: 'b', n: 1}"));
        int runs = 0;
        boolean done = false;
        while (!done && runs++ < 50) {
            int before = heard.documents;
            done = copy(SMALL, () -> heard.documents > before);
        }

        assertThat(done).isTrue();
        assertThat(heard.documents).isEqualTo(13);
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(expectedKeys());
    }

    @Test
    @DisplayName("stopped at each chunk, it goes on at the very _id, also where that is not UTF-8 or has a name twice")
    void goesOnBehindAnIdThatTheDriverWouldSendAsAnother() throws SQLException {
        MongoCollection<RawBsonDocument> raw = database.getCollection("things", RawBsonDocument.class);
        List<RawBsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            // A decoder makes one text of all of the first.
            documents.add(OddBytes.withId(
                    "636166" + HexFormat.of().toHexDigits((byte) (0xB0 + i)) + "78",
                    new BsonDocument("n", new BsonInt32(i))));
            documents.add(RawBsonDocument.parse("{_id: {a: " + i + ", a: " + -i + "}, n: 1}"));
            documents.add(RawBsonDocument.parse("{_id: {a: " + i + ", b: 1}, n: 1}"));
            documents.add(RawBsonDocument.parse("{_id: 'caf\uFFFD" + i + "', n: 1}"));
        }
        raw.insertMany(documents);
        boolean done = false;
        for (int runs = 0; !done && runs < 200; runs++) {
            int before = heard.documents;
            done = copy(SMALL, () -> heard.documents > before);
        }

        assertThat(done).isTrue();
        assertThat(heard.documents).as("documents read, each once").isEqualTo(240);
        assertThat(rowKeys()).as("rows of those that have a key").hasSize(120);
        assertThat(target.rows("SELECT count(DISTINCT document_key) FROM sluice.dead_letter"))
                .containsExactly("120");
    }

    @Test
    void whatIsDoneIsNotReadAgain() throws SQLException {
        insert(7);
        copy(SMALL, () -> false);
        int chunks = heard.chunks;
        assertThat(copy(SMALL, () -> false)).isTrue();
        assertThat(heard.chunks).isEqualTo(chunks);
    }

    @Test
    void madeAgainItChangesNoRow() throws SQLException {
        insert(7);
        copy(SMALL, () -> false);
        List<String> before = target.versions();
        heard.rows = 0;
        new BackfillStore(TestTarget.PIPELINE).restart(target.connection(), "things");
        copy(SMALL, () -> false);

        assertThat(heard.documents).isEqualTo(14);
        assertThat(heard.rows).isZero();
        assertThat(target.versions()).hasSize(7).isEqualTo(before);
    }

    @Test
    void anotherProcessThatTookOverStopsIt() throws SQLException {
        insert(4);
        target.takeOver();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> copy(SMALL, () -> false))
                .isInstanceOfSatisfying(
                        dev.sluice.failure.SluiceException.class,
                        e -> assertThat(e.kind()).isEqualTo(dev.sluice.failure.FailureKind.FENCED_OUT));
        assertThat(rowKeys()).isEmpty();
        assertThat(target.rows("SELECT count(*) FROM sluice.backfill_chunk WHERE state <> 'planned'"))
                .containsExactly("0");
    }

    @Test
    void severalAtOnceCopyEachDocumentOnce() throws SQLException {
        insert(400);
        for (int i = 0; i < 200; i++) {
            things.insertOne(BsonDocument.parse("{_id: 'text " + i + "', n: " + i + "}"));
        }
        assertThat(copy(Backfill.Limits.adaptive().withDocuments(7).withWorkers(4), () -> false))
                .isTrue();
        assertThat(heard.documents).isEqualTo(600);
        assertThat(heard.rows).isEqualTo(600);
        assertThat(rowKeys()).hasSize(600).containsExactlyInAnyOrderElementsOf(expectedKeys());
        assertThat(target.rows("SELECT DISTINCT state FROM sluice.backfill_chunk"))
                .containsExactly("done");
        assertThat(target.rows("SELECT sum(documents), max(documents) <= 7 FROM sluice.backfill_chunk"))
                .containsExactly("600|t");
    }

    @Test
    void chunksThatAreDoneStayAsTheyAreWhenItGoesOn() throws SQLException {
        insert(300);
        Backfill.Limits limits = Backfill.Limits.adaptive().withDocuments(10).withWorkers(3);
        assertThat(copy(limits, () -> heard.documents >= 100)).isFalse();
        String done = "SELECT chunk, documents, finished_at FROM sluice.backfill_chunk WHERE state = 'done' ORDER BY 1";
        List<String> before = target.rows(done);
        int documents = heard.documents;

        assertThat(copy(limits, () -> false)).isTrue();
        assertThat(target.rows(done)).containsAll(before);
        assertThat(heard.documents).isEqualTo(300);
        assertThat(documents).isBetween(100, 299);
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(expectedKeys());
    }

    @Test
    void whatTheStreamBringsWhileTheCursorIsOpenStands() throws SQLException {
        for (int i = 0; i < 100; i++) {
            things.insertOne(new BsonDocument("_id", new BsonInt32(i)).append("n", new BsonInt32(0)));
        }
        StreamSink stream = target.streamSink(epoch);
        heard.afterChunk = () -> {
            // Whatever the cursor has read already, these are newer.
            if (heard.chunks != 1) {
                return;
            }
            BsonDocument changed = new BsonDocument("_id", new BsonInt32(90)).append("n", new BsonInt32(1));
            things.replaceOne(new BsonDocument("_id", new BsonInt32(90)), changed);
            things.deleteOne(new BsonDocument("_id", new BsonInt32(91)));
            BsonTimestamp now = source.hello().lastWrite();
            try {
                stream.apply(
                        List.of(
                                mapped(new Change.Upsert("things", new BsonInt32(90), changed, now, 1)),
                                mapped(new Change.Delete("things", new BsonInt32(91), now, 1))),
                        TestTarget.at(2, 1),
                        null);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        };
        assertThat(copy(Backfill.Limits.adaptive().withDocuments(10).withWorkers(1), () -> false))
                .isTrue();

        assertThat(target.rows("SELECT id, n FROM things WHERE n <> 0")).containsExactly("{\"$numberLong\":\"90\"}|1");
        assertThat(rowKeys()).hasSize(99).containsExactlyInAnyOrderElementsOf(expectedKeys());
    }

    @Test
    void aViewIsRefusedWithAWordWhy() {
        database.createCollection("others");
        database.createView("things", "others", List.of());
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> copy(SMALL, () -> false))
                .isInstanceOfSatisfying(dev.sluice.failure.SluiceException.class, e -> {
                    assertThat(e.kind()).isEqualTo(dev.sluice.failure.FailureKind.MAPPING);
                    assertThat(e).hasMessageContaining("things is a view");
                });
        assertThat(target.rows("SELECT * FROM sluice.backfill")).isEmpty();
    }

    @Test
    void aDocumentOfFifteenMegabytesIsCopied() throws SQLException {
        things.insertOne(new BsonDocument("_id", new BsonInt32(100))
                .append("n", new BsonInt32(1))
                .append("big", new BsonString("x".repeat(15 << 20))));
        insert(2);
        assertThat(copy(Backfill.Limits.adaptive().withWorkers(1), () -> false)).isTrue();
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(expectedKeys());
        assertThat(target.rows("SELECT length(big) FROM things WHERE n = 1 AND big IS NOT NULL"))
                .containsExactly(String.valueOf(15 << 20));
    }

    @Test
    void aCopyThatAnEarlierVersionBeganIsCutAnew() throws SQLException {
        insert(20);
        target.execute("INSERT INTO sluice.backfill (pipeline, collection) VALUES ('test', 'things');"
                + " INSERT INTO sluice.backfill_chunk (pipeline, collection, chunk, id_type, state)"
                + " VALUES ('test', 'things', 0, 'number', 'done')");
        assertThat(copy(SMALL, () -> false)).isTrue();
        assertThat(rowKeys()).containsExactlyInAnyOrderElementsOf(expectedKeys());
    }

    @Test
    void onlyWhatAnEarlierCopyHasDoneIsSaidToHaveBeenCopiedBefore() throws SQLException {
        insert(10);
        boolean[] stop = {false};
        heard.afterChunk = () -> stop[0] = true;
        assertThat(copy(Backfill.Limits.adaptive().withDocuments(3).withWorkers(1), () -> stop[0]))
                .isFalse();
        assertThat(heard.copiedBefore).isZero();
        int first = heard.documents;

        assertThat(copy(Backfill.Limits.adaptive().withDocuments(3).withWorkers(1), () -> false))
                .isTrue();

        assertThat(heard.copiedBefore).isEqualTo(first).isBetween(1L, 9L);
        assertThat(heard.documents).isEqualTo(10);
    }

    @Test
    void aChunkIsCutIntoRangesThatHoldEachDocumentOnce() throws SQLException {
        insert(1_000);
        things.insertOne(BsonDocument.parse("{_id: 'text', n: 1}"));
        Chunk rest = new Chunk("things", 7, IdBracket.NUMBER, new BsonInt32(100), new BsonInt32(949));
        AtomicInteger number = new AtomicInteger(20);

        List<Chunk> parts = Ranges.cut(source, rest, 1_001, 50, number::getAndIncrement);

        assertThat(parts).hasSizeBetween(10, 24);
        assertThat(parts.getFirst().number()).isEqualTo(7);
        assertThat(parts).extracting(Chunk::number).doesNotHaveDuplicates();
        assertThat(parts.getFirst().lower()).isEqualTo(rest.lower());
        assertThat(parts.getLast().upper()).isEqualTo(rest.upper());
        List<BsonValue> read = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            if (i > 0) {
                assertThat(parts.get(i).lower()).isEqualTo(parts.get(i - 1).upper());
            }
            try (DocumentReader reader = source.readRange("things", parts.get(i).range(), 100, null)) {
                for (BsonDocument d = reader.peek(); d != null; d = reader.peek()) {
                    read.add(d.get("_id"));
                    reader.take();
                }
            }
        }
        assertThat(read).hasSize(849).doesNotHaveDuplicates();
    }

    private RowChange mapped(Change change) {
        return java.util.Objects.requireNonNull(target.mapper().map(change));
    }

    private void insert(int count) {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            BsonValue id = i % 2 == 0 ? new BsonInt32(i) : new BsonInt64(i);
            documents.add(new BsonDocument("_id", id).append("n", new BsonInt32(i)));
        }
        things.insertMany(documents);
    }

    @Test
    @DisplayName(
            "a process that was fenced out neither replaces the chunks of the next one nor notes their copy as done")
    void fencedOut() throws SQLException {
        PostgresCopyProgress ours = new PostgresCopyProgress(target.connection(), TestTarget.PIPELINE, epoch);
        PostgresCopyProgress gone = new PostgresCopyProgress(target.connection(), TestTarget.PIPELINE, epoch - 1);
        ours.begin("things");
        ours.cut("things", Ranges.brackets("things").subList(1, 3));
        for (ThrowingCallable late : List.<ThrowingCallable>of(
                () -> gone.cut("things", Ranges.brackets("things")), () -> gone.finish("things"))) {
            assertThatThrownBy(late)
                    .isInstanceOfSatisfying(
                            SluiceException.class,
                            refused -> assertThat(refused.kind()).isEqualTo(FailureKind.FENCED_OUT));
        }
        assertThat(ours.unfinished("things")).hasSize(2);
        assertThat(ours.done("things")).isFalse();
    }

    private boolean copy(Backfill.Limits limits, BooleanSupplier stopped) throws SQLException {
        try (Backfill backfill = new Backfill(
                source,
                new PostgresCopyProgress(target.connection(), TestTarget.PIPELINE, epoch),
                new Backfill.Writing(
                        () -> target.chunkSink(epoch),
                        Fenced.beside(target.fences(), () -> source.hello().lastWrite(), stopped)),
                limits,
                heard)) {
            return backfill.copy(target.target("things"));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> expectedKeys() {
        return TestTarget.all(database, "things").stream()
                .map(d -> target.target("things").mapper().key(java.util.Objects.requireNonNull(d.get("_id"))))
                .map(k -> (String) ((KeyResult.Key) k).key())
                .toList();
    }

    private List<String> rowKeys() {
        return target.rows("SELECT id FROM things");
    }

    private static final class Heard implements Backfill.Listener {
        private long copiedBefore = -1;
        private int chunks;
        private int documents;
        private int rows;
        private Runnable afterChunk = () -> {};

        @Override
        public void onEstimate(CollectionTarget target, long estimate, long alreadyCopied) {
            copiedBefore = alreadyCopied;
        }

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {
            chunks++;
            documents += done.documents();
            rows += done.summary().rows();
            afterChunk.run();
        }

        @Override
        public void onDone(CollectionTarget target) {}
    }
}
