package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Triggers that undo what is written without an error: the rows that are counted are there, and a
/// document whose row is not is a dead letter.
@SuppressWarnings("NullAway.Init")
class UndoingTriggersIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  n: integer
                  t: text
                children:
                  parts: {from: parts, parent: thing, ordinal: place, columns: {name: text}}
              bare:
                table: bare
                key: {column: id, type: bigint}
                columns: {}
            """;

    private static final String TABLES = """
            CREATE TABLE things (id bigint PRIMARY KEY, n integer, t text);
            CREATE TABLE parts (thing bigint, place integer, name text, PRIMARY KEY (thing, place));
            CREATE TABLE bare (id bigint PRIMARY KEY);
            """;

    private TestTarget target;
    private int clock = 1;

    @BeforeEach
    void open() {
        target = TestTarget.of(MAPPING, TABLES);
    }

    @AfterEach
    void close() {
        target.close();
    }

    /// What keeps rows of negative `n` out, or undoes them.
    private void undo(String when, String body) {
        undo("things", when, "IF NEW.n < 0 THEN " + body + " END IF; RETURN NEW;");
    }

    private void undo(String table, String when, String body) {
        target.execute("CREATE OR REPLACE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body
                + " END $$; CREATE TRIGGER odd " + when + " ON " + table + " FOR EACH ROW EXECUTE FUNCTION odd()");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEFORE INSERT|RETURN NULL;",
                "BEFORE INSERT OR UPDATE|RETURN NULL;",
                "AFTER INSERT OR UPDATE|DELETE FROM things WHERE id = NEW.id;",
                "AFTER INSERT OR UPDATE|UPDATE things SET id = 1000 + NEW.id, n = 0 WHERE id = NEW.id;"
            })
    @DisplayName("a chunk counts the rows that are there, and a document whose row a trigger undoes is a dead letter")
    void chunk(String trigger) throws SQLException {
        undo(trigger.split("\\|")[0], trigger.split("\\|")[1]);

        WriteSummary written = chunk("{_id: 1, n: 1}", "{_id: 2, n: -2}", "{_id: 3, n: 3, parts: [{name: 'a'}]}");

        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("1|1", "3|3");
        assertThat(written.rows()).isEqualTo(3);
        assertThat(written.deadLetters()).isEqualTo(1);
        assertThat(target.rows("SELECT document_key, sqlstate, row_stays FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"2\"}|27000|f");
        assertThat(target.rows("SELECT reason FROM sluice.dead_letter"))
                .singleElement()
                .asString()
                .contains("public.things", "the trigger odd (odd)")
                .doesNotContain("-2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEFORE INSERT|RETURN NULL;",
                "BEFORE INSERT OR UPDATE|RETURN NULL;",
                "BEFORE UPDATE|RETURN NULL;",
                "AFTER INSERT OR UPDATE|DELETE FROM things WHERE id = NEW.id;"
            })
    @DisplayName("a change that a trigger does not let through is a dead letter, and the row of its earlier state goes")
    void stream(String trigger) throws SQLException {
        undo(trigger.split("\\|")[0], trigger.split("\\|")[1]);
        StreamSink sink = target.streamSink(target.takeOver());
        stream(sink, "{_id: 1, n: 1}", "{_id: 2, n: 2}");

        WriteSummary written = stream(sink, "{_id: 1, n: -1}", "{_id: 2, n: 3}");

        assertThat(target.rows("SELECT id, n FROM things")).containsExactly("2|3");
        assertThat(written.rows()).isEqualTo(1);
        assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"1\"}|27000");
        assertThat(target.position()).contains(TestTarget.at(clock, 0));

        stream(sink, "{_id: 1, n: 4}");
        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("1|4", "2|3");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
    }

    @Test
    @DisplayName("so is a document that is read again, as by a replay or a repair")
    void resynced() throws SQLException {
        undo("BEFORE INSERT OR UPDATE", "RETURN NULL;");
        ChunkSink sink = target.chunkSink(target.takeOver());

        WriteSummary written;
        try (Fence.Flight flight = target.fence("things").open()) {
            written = sink.resync(changes("things", "{_id: 1, n: 1}", "{_id: 2, n: -2}"), List.of(), flight);
        }

        assertThat(written.rows()).isEqualTo(1);
        assertThat(written.deadLetters()).isEqualTo(1);
        assertThat(target.rows("SELECT id FROM things")).containsExactly("1");
        assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"2\"}|27000");
    }

    @Test
    @DisplayName("a child row that a trigger keeps out makes its document a dead letter too")
    void child() throws SQLException {
        undo("parts", "BEFORE INSERT", "IF NEW.name = 'no' THEN RETURN NULL; END IF; RETURN NEW;");
        StreamSink sink = target.streamSink(target.takeOver());

        stream(sink, "{_id: 1, parts: [{name: 'a'}, {name: 'no'}]}", "{_id: 2, parts: [{name: 'b'}]}");

        assertThat(target.rows("SELECT thing, name FROM parts")).containsExactly("2|b");
        assertThat(target.rows("SELECT id FROM things")).containsExactly("2");
        assertThat(target.rows("SELECT document_key FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"1\"}");
    }

    @Test
    @DisplayName("so does the row of a table that has a key only, and one of a partition that has the trigger alone")
    void keyOnlyAndPartition() throws SQLException {
        undo("bare", "BEFORE INSERT", "IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW;");
        target.execute("DROP TABLE things; CREATE TABLE things (id bigint PRIMARY KEY, n integer, t text)"
                + " PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF things FOR VALUES FROM (0) TO (10);"
                + " CREATE TABLE high PARTITION OF things FOR VALUES FROM (10) TO (20);"
                + " CREATE TRIGGER odd BEFORE INSERT ON high FOR EACH ROW EXECUTE FUNCTION odd()");
        target.execute("CREATE OR REPLACE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN IF NEW.id % 10 = 2 THEN RETURN NULL; END IF; RETURN NEW; END $$");
        StreamSink sink = target.streamSink(target.takeOver());

        apply(sink, changes("bare", "{_id: 1}", "{_id: 2}"));
        stream(sink, "{_id: 1}", "{_id: 2}", "{_id: 12}", "{_id: 13}");

        assertThat(target.rows("SELECT id FROM bare")).containsExactly("1");
        assertThat(target.rows("SELECT id FROM things ORDER BY id")).containsExactly("1", "2", "13");
        assertThat(target.rows("SELECT collection, document_key FROM sluice.dead_letter ORDER BY 1"))
                .containsExactly("bare|{\"$numberLong\":\"2\"}", "things|{\"$numberLong\":\"12\"}");
    }

    @Test
    @DisplayName("rows that a trigger writes with other values, or that were right already, are no dead letters")
    void others() throws SQLException {
        undo("things", "BEFORE INSERT OR UPDATE", "IF NEW.n > 5 THEN NEW.t := lower(NEW.t); END IF; RETURN NEW;");
        target.execute("CREATE TABLE seen (id bigint); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NULL; END $$;"
                + " CREATE TRIGGER note AFTER INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION note()");
        StreamSink sink = target.streamSink(target.takeOver());
        String[] documents = {"{_id: 1, n: 1, t: 'A'}", "{_id: 9, n: 9, t: 'B'}"};

        assertThat(stream(sink, documents).rows()).isEqualTo(2);
        assertThat(stream(sink, documents[0]).rows()).isZero();
        stream(sink, documents);

        assertThat(target.rows("SELECT id, t FROM things ORDER BY id")).containsExactly("1|A", "9|b");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"BEFORE INSERT", "BEFORE UPDATE", "BEFORE INSERT OR UPDATE"})
    @DisplayName("a row that stays as it was is told from one that a trigger made so, also in a partition")
    void keptAsItWas(String when) throws SQLException {
        target.execute("DROP TABLE things; CREATE TABLE things (id bigint PRIMARY KEY, n integer, t text)"
                + " PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF things FOR VALUES FROM (0) TO (10)");
        undo("things", "BEFORE INSERT OR UPDATE", "NEW.t := lower(NEW.t); RETURN NEW;");
        target.execute("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN IF NEW.n < 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;"
                + " CREATE TRIGGER keep " + when + " ON things FOR EACH ROW EXECUTE FUNCTION keep()");
        StreamSink sink = target.streamSink(target.takeOver());
        stream(sink, "{_id: 1, n: 1, t: 'A'}", "{_id: 2, n: 2, t: 'B'}");

        stream(sink, "{_id: 1, n: 1, t: 'A'}", "{_id: 2, n: -2, t: 'B'}", "{_id: 3, n: 3, t: 'C'}");
        stream(sink, "{_id: 1, n: 1, t: 'A'}", "{_id: 3, n: 3, t: 'C'}");

        assertThat(target.rows("SELECT id, n, t FROM things ORDER BY id")).containsExactly("1|1|a", "3|3|c");
        assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"2\"}|27000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BEFORE INSERT", "BEFORE UPDATE", "BEFORE INSERT OR UPDATE"})
    @DisplayName("neither are rows that have a trigger's values and are written again as they are, or with other ones")
    void again(String when) throws SQLException {
        undo("things", when, "IF NEW.n > 5 THEN NEW.t := lower(NEW.t); END IF; RETURN NEW;");
        long epoch = target.takeOver();
        StreamSink sink = target.streamSink(epoch);
        ChunkSink chunks = target.chunkSink(epoch);
        for (int times = 0; times < 3; times++) {
            stream(sink, "{_id: 1, n: 1, t: 'A'}", "{_id: 9, n: 9, t: 'B'}");
            chunk(chunks, "{_id: 1, n: 1, t: 'A'}", "{_id: 9, n: 9, t: 'B'}");
        }
        stream(sink, "{_id: 1, n: 7, t: 'A'}", "{_id: 9, n: 8, t: 'B'}");
        stream(sink, "{_id: 1, n: 7, t: 'A'}", "{_id: 9, n: 8, t: 'B'}");

        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("1|7", "9|8");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEFORE INSERT OR UPDATE|RETURN NULL;",
                "AFTER INSERT OR UPDATE|DELETE FROM things WHERE id = NEW.id;"
            })
    @DisplayName("a trigger that is made while Sluice runs is noticed at the next write, or chunk")
    void meanwhile(String trigger) throws SQLException {
        long epoch = target.takeOver();
        StreamSink sink = target.streamSink(epoch);
        ChunkSink chunks = target.chunkSink(epoch);
        stream(sink, "{_id: 1, n: 1}");
        undo(trigger.split("\\|")[0], trigger.split("\\|")[1]);

        stream(sink, "{_id: 1, n: -1}", "{_id: 2, n: 2}");
        chunk(chunks, "{_id: 3, n: 3}", "{_id: 4, n: -4}");

        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("2|2", "3|3");
        assertThat(target.rows("SELECT document_key, sqlstate FROM sluice.dead_letter ORDER BY 1"))
                .containsExactly("{\"$numberLong\":\"1\"}|27000", "{\"$numberLong\":\"4\"}|27000");
    }

    @Test
    @DisplayName("a trigger that keeps all rows out stops the pipeline, and no document becomes a dead letter")
    void all() throws SQLException {
        undo("things", "BEFORE INSERT", "RETURN NULL;");
        String[] documents =
                IntStream.range(0, 200).mapToObj(i -> "{_id: " + i + "}").toArray(String[]::new);

        assertThatThrownBy(() -> chunk(documents))
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.ROWS_REFUSED))
                .hasMessageContaining("the trigger odd (odd)");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
    }

    @Test
    @DisplayName("a row that a trigger lets stay is not counted as deleted, and one of a dead letter is said to stay")
    void deletes() throws SQLException {
        undo("things", "BEFORE DELETE", "IF OLD.n = 1 THEN RETURN NULL; END IF; RETURN OLD;");
        target.execute("ALTER TABLE things ADD CHECK (n > 0)");
        StreamSink sink = target.streamSink(target.takeOver());
        stream(sink, "{_id: 1, n: 1}", "{_id: 2, n: 2}", "{_id: 3, n: 1}");

        WriteSummary written = apply(sink, List.of(delete(1), delete(2)));
        stream(sink, "{_id: 3, n: -3}");

        assertThat(written.deleted()).isEqualTo(1);
        assertThat(target.rows("SELECT id FROM things ORDER BY id")).containsExactly("1", "3");
        assertThat(target.rows("SELECT document_key, row_stays FROM sluice.dead_letter"))
                .containsExactly("{\"$numberLong\":\"3\"}|t");
        assertThat(target.rows("SELECT reason FROM sluice.dead_letter"))
                .singleElement()
                .asString()
                .contains("the row of an earlier state stays in public.things", "the trigger odd (odd) lets it stay");
    }

    @Test
    @DisplayName("a dead letter names the foreign key that keeps the row of its earlier state, until nothing does")
    void foreignKey() throws SQLException {
        target.execute("ALTER TABLE things ADD CHECK (n > 0);"
                + " CREATE TABLE labels (thing bigint CONSTRAINT labels_thing REFERENCES things)");
        StreamSink sink = target.streamSink(target.takeOver());
        stream(sink, "{_id: 1, n: 1}", "{_id: 2, n: 2}", "{_id: 3, n: 3}");
        target.execute("INSERT INTO labels VALUES (1), (3)");

        stream(sink, "{_id: 1, n: -1}", "{_id: 2, n: -2}");
        apply(sink, List.of(delete(3)));

        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("1|1", "3|3");
        assertThat(target.rows("SELECT document_key, operation, row_stays,"
                        + " reason LIKE '%stays in public.things%labels_thing%' FROM sluice.dead_letter ORDER BY 1"))
                .containsExactly(
                        "{\"$numberLong\":\"1\"}|upsert|t|t",
                        "{\"$numberLong\":\"2\"}|upsert|f|f",
                        "{\"$numberLong\":\"3\"}|delete|t|f");
        assertThat(new DeadLetterStore(TestTarget.PIPELINE).staying(target.connection()))
                .hasEntrySatisfying("things", staying -> {
                    assertThat(staying.rows()).isEqualTo(2);
                    assertThat(staying.why()).contains("labels_thing");
                });

        target.execute("DELETE FROM labels");
        stream(sink, "{_id: 1, n: -1}");
        assertThat(target.rows("SELECT id FROM things")).containsExactly("3");
        assertThat(target.rows("SELECT row_stays FROM sluice.dead_letter WHERE document_key LIKE '%1%'"))
                .containsExactly("f");
    }

    private WriteSummary chunk(String... documents) throws SQLException {
        return chunk(target.chunkSink(target.takeOver()), documents);
    }

    private WriteSummary chunk(ChunkSink sink, String... documents) throws SQLException {
        ChunkRows rows = new ChunkRows(target.target("things"));
        rows.map(Arrays.stream(documents).map(RawBsonDocument::parse).toList());
        try (Fence.Flight flight = target.fence("things").open()) {
            return sink.apply(new Chunk("things", clock++, IdBracket.NUMBER, null, null), rows, true, flight);
        }
    }

    private WriteSummary stream(StreamSink sink, String... documents) throws SQLException {
        return apply(sink, changes("things", documents));
    }

    private WriteSummary apply(StreamSink sink, List<RowChange> changes) throws SQLException {
        return sink.apply(changes, TestTarget.at(++clock, 0), null);
    }

    private List<RowChange> changes(String collection, String... documents) {
        return Arrays.stream(documents)
                .map(BsonDocument::parse)
                .map(d -> mapped(new Change.Upsert(
                        collection, Objects.requireNonNull(d.get("_id")), d, new BsonTimestamp(clock, 0), 0)))
                .toList();
    }

    private RowChange delete(int id) {
        return mapped(new Change.Delete("things", new BsonInt64(id), new BsonTimestamp(clock, 0), 0));
    }

    private RowChange mapped(Change change) {
        return Objects.requireNonNull(target.mapper().map(change));
    }
}
