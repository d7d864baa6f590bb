package dev.sluice.sink.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What triggers make of what is written, found out by trying, and what writing does about it.
@SuppressWarnings("NullAway.Init")
class TriggerTrialIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  title: text
                  owner: text
                  made_at: timestamptz
                  updated_at: {type: timestamptz, write: along}
            """;

    private static final String TABLE = """
            CREATE TABLE owners (name text PRIMARY KEY, things integer NOT NULL DEFAULT 0);
            CREATE DOMAIN mark AS text CHECK (VALUE ~ '^[a-z]$');
            CREATE TYPE kind AS ENUM ('small', 'large');
            CREATE TABLE things (
              id bigint PRIMARY KEY,
              title text NOT NULL CHECK (title <> 'forbidden' AND length(title) < 40),
              owner text REFERENCES owners,
              made_at timestamptz NOT NULL DEFAULT now(),
              updated_at timestamptz NOT NULL DEFAULT now(),
              shout text GENERATED ALWAYS AS (upper(title)) STORED,
              kind kind NOT NULL DEFAULT 'small',
              mark mark NOT NULL DEFAULT 'm',
              UNIQUE (title));
            """;

    private static TestTarget target;
    private static int clock = 1;

    @BeforeAll
    static void open() {
        target = TestTarget.of(MAPPING, "");
    }

    @BeforeEach
    void make() {
        target.execute("DROP TABLE IF EXISTS things, owners; DROP FUNCTION IF EXISTS t, a, b, d, own;"
                + " DROP DOMAIN IF EXISTS mark; DROP TYPE IF EXISTS kind; " + TABLE);
    }

    @AfterAll
    static void close() {
        target.close();
    }

    static Stream<Arguments> kinds() {
        String stamp = "NEW.updated_at := now();";
        return Stream.of(
                kind("one that stamps every update", "UPDATE", stamp, Set.of("updated_at"), Set.of()),
                kind("one that stamps every insert", "INSERT", stamp, Set.of(), Set.of("updated_at")),
                kind(
                        "one that stamps an update without a time of its own",
                        "UPDATE",
                        "IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN " + stamp + " END IF;",
                        Set.of(),
                        Set.of("updated_at")),
                kind(
                        "one that stamps when the title changes",
                        "UPDATE",
                        "IF NEW.title IS DISTINCT FROM OLD.title THEN " + stamp + " END IF;",
                        Set.of(),
                        Set.of("updated_at")),
                kind(
                        "one that stamps what has no time",
                        "INSERT OR UPDATE",
                        "NEW.updated_at := coalesce(NEW.updated_at, now());",
                        Set.of(),
                        Set.of()),
                kind(
                        "one that asks who writes",
                        "INSERT OR UPDATE",
                        "IF current_setting('sluice.applying', true) = 'on' THEN RETURN NEW; END IF; " + stamp,
                        Set.of(),
                        Set.of()),
                kind(
                        "one that speaks of who writes, and stamps all the same",
                        "UPDATE",
                        "-- sluice.applying is of no interest here\n" + stamp,
                        Set.of("updated_at"),
                        Set.of()),
                kind(
                        "one that makes the owner's row",
                        "INSERT OR UPDATE OF owner",
                        "INSERT INTO owners (name) VALUES (NEW.owner) ON CONFLICT DO NOTHING; PERFORM pg_notify('x', 'y');",
                        Set.of(),
                        Set.of()),
                kind(
                        "one that writes in its own way",
                        "INSERT OR UPDATE",
                        "NEW.title := lower(trim(NEW.title));",
                        Set.of("title"),
                        Set.of()),
                kind(
                        "one that keeps the time of making",
                        "UPDATE",
                        "NEW.made_at := OLD.made_at;",
                        Set.of("made_at"),
                        Set.of()),
                kind("one that sets what is not mapped", "UPDATE", "NEW.kind := 'large';", Set.of(), Set.of()),
                kind(
                        "one that looks by its table's name",
                        "UPDATE",
                        "IF TG_TABLE_NAME = 'things' THEN " + stamp + " END IF;",
                        Set.of("updated_at"),
                        Set.of()));
    }

    private static Arguments kind(String name, String events, String body, Set<String> stamped, Set<String> rewritten) {
        return Arguments.argumentSet(name, events, body, stamped, rewritten);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    @DisplayName("what a trigger does is found out by trying, in an empty table with constraints, without a trace;"
            + " rows then hold what documents do, on each way, but for columns that it sets whatever is written")
    void found(String events, String body, Set<String> stamped, Set<String> rewritten) throws SQLException {
        trigger("t", events, "", body);
        TriggerEffects effects = trial();

        assertThat(effects.obstacle()).isNull();
        assertThat(effects.stamped()).isEqualTo(stamped);
        assertThat(effects.rewritten().keySet()).isEqualTo(rewritten);
        assertThat(target.rows("SELECT name FROM owners")).isEmpty();
        assertThat(target.rows("SELECT id FROM things")).isEmpty();
        assertThat(target.rows("SELECT relname FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'pg_temp%'"
                        + " AND relname IN ('things', 'owners')"))
                .isEmpty();

        target.execute("INSERT INTO owners VALUES ('ann') ON CONFLICT DO NOTHING");
        long epoch = target.takeOver();
        StreamSink stream = target.streamSink(epoch);
        ChunkSink chunks = target.chunkSink(epoch);

        chunk(chunks, true, document(1, "One", 1), document(2, "Two", 1));
        chunk(chunks, false, document(2, "Two more", 2), document(3, "Three", 1));
        stream(stream, document(1, "One", 5));
        stream(stream, document(3, "Three more", 1), document(4, "Four", 1));
        stream(stream, document(3, "Three more", 9));

        List<String> columns = Stream.of("id", "title", "made_at", "updated_at")
                .filter(c -> !stamped.contains(c))
                .toList();
        assertThat(target.rows("SELECT " + String.join(", ", columns) + " FROM things ORDER BY id"))
                .isEqualTo(expected(columns));
        if (stamped.isEmpty()) {
            List<String> before = target.versions();
            stream(stream, document(1, "One", 5), document(3, "Three more", 9));
            assertThat(rewritten.isEmpty() ? target.versions() : before)
                    .as("not one row is written again")
                    .isEqualTo(before);
        }
    }

    private static List<String> expected(List<String> columns) {
        record Thing(int id, String title, int day) {}
        return Stream.of(
                        new Thing(1, "One", 5),
                        new Thing(2, "Two more", 2),
                        new Thing(3, "Three more", 9),
                        new Thing(4, "Four", 1))
                .map(t -> String.join(
                        "|",
                        columns.stream()
                                .map(c -> switch (c) {
                                    case "id" -> String.valueOf(t.id());
                                    case "title" -> t.title();
                                    case "made_at" -> "2020-01-01 00:00:00+00";
                                    default -> "2024-01-0" + t.day() + " 00:00:00+00";
                                })
                                .toList()))
                .toList();
    }

    @Test
    @DisplayName("triggers together, with conditions, disabled, and written in C, do what they do together")
    void together() throws SQLException {
        target.execute("ALTER TABLE things ADD words tsvector");
        target.execute("CREATE TRIGGER c BEFORE INSERT OR UPDATE ON things FOR EACH ROW"
                + " EXECUTE FUNCTION tsvector_update_trigger(words, 'pg_catalog.simple', title)");
        target.execute("ALTER TABLE things DROP shout");
        trigger("a", "UPDATE", "WHEN (OLD.* IS DISTINCT FROM NEW.*)", "NEW.updated_at := now();");
        trigger("b", "INSERT", "", "NEW.made_at := now();");
        trigger("d", "UPDATE OF title", "", "NEW.owner := 'nobody';");
        target.execute("ALTER TABLE things DISABLE TRIGGER d");

        TriggerEffects effects = trial();

        assertThat(effects.stamped()).containsExactly("updated_at");
        assertThat(effects.rewritten()).containsOnlyKeys("made_at");
        assertThat(effects.onInsert()).isTrue();
        assertThat(new TriggerTrial(target.connection())
                        .alone(
                                target.target("things").mapper().shape(),
                                target.target("things").mapping().conflict()))
                .hasEntrySatisfying("a (a)", a -> assertThat(a.stamped()).containsExactly("updated_at"))
                .hasEntrySatisfying("b (b)", b -> assertThat(b.rewritten()).containsOnlyKeys("made_at"))
                .hasEntrySatisfying(
                        "c (tsvector_update_trigger)", c -> assertThat(c).isEqualTo(TriggerEffects.NONE))
                .hasSize(3);
    }

    @Test
    @DisplayName("a function that bears no made-up row gets a real one; where there is none, it is unknown, and said")
    void particular() throws SQLException {
        trigger(
                "t",
                "INSERT OR UPDATE",
                "",
                "IF NEW.title LIKE '%Sluice%' THEN RAISE EXCEPTION 'no'; END IF; NEW.updated_at := now();");

        assertThat(trial().obstacle()).contains("P0001");
        assertThat(trial().stamped()).isEmpty();
        target.execute("INSERT INTO things (id, title) VALUES (1, 'real')");
        assertThat(trial())
                .returns(null, TriggerEffects::obstacle)
                .returns(Set.of("updated_at"), TriggerEffects::stamped);
        assertThat(target.rows("SELECT count(*) FROM things")).containsExactly("1");
    }

    @Test
    @DisplayName(
            "a trigger that deletes what was written, changes its key, or lets stay what is deleted, is found out alone")
    void undoing() throws SQLException {
        trigger("a", "UPDATE", "", "NEW.updated_at := now();");
        trigger("d", "INSERT OR UPDATE OR DELETE", "", "");
        target.execute("CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN DELETE FROM things WHERE id = NEW.id; RETURN NULL; END $$;"
                + " CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN UPDATE things SET id = id + 100 WHERE id = NEW.id; RETURN NULL; END $$;"
                + " CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN INSERT INTO owners VALUES (NEW.title); RETURN NULL; END $$;"
                + " CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
                + " CREATE TRIGGER gone AFTER UPDATE ON things FOR EACH ROW EXECUTE FUNCTION gone();"
                + " CREATE TRIGGER moved AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION moved();"
                + " CREATE TRIGGER noted AFTER INSERT OR DELETE ON things FOR EACH ROW EXECUTE FUNCTION noted();"
                + " CREATE TRIGGER broken AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION broken()");

        assertThat(new TriggerTrial(target.connection())
                        .undoing(
                                target.target("things").mapper().shape(),
                                target.target("things").mapping().conflict()))
                .isEqualTo(Map.of(
                        "d (d)",
                        Set.of(TriggerTrial.Undoing.DELETE),
                        "gone (gone)",
                        Set.of(TriggerTrial.Undoing.WRITE),
                        "moved (moved)",
                        Set.of(TriggerTrial.Undoing.WRITE)));
        assertThat(trial().obstacle())
                .as("those of writing are tried without the others")
                .isNull();
        assertThat(target.rows("SELECT * FROM things")).isEmpty();
    }

    @Test
    @DisplayName("a trigger that drops rows, and one whose function the role may not execute, are obstacles")
    void obstacles() throws SQLException {
        trigger("t", "INSERT", "", "RETURN NULL;");
        assertThat(trial().obstacle()).contains("let no row be inserted");
        target.execute("DROP FUNCTION t CASCADE");

        trigger("t", "UPDATE", "", "NEW.updated_at := now();");
        target.execute("REVOKE EXECUTE ON FUNCTION t() FROM PUBLIC; DROP ROLE IF EXISTS trial_poor;"
                + " CREATE ROLE trial_poor; GRANT ALL ON things, owners TO trial_poor");
        try (Connection poor = target.connector().open()) {
            execute(poor, "SET ROLE trial_poor");
            assertThat(trial(poor).obstacle()).contains("42501");
        } finally {
            target.execute("DROP OWNED BY trial_poor; DROP ROLE trial_poor");
        }
    }

    @Test
    @DisplayName("row security, another transaction under way and a connection for reading are in nobody's way")
    void connections() throws SQLException {
        trigger("t", "UPDATE", "", "NEW.updated_at := now();");
        target.execute("INSERT INTO things (id, title) VALUES (1, 'x');"
                + " ALTER TABLE things ENABLE ROW LEVEL SECURITY; ALTER TABLE things FORCE ROW LEVEL SECURITY");
        try (Connection writing = target.connector().open();
                Connection reading = target.connector().open();
                Connection holding = target.connector().open()) {
            holding.setAutoCommit(false);
            execute(holding, "UPDATE things SET title = 'held'");
            reading.setReadOnly(true);
            assertThat(trial(reading).stamped()).containsExactly("updated_at");
            writing.setAutoCommit(false);
            execute(writing, "INSERT INTO owners VALUES ('mine')");
            assertThat(trial(writing).stamped()).containsExactly("updated_at");
            writing.commit();
        }
        assertThat(target.rows("SELECT name FROM owners")).containsExactly("mine");
    }

    @Test
    @DisplayName("a partition's own trigger counts, and so does one that all partitions have")
    void partitions() throws SQLException {
        target.execute("DROP TABLE things; CREATE TABLE things (id bigint PRIMARY KEY, title text, owner text,"
                + " made_at timestamptz, updated_at timestamptz) PARTITION BY RANGE (id);"
                + " CREATE TABLE things_low PARTITION OF things FOR VALUES FROM (0) TO (10);"
                + " CREATE TABLE things_high PARTITION OF things FOR VALUES FROM (10) TO (20)");
        trigger("t", "UPDATE", "", "NEW.updated_at := now();");
        target.execute(
                "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.owner := 1; RETURN NEW; END';"
                        + " CREATE TRIGGER own BEFORE UPDATE ON things_high FOR EACH ROW EXECUTE FUNCTION own()");

        assertThat(trial().stamped()).containsExactlyInAnyOrder("updated_at", "owner");
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void trigger(String name, String events, String condition, String body) {
        target.execute("CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN " + body
                + " RETURN NEW; END $f$; CREATE TRIGGER " + name + " BEFORE " + events + " ON things FOR EACH ROW "
                + condition + " EXECUTE FUNCTION " + name + "()");
    }

    private TriggerEffects trial() throws SQLException {
        return trial(target.connection());
    }

    private TriggerEffects trial(Connection connection) throws SQLException {
        return new TriggerTrial(connection)
                .of(
                        target.target("things").mapper().shape(),
                        target.target("things").mapping().conflict());
    }

    private static String document(int id, String title, int day) {
        return "{_id: " + id + ", title: '" + title + "', owner: 'ann', made_at: {$date: '2020-01-01T00:00:00Z'},"
                + " updated_at: {$date: '2024-01-0" + day + "T00:00:00Z'}}";
    }

    private void stream(StreamSink stream, String... documents) throws SQLException {
        List<RowChange> mapped = Arrays.stream(documents)
                .map(BsonDocument::parse)
                .map(d -> Objects.requireNonNull(target.mapper()
                        .map(new Change.Upsert(
                                "things", Objects.requireNonNull(d.get("_id")), d, new BsonTimestamp(clock, 0), 0))))
                .toList();
        stream.apply(mapped, TestTarget.at(++clock, 0), null);
        assertThat(target.rows("SELECT operation FROM sluice.dead_letter")).isEmpty();
    }

    private void chunk(ChunkSink chunks, boolean startedEmpty, String... documents) throws SQLException {
        ChunkRows rows = new ChunkRows(target.target("things"));
        rows.map(Arrays.stream(documents).map(RawBsonDocument::parse).toList());
        try (Fence.Flight flight = target.fence("things").open()) {
            chunks.apply(new Chunk("things", clock++, IdBracket.NUMBER, null, null), rows, startedEmpty, flight);
        }
    }
}
