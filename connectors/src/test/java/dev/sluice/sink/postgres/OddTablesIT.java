package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.check.TableFault;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Tables of kinds that are seldom written to by hand, on each way that rows take: copied straight, by a chunk over
/// rows that are there, and by the stream.
@SuppressWarnings("NullAway.Init")
class OddTablesIT {
    private TestTarget target;
    private StreamSink stream;
    private ChunkSink chunks;
    private int clock = 1;

    private void open(String collection, String ddl) throws SQLException {
        target = TestTarget.of("mapping: test\ndatabase: test\ncollections:\n  things:\n" + collection.indent(4), ddl);
        long epoch = target.takeOver();
        stream = target.streamSink(epoch);
        chunks = target.chunkSink(epoch);
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("a key that is GENERATED ALWAYS AS IDENTITY takes the documents' keys on every way")
    void identityKey() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns:
                  n: integer
                """, "CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer)");
        assertThat(faults("id")).isEmpty();

        chunk(true, "{_id: 1, n: 1}", "{_id: 2, n: 2}");
        chunk(false, "{_id: 1, n: 10}", "{_id: 3, n: 3}");
        stream(upsert("{_id: 2, n: 20}"), upsert("{_id: 4, n: 4}"));
        stream(delete(3));

        assertThat(target.rows("SELECT id, n FROM things ORDER BY id")).containsExactly("1|10", "2|20", "4|4");
    }

    @Test
    @DisplayName("an identity that rows are not recognised by is refused before anything is written, with what helps")
    void identityBesideTheKey() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                columns:
                  n: integer
                """, "CREATE TABLE things (id bigint PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY)");

        List<TableFault> faults = faults("id");
        assertThat(faults).hasSize(1);
        target.execute(faults.getFirst().remedy().replaceFirst(", or take .*", ""));
        assertThat(faults("id")).isEmpty();
        stream(upsert("{_id: 1, n: 5}"));
        stream(upsert("{_id: 1, n: 6}"));
        assertThat(target.rows("SELECT id, n FROM things")).containsExactly("1|6");
    }

    @Test
    @DisplayName("a document that moves to another partition leaves no row behind, and keeps what is written once")
    void moved() throws SQLException {
        partitioned();
        chunk(true, "{_id: 1, country: 'DE', n: 1, by: 'copy'}", "{_id: 2, country: 'DE', n: 2, by: 'copy'}");
        stream(upsert("{_id: 1, country: 'FR', n: 10, by: 'stream'}"));
        chunk(false, "{_id: 2, country: 'IT', n: 20, by: 'chunk'}");

        assertThat(target.rows("SELECT id, country, n, by FROM things ORDER BY id"))
                .containsExactly("1|FR|10|copy", "2|IT|20|copy");
    }

    @Test
    @DisplayName("rows that an earlier version left behind in other partitions go when their document is written again")
    void leftBehind() throws SQLException {
        partitioned();
        target.execute(
                "INSERT INTO things VALUES (1, 'DE', 1, 'x'), (1, 'FR', 1, 'y'), (1, 'IT', 1, 'z'), (2, 'DE', 1, 'w')");
        chunk(false, "{_id: 1, country: 'FR', n: 5, by: 'chunk'}");
        stream(upsert("{_id: 2, country: 'ES', n: 6}"));

        assertThat(target.rows("SELECT id, country, n, by FROM things ORDER BY id"))
                .containsExactly("1|FR|5|y", "2|ES|6|w");
    }

    @Test
    @DisplayName(
            "where rows are recognised by another column than the key, a document takes its row along when that changes")
    void recognisedByAnotherColumn() throws SQLException {
        open("""
                table: things
                key: {column: id, type: bigint}
                conflict: [email]
                columns:
                  email: text
                """, "CREATE TABLE things (id bigint PRIMARY KEY, email text UNIQUE)");
        target.execute("INSERT INTO things VALUES (100, 'a'), (101, 'b')");
        chunk(false, "{_id: 1, email: 'a'}");
        stream(upsert("{_id: 1, email: 'c'}"));
        assertThat(target.rows("SELECT id, email FROM things ORDER BY id")).containsExactly("1|c", "101|b");

        stream(upsert("{_id: 1, email: 'b'}"));
        assertThat(target.rows("SELECT id, email FROM things ORDER BY id")).containsExactly("1|b");
    }

    private void partitioned() throws SQLException {
        open(
                """
                table: things
                key: {column: id, type: bigint}
                conflict: [id, country]
                columns:
                  country: text
                  n: integer
                  by: {type: text, write: insert}
                """,
                "CREATE TABLE things (id bigint, country text, n integer, by text, PRIMARY KEY (id, country))"
                        + " PARTITION BY LIST (country);"
                        + " CREATE TABLE things_de PARTITION OF things FOR VALUES IN ('DE');"
                        + " CREATE TABLE things_others PARTITION OF things DEFAULT");
    }

    private List<TableFault> faults(String conflict) throws SQLException {
        return TableFault.of(
                TableFault.Looking.on(target.connection()),
                target.target("things"),
                target.target("things").mapper().shape(),
                List.of(conflict));
    }

    private void stream(Change... changes) throws SQLException {
        List<RowChange> mapped = Arrays.stream(changes)
                .map(c -> Objects.requireNonNull(target.mapper().map(c)))
                .toList();
        stream.apply(mapped, TestTarget.at(++clock, 0), null);
        assertThat(target.rows("SELECT operation FROM sluice.dead_letter")).isEmpty();
    }

    private void chunk(boolean startedEmpty, String... documents) throws SQLException {
        ChunkRows rows = new ChunkRows(target.target("things"));
        rows.map(Arrays.stream(documents).map(RawBsonDocument::parse).toList());
        try (Fence.Flight flight = target.fence("things").open()) {
            chunks.apply(new Chunk("things", clock++, IdBracket.NUMBER, null, null), rows, startedEmpty, flight);
        }
    }

    private Change upsert(String json) {
        BsonDocument document = BsonDocument.parse(json);
        return new Change.Upsert("things", Objects.requireNonNull(document.get("_id")), document, time(), 0);
    }

    private Change delete(int id) {
        return new Change.Delete("things", new BsonInt32(id), time(), 0);
    }

    private BsonTimestamp time() {
        return new BsonTimestamp(clock, 0);
    }
}
