package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Resync;
import dev.sluice.change.Change;
import dev.sluice.control.PostgresResyncList;
import dev.sluice.sink.RowChange;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A pipeline that nobody runs: what the position has not got to is in flight, everything else that differs
/// is drift.
@SuppressWarnings("NullAway.Init")
class VerifierIT {
    private static final String THINGS = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  t: text
                  v: {type: varchar(20), from: t}
                  b: boolean
                  s: {type: smallint, from: n}
                  n: integer
                  d: double precision
                  m: numeric
                  f: {type: "numeric(18,2)", from: m}
                  at: timestamptz
                  u: uuid
                  y: bytea
                  j: jsonb
                  a: "text[]"
                  mood: text
                  every: {postgres: interval}
                  share: {type: integer, from: n}
                  moods: "text[]"
                  strict: {type: integer, misfit: reject}
                children:
                  thing_parts:
                    from: parts
                    parent: thing_id
                    ordinal: ordinal
                    columns:
                      name: text
              others:
                table: others
                key: {column: id, type: uuid}
                columns:
                  name: text
              kept:
                table: kept
                on_delete: keep
                key: {column: id, type: text}
                columns:
                  name: text
              typed:
                table: typed
                key: {column: id, type: text, form: typed}
                columns:
                  name: text
            """;
    private static final String TABLES = """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE DOMAIN share AS integer CHECK (VALUE < 100);
            CREATE TABLE things (id bigint PRIMARY KEY, t text, v varchar(20), b boolean, s smallint, n integer,
              d double precision, m numeric, f numeric(18,2), at timestamptz, u uuid, y bytea, j jsonb, a text[],
              mood mood, every interval, share share, moods mood[],
              strict integer);
            CREATE TABLE thing_parts (thing_id bigint, ordinal integer, name text, PRIMARY KEY (thing_id, ordinal));
            CREATE TABLE others (id uuid PRIMARY KEY, name text);
            CREATE TABLE kept (id text PRIMARY KEY, name text);
            CREATE TABLE typed (id text PRIMARY KEY, name text)
            """;
    private static final String FULL = "t: 'x', b: true, n: 1, d: 0.5, m: {$numberDecimal: '1.50'},"
            + " at: {$date: '2020-01-01T00:00:00.000Z'}, u: {$uuid: '00112233-4455-6677-8899-aabbccddeeff'},"
            + " y: {$binary: {base64: 'AAE=', subType: '00'}}, j: {a: [1, {b: null}]}, a: ['p', 'q'],"
            + " mood: 'glad', every: '24:00', moods: ['sad'], parts: [{name: 'one'}, {name: 'two'}]";

    /// PostgreSQL takes none of these values for their columns.
    private static final String REFUSED = "mood: 'mad', every: 'x', n: 100, moods: ['mad']";

    private static final String KEYS_OF_NO_ID =
            "INSERT INTO typed VALUES ('zzz', 'x'), ('', 'x'), ('{\"$oid\":\"zz\"}', 'x'), ('{\"$date\":\"x\"}', 'x')";

    private TestTarget target;
    private MongoDatabase database;
    private MongoSource source;
    private Set<Object> inFlight = Set.of();

    @BeforeEach
    void bothSidesAreEqual() throws SQLException {
        target = TestTarget.of(THINGS, TABLES);
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        List<BsonDocument> things = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            things.add(BsonDocument.parse("{_id: " + i + ", " + (i == 5 ? REFUSED : FULL) + "}"));
        }
        put("things", things);
        List<BsonDocument> others = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            others.add(new BsonDocument("_id", new BsonObjectId()).append("name", new BsonString(String.valueOf(i))));
        }
        put("others", others);
        put("kept", List.of(BsonDocument.parse("{_id: 'a', name: 'A'}")));
        put("typed", List.of(BsonDocument.parse("{_id: 'a', name: 'A'}")));
    }

    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"FULL", "SAMPLE"})
    @DisplayName("a row whose key is no _id as Extended JSON is extra, and a repair deletes it")
    void keysThatAreNoIds(Mode mode) throws InterruptedException {
        target.execute(KEYS_OF_NO_ID);

        Verifier.Result found = verify("typed", mode);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.EXTRA, 4L));
        assertThat(repair("typed", found)).isEqualTo(new Repair.Repaired(4, 0, true));
        assertThat(target.rows("SELECT id FROM typed")).containsExactly("\"a\"");
        assertThat(verify("typed", mode).equal()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("a verification that was interrupted at a row whose key is no _id continues, also if the row is gone")
    void interruptedAtKeysThatAreNoIds(boolean there) throws InterruptedException {
        Verifier.Result first =
                verifier((t, progress) -> {}, () -> true).verify(target.target("typed"), wish(Mode.FULL));
        assertThat(first.complete()).isFalse();
        target.execute("INSERT INTO sluice.suspect (verification, row_key) SELECT " + first.id()
                + ", k FROM unnest(ARRAY['zzz', '', '{\"$oid\":\"zz\"}', '{\"$date\":\"x\"}']) k");
        if (there) {
            target.execute(KEYS_OF_NO_ID);
        }

        Verifier.Result second = verify("typed", Mode.FULL);

        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.complete()).isTrue();
        assertThat(second.drift()).isEqualTo(there ? Map.of(Drift.Kind.EXTRA, 4L) : Map.of());
        assertThat(target.rows("SELECT count(*) FROM sluice.suspect")).containsExactly("0");
    }

    private void put(String collection, List<BsonDocument> documents) throws SQLException {
        database.getCollection(collection, BsonDocument.class).insertMany(documents);
        List<RowChange> rows = documents.stream()
                .map(d -> Objects.requireNonNull(target.mapper()
                        .map(new Change.Upsert(
                                collection, Objects.requireNonNull(d.get("_id")), d, new BsonTimestamp(1, 0), 0))))
                .toList();
        target.streamSink(target.takeOver()).apply(rows, TestTarget.at(2, 0), null);
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void whatIsEqualIsEqual(Mode mode) throws InterruptedException {
        Verifier.Result things = verify("things", mode);
        assertThat(things.equal()).isTrue();
        assertThat(things.documents()).isEqualTo(5);
        assertThat(verify("others", mode).equal()).isTrue();
        assertThat(verify("kept", mode).equal()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "t|'x '",
                "t|'X'",
                "t|''",
                "t|NULL",
                "v|'y'",
                "b|false",
                "s|2",
                "n|2",
                "d|0.5000000001",
                "d|'NaN'",
                "m|1.5",
                "m|1.500",
                "f|1.51",
                "at|'2020-01-01 00:00:00.001+00'",
                "u|'00112233-4455-6677-8899-aabbccddeefe'",
                "y|'\\x0002'",
                "j|'{\"a\": [1, {\"b\": 0}]}'",
                "j|'{\"a\": [1.0, {\"b\": null}]}'",
                "j|'null'",
                "a|'{q,p}'",
                "a|'{p,q,NULL}'",
                "mood|'sad'",
                "every|'1 day'",
                "share|NULL",
                "moods|'{glad}'",
            })
    void aValueThatDiffersIsFoundInItsColumnAndRepaired(String column, String value) throws InterruptedException {
        List<String> before = target.contents();
        target.execute("UPDATE things SET " + column + " = " + value + " WHERE id = 3");

        Verifier.Result found = verify("things", Mode.FULL);

        assertThat(found.equal()).isFalse();
        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.DIFFERENT, 1L));
        assertThat(target.rows("SELECT table_name, row_key, document_key, kind, columns, rows FROM sluice.drift"))
                .containsExactly("public.things|3|{\"$numberLong\":\"3\"}|different|{" + column + "}|1");
        assertThat(repair("things", found)).isEqualTo(new Repair.Repaired(1, 0, true));
        assertThat(target.rows("SELECT 1 FROM sluice.drift")).isEmpty();
        assertThat(target.contents()).isEqualTo(before);
    }

    @Test
    void missingAndExtraRowsAreFoundAndRepaired() throws InterruptedException {
        List<String> before = target.contents();
        target.execute("DELETE FROM things WHERE id IN (1, 5); INSERT INTO things (id) VALUES (77);"
                + " DELETE FROM thing_parts WHERE thing_id = 2 AND ordinal = 0;"
                + " INSERT INTO thing_parts VALUES (5, 0, 'more'), (3, 2, 'more'), (99, 0, 'nobody''s')");

        Verifier.Result found = verify("things", Mode.FULL);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.MISSING, 3L, Drift.Kind.EXTRA, 4L));
        assertThat(target.rows("SELECT kind, table_name, row_key FROM sluice.drift ORDER BY 1, 2, 3"))
                .containsExactly(
                        "extra|public.thing_parts|3",
                        "extra|public.thing_parts|5",
                        "extra|public.thing_parts|99",
                        "extra|public.things|77",
                        "missing|public.thing_parts|2",
                        "missing|public.things|1",
                        "missing|public.things|5");
        assertThat(repair("things", found).left()).isZero();
        assertThat(target.contents()).isEqualTo(before);
        assertThat(verify("things", Mode.FULL).equal()).isTrue();
    }

    @Test
    void aRowWhoseIdCannotBeToldFromItsKeyIsLookedForInAllDocuments() throws InterruptedException {
        target.execute("INSERT INTO others VALUES (gen_random_uuid(), 'a stranger'),"
                + " ('9b6b7c5e-0000-5000-8000-000000000000', 'of version 5')");
        String changed = target.rows("SELECT id FROM others WHERE name = '3'").getFirst();
        target.execute("UPDATE others SET name = 'x' WHERE id = '" + changed + "'");

        Verifier.Result found = verify("others", Mode.FULL);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.EXTRA, 2L, Drift.Kind.DIFFERENT, 1L));
        assertThat(repair("others", found)).isEqualTo(new Repair.Repaired(3, 0, true));
        assertThat(target.rows("SELECT count(*) FROM others")).containsExactly("5");
        assertThat(verify("others", Mode.FULL).equal()).isTrue();
    }

    @Test
    void rowsThatStayWithoutTheirDocumentAreInOrder() throws InterruptedException {
        target.execute("INSERT INTO kept VALUES ('b', 'of a document that is gone')");
        for (Mode mode : Mode.values()) {
            assertThat(verify("kept", mode).equal()).as(mode.text()).isTrue();
        }
    }

    @Test
    void whatIsNotAppliedYetIsNoDrift() throws InterruptedException {
        database.getCollection("things").updateOne(Filters.eq("_id", 2), com.mongodb.client.model.Updates.set("n", 7));
        database.getCollection("things").deleteOne(Filters.eq("_id", 3));
        database.getCollection("things").insertOne(new org.bson.Document("_id", 9));
        target.execute("UPDATE things SET n = 8 WHERE id = 4");
        inFlight = Set.of(2L, 3L, 9L);

        Verifier.Result found = verify("things", Mode.FULL);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.DIFFERENT, 1L));
        assertThat(found.undecided()).isEqualTo(3);
        assertThat(target.rows("SELECT row_key FROM sluice.drift")).containsExactly("4");
    }

    @Test
    @DisplayName("a dead letter is to have no row: one that it still has is drift, and a repair deletes it")
    void aDeadLetterHasNoRow() throws InterruptedException {
        deadLetters("things", "{\"$numberLong\":\"3\"}", "{\"$numberLong\":\"4\"}");
        target.execute("UPDATE things SET t = 'older' WHERE id = 3; DELETE FROM thing_parts WHERE thing_id = 4;"
                + " DELETE FROM things WHERE id = 4; INSERT INTO sluice.dead_letter (pipeline, collection, document_key,"
                + " operation, reason) VALUES ('other', 'things', '{\"$numberLong\":\"1\"}', 'upsert', '')");

        Verifier.Result found = verify("things", Mode.FULL);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.EXTRA, 3L));
        assertThat(target.rows("SELECT DISTINCT row_key FROM sluice.drift")).containsExactly("3");
        // Its document would have a row now, and so does the other one.
        assertThat(repair("things", found).left()).isZero();
        assertThat(verify("things", Mode.FULL).drift()).isEmpty();
    }

    @Test
    @DisplayName("a document that the mapping rejects is to have no row, dead letter or not")
    void rejected() throws SQLException, InterruptedException {
        database.getCollection("things", BsonDocument.class)
                .updateOne(Filters.eq("_id", 2), com.mongodb.client.model.Updates.set("strict", "x"));
        assertThat(verify("things", Mode.FULL).drift()).isEqualTo(Map.of(Drift.Kind.EXTRA, 3L));
        resync("things", 2);
        assertThat(target.rows("SELECT id FROM things ORDER BY id")).containsExactly("1", "3", "4", "5");
        assertThat(verify("things", Mode.FULL).equal()).isTrue();
        target.execute("DELETE FROM sluice.dead_letter");
        assertThat(verify("things", Mode.FULL).equal()).isTrue();
    }

    @Test
    @DisplayName("where rows stay without their documents, those of dead letters are not compared")
    void deadLettersThatKeepTheirRows() throws InterruptedException {
        deadLetters("kept", "\"a\"");
        target.execute("UPDATE kept SET name = 'older'");
        for (Mode mode : Mode.values()) {
            assertThat(verify("kept", mode).equal()).as(mode.text()).isTrue();
        }
    }

    private void deadLetters(String collection, String... documentKeys) {
        for (String key : documentKeys) {
            target.execute(
                    "INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason) VALUES"
                            + " ('test', '" + collection + "', '" + key + "', 'upsert', '')");
        }
    }

    private void resync(String collection, int id) throws SQLException {
        new dev.sluice.control.ResyncStore(TestTarget.PIPELINE)
                .ask(target.connection(), collection, List.of("{\"$numberLong\":\"" + id + "\"}"), "asked");
        resync();
    }

    @Test
    void anIdThatNoIndexCanHoldIsADocumentAsOthers() throws Exception {
        String id = new java.util.Random(1)
                .ints(12_000, 'a', 'z' + 1)
                .mapToObj(Character::toString)
                .collect(java.util.stream.Collectors.joining());
        put("kept", List.of(new BsonDocument("_id", new BsonString(id)).append("name", new BsonString("long"))));
        for (Mode mode : Mode.values()) {
            assertThat(verify("kept", mode).equal())
                    .as("parked, %s", mode.text())
                    .isTrue();
        }
        target.execute("DELETE FROM sluice.dead_letter");

        for (int times = 0; times < 2; times++) {
            assertThat(verify("kept", Mode.FULL).drift()).isEqualTo(Map.of(Drift.Kind.MISSING, 1L));
        }

        assertThat(target.rows("SELECT length(row_key), kind FROM sluice.drift"))
                .containsExactly("12000|missing");
    }

    @Test
    void whatWasDriftAndIsEqualNowIsForgottenAndWhatIsStillThereKeepsItsAge() throws InterruptedException {
        target.execute("UPDATE things SET n = 8 WHERE id IN (2, 4)");
        verify("things", Mode.FULL);
        String seen = target.rows("SELECT first_seen_at FROM sluice.drift WHERE row_key = '4'")
                .getFirst();
        target.execute("UPDATE things SET n = 1 WHERE id = 2");

        verify("things", Mode.SAMPLE);

        assertThat(target.rows("SELECT row_key, first_seen_at, last_seen_at > first_seen_at FROM sluice.drift"))
                .containsExactly("4|" + seen + "|t");
    }

    @Test
    void countsAreComparedWithoutTheirRows() throws InterruptedException {
        target.execute("UPDATE things SET n = 8 WHERE id = 4; DELETE FROM things WHERE id IN (1, 2)");
        assertThat(verify("things", Mode.COUNTS).drift()).isEqualTo(Map.of(Drift.Kind.MISSING, 2L));
        target.execute("INSERT INTO things (id) SELECT generate_series(100, 104)");
        assertThat(verify("things", Mode.COUNTS).drift())
                .isEqualTo(Map.of(Drift.Kind.MISSING, 2L, Drift.Kind.EXTRA, 5L));
    }

    @Test
    @DisplayName("counts tell what is in flight from what is missing or extra, and skip no dead letter")
    void countsInFlight() throws InterruptedException {
        deadLetters("things", "{\"$numberLong\":\"1\"}");
        target.execute("DELETE FROM things WHERE id IN (1, 2)");
        database.getCollection("things").insertOne(new org.bson.Document("_id", 9));
        database.getCollection("things").deleteOne(Filters.eq("_id", 3));
        inFlight = Set.of(3L, 9L);

        Verifier.Result found = verify("things", Mode.COUNTS);

        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.MISSING, 1L));
        assertThat(found.undecided()).isEqualTo(2);
    }

    @Test
    @DisplayName(
            "counts take documents that come and go while they are counted for no difference, and find those that are one")
    void countsWhileDocumentsComeAndGo() throws InterruptedException, SQLException {
        List<BsonDocument> many = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            many.add(new BsonDocument("_id", new BsonInt32(1_000 + i)));
        }
        put("things", many);
        target.execute("UPDATE sluice.watermark SET through_seconds = 4294967295, through_increment = 0;"
                + " DELETE FROM things WHERE id = 1");
        AtomicInteger looks = new AtomicInteger();
        // Asked between any two steps: one document more goes, and two come, each with its row.
        BooleanSupplier churn = () -> {
            int look = looks.getAndIncrement();
            if (look < 40) {
                database.getCollection("things").deleteOne(Filters.eq("_id", 1_000 + look));
                target.execute("DELETE FROM things WHERE id = " + (1_000 + look) + "; INSERT INTO things (id) VALUES ("
                        + (2_000 + look) + "), (" + (3_000 + look) + ")");
                database.getCollection("things")
                        .insertMany(List.of(
                                new org.bson.Document("_id", 2_000 + look),
                                new org.bson.Document("_id", 3_000 + look)));
            }
            return false;
        };

        Verifier.Result found = verifier((t, progress) -> {}, churn)
                .verify(target.target("things"), new Verifier.Wish(Mode.COUNTS, Origin.ASKED, 100, 1, 1, false));

        assertThat(looks).hasValueGreaterThan(3);
        assertThat(found.drift()).isEqualTo(Map.of(Drift.Kind.MISSING, 1L));
    }

    @Test
    void oneThatWasStoppedGoesOnWhereItWas() throws InterruptedException, SQLException {
        List<BsonDocument> many = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            many.add(new BsonDocument("_id", new BsonInt32(100 + i)));
        }
        put("things", many);
        target.execute("UPDATE things SET n = 8 WHERE id IN (3, 150, 19000)");
        AtomicInteger chunks = new AtomicInteger();

        Verifier.Result first = verifier((t, progress) -> chunks.incrementAndGet(), () -> chunks.get() > 0)
                .verify(target.target("things"), new Verifier.Wish(Mode.FULL, Origin.ASKED, 100, 1, 1, false));
        Verifier.Result second = verify("things", Mode.FULL);

        assertThat(first.complete()).isFalse();
        assertThat(first.documents()).isBetween(5_000L, 30_000L);
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.resumedAt()).isEqualTo(first.documents());
        assertThat(second.documents()).isEqualTo(40_005);
        assertThat(second.drift()).isEqualTo(Map.of(Drift.Kind.DIFFERENT, 3L));
        assertThat(target.rows("SELECT count(*) FROM sluice.verified_key")).containsExactly("0");
        assertThat(verify("things", Mode.FULL).id()).isGreaterThan(first.id());
    }

    /// Waiting for a lock is no work, so that it needs no rest: with a budget of a fiftieth, three seconds
    /// of it would be followed by two and a half minutes.
    @Test
    void whoWaitedForALockedTableGoesOnAtOnceWhenItIsFree() throws Exception {
        verify("things", Mode.FULL);
        try (Connection locking = target.connector().open();
                Statement lock = locking.createStatement()) {
            locking.setAutoCommit(false);
            lock.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE");
            CompletableFuture<Verifier.Result> verified = CompletableFuture.supplyAsync(() -> {
                try {
                    return verifier((t, progress) -> {}, () -> false)
                            .verify(
                                    target.target("things"),
                                    new Verifier.Wish(Mode.FULL, Origin.ASKED, 100, 0.02, 1, false));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> target.rows("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                                    + " WHERE NOT l.granted AND a.datname = current_database()"
                                    + " AND clock_timestamp() - a.query_start > interval '3 s'")
                            .equals(List.of("1")));
            locking.rollback();

            Verifier.Result result = verified.get(10, TimeUnit.SECONDS);

            assertThat(result.equal()).isTrue();
        }
    }

    private Verifier.Result verify(String collection, Mode mode) throws InterruptedException {
        return verifier((t, progress) -> {}, () -> false).verify(target.target(collection), wish(mode));
    }

    private static Verifier.Wish wish(Mode mode) {
        return new Verifier.Wish(mode, Origin.ASKED, 100, 1, 2, false);
    }

    private Verifier verifier(Verifier.Listener listener, BooleanSupplier stopped) {
        return new Verifier(target.pipeline(source), (t, ids) -> inFlight, listener, stopped);
    }

    private Repair.Repaired repair(String collection, Verifier.Result found) throws InterruptedException {
        return new Repair(target.pipeline(source), (t, ids) -> inFlight, left -> resync(), () -> false)
                .repair(target.target(collection), "a test", found.id());
    }

    /// As the running pipeline does.
    private void resync() throws SQLException {
        new Resync(
                        source,
                        new PostgresResyncList(target.connection(), TestTarget.PIPELINE),
                        target.chunkSink(target.takeOver()),
                        target.targets(),
                        Fenced.beside(target.fences(), () -> null, () -> false))
                .drain();
    }
}
