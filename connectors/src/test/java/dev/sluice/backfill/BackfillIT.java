package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.mapping.KeyResult;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.BackfillStore;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
            """;
    private static final String TABLE = "CREATE TABLE things (id text PRIMARY KEY, n integer)";
    private static final Backfill.Limits SMALL = new Backfill.Limits(3, 1 << 20);

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
        copy(new Backfill.Limits(1000, 1), () -> false);
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
        assertThat(target.rows("SELECT count(*) FROM sluice.backfill_chunk")).containsExactly("0");
    }

    private void insert(int count) {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            BsonValue id = i % 2 == 0 ? new BsonInt32(i) : new BsonInt64(i);
            documents.add(new BsonDocument("_id", id).append("n", new BsonInt32(i)));
        }
        things.insertMany(documents);
    }

    private boolean copy(Backfill.Limits limits, BooleanSupplier stopped) throws SQLException {
        try (var sink = target.chunkSink(epoch)) {
            return new Backfill(
                            source,
                            target.connection(),
                            sink,
                            new BackfillStore(TestTarget.PIPELINE),
                            target.mapper(),
                            target.fences(),
                            () -> source.hello().lastWrite(),
                            limits,
                            heard,
                            stopped)
                    .copy(target.target("things"));
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
        private int chunks;
        private int documents;
        private int rows;

        @Override
        public void onEstimate(CollectionTarget target, long estimate, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, int read, WriteSummary summary) {
            chunks++;
            documents += read;
            rows += summary.rows();
        }

        @Override
        public void onDone(CollectionTarget target) {}
    }
}
