package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.staging.KeptKeys;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Keys that are two in MongoDB and one in PostgreSQL: refused before anything is copied, and where a table takes them
/// for one all the same, a dead letter.
@SuppressWarnings("NullAway.Init")
class EqualKeysIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: %s}
                columns:
                  n: integer
                children:
                  parts: {from: parts, parent: thing, ordinal: place, columns: {name: text}}
            """;

    private TestTarget target;
    private int clock = 1;

    private void open(String keyType) {
        target = TestTarget.of(
                MAPPING.formatted(keyType),
                "CREATE EXTENSION IF NOT EXISTS citext;"
                        + " CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
    }

    /// In the place of those that were there.
    private void tables(String keyType, String things) {
        target.execute(
                "DROP TABLE IF EXISTS things, parts; CREATE TABLE things (" + things.replaceFirst("(; |$)", ")$1")
                        + "; CREATE TABLE parts (thing " + keyType
                        + ", place integer, name text, PRIMARY KEY (thing, place))");
    }

    @AfterEach
    void close() {
        target.close();
    }

    @ParameterizedTest
    @DisplayName("a key column that takes several keys for one is refused at the start, and what is advised helps")
    @CsvSource(
            delimiter = '|',
            value = {
                "text | id citext PRIMARY KEY = upper and lower case; id text COLLATE ci PRIMARY KEY = collation ci;"
                        + " id char(24) PRIMARY KEY = blanks at their end; id varchar(24) PRIMARY KEY = blanks at their end;"
                        + " id name PRIMARY KEY = 63 bytes; id text PRIMARY KEY",
                "varchar(30) | id varchar(24) PRIMARY KEY = blanks at their end; id varchar(30) PRIMARY KEY",
                "bigint | id double precision PRIMARY KEY = values that differ;"
                        + " id numeric(20,-2) PRIMARY KEY = values that differ; id numeric(20,2) PRIMARY KEY",
                "uuid | id uuid PRIMARY KEY",
            })
    void refused(String keyType, String tables) throws SQLException {
        open(keyType);
        for (String table : tables.split(";")) {
            String[] columnsAndWhy = table.split(" = ");
            tables(keyType, columnsAndWhy[0] + ", n integer");
            if (columnsAndWhy.length == 2) {
                assertThatThrownBy(this::check)
                        .isInstanceOf(SluiceException.class)
                        .hasMessageContaining("public.things.id is the key")
                        .hasMessageContaining(columnsAndWhy[1])
                        .satisfies(refusal -> target.execute(String.valueOf(refusal.getMessage())
                                .replaceFirst(
                                        "(?s)^.*?(ALTER TABLE .*?)(, or map the key.*|\\. Or map the key.*|\\.)$",
                                        "$1")));
            }
            check();
        }
    }

    private void check() throws SQLException {
        TargetCheck.check(target.connection(), target.targets());
    }

    @Test
    @DisplayName("so are a child table's parent column, a domain, and a second unique index by another collation")
    void neighbours() throws SQLException {
        open("text");
        tables("citext", "id text PRIMARY KEY, n integer");
        assertRefused("public.parts.thing is the key and is citext");
        target.execute("CREATE DOMAIN code AS char(10); ALTER TABLE parts ALTER thing TYPE text;"
                + " ALTER TABLE things ALTER id TYPE code");
        assertRefused("public.things.id is the key and is code, a character(10)");
        target.execute("ALTER TABLE things ALTER id TYPE text; CREATE UNIQUE INDEX odd ON things (id COLLATE ci)");
        assertRefused("ci, by the index odd");
        target.execute("DROP INDEX odd; CREATE UNIQUE INDEX other ON things (lower(id))");
        check();
    }

    private void assertRefused(String why) {
        assertThatThrownBy(this::check).isInstanceOf(SluiceException.class).hasMessageContaining(why);
    }

    @Test
    @DisplayName(
            "where two keys are one row all the same, one document has it with its own values, the other is parked")
    void deadLetter() throws SQLException {
        open("text");
        for (String things : List.of(
                "id citext PRIMARY KEY, n integer",
                "id text COLLATE ci PRIMARY KEY, n integer",
                "id char(24) PRIMARY KEY, n integer",
                "id text PRIMARY KEY, n integer; CREATE UNIQUE INDEX ON things (lower(rtrim(id)))",
                "id text PRIMARY KEY, n integer; CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        + " NEW.id := lower(rtrim(NEW.id)); RETURN NEW; END $$; CREATE TRIGGER fold BEFORE INSERT ON"
                        + " things FOR EACH ROW EXECUTE FUNCTION fold()")) {
            tables("text", things);
            String one = "{_id: 'a', n: 1, parts: [{name: 'one'}]}";
            String other = "{_id: '" + (things.contains("char(") ? "a " : "A") + "', n: 2, parts: [{name: 'two'}]}";
            chunk(one, other);
            assertOneEach("copied: " + things);

            target.execute("TRUNCATE things, parts, sluice.dead_letter, sluice.resync");
            stream(one);
            stream(other);
            assertOneEach("streamed: " + things);
            target.execute("TRUNCATE sluice.dead_letter, sluice.resync");
        }
    }

    /// One document has the row, parts included; the other is a dead letter, or about to be one: it had the row, and
    /// the
    /// one that comes before it took its place.
    private void assertOneEach(String how) {
        assertThat(target.rows("SELECT n FROM things")).as(how).hasSize(1);
        boolean first = target.rows("SELECT n FROM things").contains("1");
        assertThat(target.rows("SELECT name FROM parts")).as(how).containsExactly(first ? "one" : "two");
        assertThat(target.rows("SELECT id FROM things WHERE rtrim(id::text) COLLATE \"C\" = 'a'"))
                .as(how)
                .hasSize(first || how.contains("char(") || how.contains("TRIGGER") ? 1 : 0);
        assertThat(target.rows("SELECT (document::jsonb -> 'n' ->> '$numberInt') FROM sluice.dead_letter WHERE"
                        + " sqlstate IN ('23505', '27000') UNION ALL SELECT CASE row_key WHEN 'a' THEN '1' ELSE '2' END"
                        + " FROM sluice.resync"))
                .as(how)
                .containsExactly(first ? "2" : "1");
    }

    @ParameterizedTest
    @DisplayName("a table that takes two keys for one from now on takes no row of a session that began before")
    @CsvSource(
            delimiter = '|',
            value = {
                "ALTER TABLE things ALTER id TYPE citext | ALTER TABLE things ALTER id TYPE text | MISSING_TABLE",
                "ALTER TABLE things ALTER id TYPE char(24) | ALTER TABLE things ALTER id TYPE text | MISSING_TABLE",
                "ALTER TABLE things ALTER id TYPE text COLLATE ci | ALTER TABLE things ALTER id TYPE text COLLATE \"C\""
                        + " | MISSING_TABLE",
                "CREATE UNIQUE INDEX odd ON things (id COLLATE ci) | DROP INDEX odd | MISSING_TABLE",
                "ALTER TABLE parts ALTER thing TYPE citext | ALTER TABLE parts ALTER thing TYPE text | MISSING_TABLE",
                "CREATE TRIGGER fold BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION fold() |"
                        + " DROP TRIGGER fold ON things | MISSING_TABLE",
                "CREATE RULE nothing AS ON DELETE TO parts DO INSTEAD NOTHING | DROP RULE nothing ON parts | MISSING_TABLE",
                "CREATE RULE nothing AS ON INSERT TO things DO INSTEAD NOTHING | DROP RULE nothing ON things | MISSING_TABLE",
                "CREATE TRIGGER stare BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION stare() |"
                        + " DROP TRIGGER stare ON things | TARGET_ALTERED",
            })
    void alteredUnderASession(String altered, String undone, FailureKind kind) throws SQLException {
        open("text");
        tables("text", "id text PRIMARY KEY, n integer");
        target.execute("CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " NEW.id := lower(rtrim(NEW.id)); RETURN NEW; END $$; CREATE FUNCTION stare() RETURNS trigger LANGUAGE"
                + " plpgsql AS $$ BEGIN PERFORM NEW.id; RETURN NEW; END $$");
        long epoch = target.takeOver();
        StreamSink stream = target.streamSink(epoch);
        ChunkSink chunks = target.chunkSink(epoch);
        stream.apply(changes("{_id: 'a', n: 1, parts: [{name: 'one'}]}"), TestTarget.at(++clock, 0), null);
        int at = clock;
        List<String> others =
                List.of("{_id: 'A', n: 2, parts: [{name: 'two'}]}", "{_id: 'a ', n: 3, parts: [{name: 'three'}]}");

        target.execute(altered);
        try (Fence.Flight flight = target.fence("things").open()) {
            for (String other : others) {
                assertAltered(kind, () -> chunks.apply(chunk(), rows(other), true, flight));
            }
        }
        for (String other : others) {
            assertAltered(kind, () -> stream.apply(changes(other), TestTarget.at(at + 1, 0), null));
        }
        assertThat(target.rows("SELECT rtrim(id), n FROM things")).containsExactly("a|1");
        assertThat(target.rows("SELECT name FROM parts")).containsExactly("one");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
        assertThat(target.position())
                .hasValueSatisfying(position -> assertThat(position.clusterTime())
                        .isEqualTo(TestTarget.at(at, 0).clusterTime()));

        target.execute(undone);
        for (String other : others) {
            stream.apply(changes(other), TestTarget.at(++clock, 0), null);
        }
        assertThat(target.rows("SELECT n FROM things ORDER BY n")).containsExactly("1", "2", "3");
    }

    private static void assertAltered(FailureKind kind, ThrowingCallable write) {
        assertThatThrownBy(write)
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageMatching("(?s).*public\\.(things|parts).*");
    }

    @Test
    @DisplayName("what changes nothing of the keys under a session is no reason to stop")
    void harmlessUnderASession() throws SQLException {
        open("text");
        tables("text", "id text PRIMARY KEY, n integer");
        StreamSink stream = target.streamSink(target.takeOver());
        for (String altered : List.of(
                "ALTER TABLE things ALTER id TYPE varchar",
                "CREATE UNIQUE INDEX odd ON things (lower(id), n)",
                "ALTER TABLE things ADD note text",
                "DROP TABLE parts; CREATE TABLE parts (thing text, place integer, name text, PRIMARY KEY (thing, place))")) {
            target.execute(altered);
            stream.apply(changes("{_id: 'a', n: " + ++clock + "}"), TestTarget.at(clock, 0), null);
            assertThat(target.rows("SELECT n FROM things")).containsExactly(String.valueOf(clock));
        }
    }

    @Test
    @DisplayName("a key column that changes while Sluice runs stops it within a sweep, before rows are taken for extra")
    void changedMeanwhile() throws SQLException {
        open("text");
        tables("text", "id text PRIMARY KEY, n integer");
        ChunkSink sink = target.chunkSink(target.takeOver());
        assertThat(sink.sweep()).isZero();
        target.execute("ALTER TABLE things ALTER id TYPE char(24)");
        assertThatThrownBy(sink::sweep).hasMessageContaining("blanks at their end");
        assertThatThrownBy(() -> KeptKeys.create(target.connection(), target.target("things")))
                .hasMessageContaining("blanks at their end");
    }

    @Test
    @DisplayName(
            "so does a trigger that somebody makes meanwhile and that changes keys, also of rows that are updated only")
    void triggerMeanwhile() throws SQLException {
        open("text");
        tables("text", "id text PRIMARY KEY, n integer");
        target.execute("CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN NEW.id := lower(NEW.id); RETURN NEW; END $$");
        ChunkSink sink = target.chunkSink(target.takeOver());
        for (String event : List.of("INSERT", "UPDATE")) {
            target.execute("CREATE TRIGGER fold BEFORE " + event + " ON things FOR EACH ROW EXECUTE FUNCTION fold()");
            assertThatThrownBy(sink::sweep)
                    .hasMessageContaining("public.things.id is changed by the trigger fold (fold)");
            assertThatThrownBy(() -> KeptKeys.create(target.connection(), target.target("things")))
                    .hasMessageContaining("changed by the trigger");
            assertRefused("it would not find them again");
            target.execute("DROP TRIGGER fold ON things");
        }
        assertThat(sink.sweep()).isZero();
    }

    @Test
    @DisplayName("a comparison that meets a key no document has fails, and says neither equal nor what differs")
    void unknownKey() throws SQLException {
        open("text");
        tables("text", "id char(24) PRIMARY KEY, n integer");
        MongoDatabase database = TestingServers.mongoDatabase();
        database.getCollection("things", BsonDocument.class)
                .insertMany(List.of(BsonDocument.parse("{_id: 'a', n: 1}"), BsonDocument.parse("{_id: 'a ', n: 2}")));
        target.execute("INSERT INTO things VALUES ('a', 2)");
        try (MongoSource source = new MongoSource(TestingServers.mongo().uri(), database.getName())) {
            Verifier verifier = new Verifier(
                    target.pipeline(source), (collection, keys) -> Set.of(), (collection, progress) -> {}, () -> false);
            assertThatThrownBy(() -> verifier.verify(
                            target.target("things"), new Verifier.Wish(Mode.FULL, Origin.ASKED, 1, 1, 1, true)))
                    .hasMessageContaining("gives back a key that no document has");
        } finally {
            database.drop();
        }
    }

    private void stream(String document) throws SQLException {
        target.streamSink(target.takeOver()).apply(changes(document), TestTarget.at(++clock, 0), null);
    }

    private List<RowChange> changes(String document) {
        BsonDocument parsed = BsonDocument.parse(document);
        Change change = new Change.Upsert(
                "things", Objects.requireNonNull(parsed.get("_id")), parsed, new BsonTimestamp(clock, 0), 0);
        return List.of(Objects.requireNonNull(target.mapper().map(change)));
    }

    private void chunk(String... documents) throws SQLException {
        try (Fence.Flight flight = target.fence("things").open()) {
            target.chunkSink(target.takeOver()).apply(chunk(), rows(documents), true, flight);
        }
    }

    private Chunk chunk() {
        return new Chunk("things", clock++, IdBracket.STRING, null, null);
    }

    private ChunkRows rows(String... documents) {
        ChunkRows rows = new ChunkRows(target.target("things"));
        rows.map(Arrays.stream(documents).map(RawBsonDocument::parse).toList());
        return rows;
    }
}
