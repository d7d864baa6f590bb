package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdText;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.Fence;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.testkit.TestTarget;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A chunk that was read, and a stream that goes on meanwhile: the stream's word is the newer one.
@SuppressWarnings("NullAway.Init")
class FencedChunkIT {
    private static final String OLD =
            "{_id: 1, status: 'old', placedAt: {$date: '2020-01-01T00:00:00Z'}, lines: [{sku: 'A'}]}";
    private static final String NEW = "{_id: 1, status: 'new', placedAt: {$date: '2020-01-01T00:00:00Z'}}";
    private static final String BAD = "{_id: 1, status: 'bad', placedAt: 'soon'}";
    private static final String OTHER = "{_id: 2, status: 'other', placedAt: {$date: '2020-01-01T00:00:00Z'}}";

    private TestTarget target;
    private StreamSink stream;
    private ChunkSink chunks;
    private int clock = 1;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        long epoch = target.takeOver();
        stream = target.streamSink(epoch);
        chunks = target.chunkSink(epoch);
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("a chunk is not done without documents that the stream has touched and could not apply")
    void notDoneWithoutWhatTheStreamCouldNotApply() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream.close();
            assertThatThrownBy(() -> stream(upsert(NEW))).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> chunk(flight, OLD, OTHER)).isInstanceOf(StoppedException.class);
        }
        assertThat(orders()).isEmpty();
        assertThat(target.rows("SELECT * FROM sluice.backfill_chunk")).isEmpty();
    }

    @Test
    @DisplayName("after a commit of the stream that is in doubt nothing that is read later is written: it may be older")
    void nothingReadAfterACommitInDoubt() throws SQLException {
        stream.close();
        assertThatThrownBy(() -> stream(upsert(NEW))).isInstanceOf(SQLException.class);
        try (Fence.Flight later = target.fence("orders").open()) {
            assertThatThrownBy(() -> chunk(later, OLD)).isInstanceOf(StoppedException.class);
        }
        try (Fence.Flight other = target.fence("users").open()) {
            other.hold().close();
        }
        assertThat(orders()).isEmpty();
    }

    @Test
    @DisplayName("a chunk of a process from which another one has taken the pipeline writes nothing, and is not done")
    void takenOver() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            target.takeOver();
            assertThatThrownBy(() -> chunk(flight, OLD))
                    .isInstanceOfSatisfying(
                            SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.FENCED_OUT));
        }
        assertThat(orders()).isEmpty();
        assertThat(target.rows("SELECT * FROM sluice.backfill_chunk")).isEmpty();
    }

    @Test
    void whatTheStreamUpdatedDuringTheFlightIsLeftOut() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream(upsert(NEW));
            assertThat(chunk(flight, OLD, OTHER).rows()).isOne();
        }
        assertThat(orders()).containsExactly("1|new", "2|other");
        assertThat(target.rows("SELECT * FROM order_lines")).isEmpty();
        assertThat(target.rows("SELECT documents, skipped FROM sluice.backfill_chunk"))
                .containsExactly("2|1");
    }

    @Test
    void whatTheStreamDeletedDuringTheFlightDoesNotComeBack() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            // As the record's key says it: an int, where the document has a long.
            stream(new Change.Delete("orders", new BsonInt32(1), time(), 0));
            chunk(flight, OLD.replace("_id: 1", "_id: {$numberLong: '1'}"), OTHER);
        }
        assertThat(orders()).containsExactly("2|other");
    }

    @Test
    void whatTheStreamTouchedBeforeTheFlightIsInTheChunk() throws SQLException {
        stream(upsert(NEW));
        try (Fence.Flight flight = target.fence("orders").open()) {
            chunk(flight, NEW, OTHER);
        }
        assertThat(orders()).containsExactly("1|new", "2|other");
        assertThat(target.rows("SELECT skipped FROM sluice.backfill_chunk")).containsExactly("0");
    }

    @Test
    void whatTheStreamBringsAfterTheChunkComesOverItsRow() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            chunk(flight, OLD, OTHER);
        }
        stream(upsert(NEW));
        stream(new Change.Delete("orders", new BsonInt32(2), time(), 0));

        assertThat(orders()).containsExactly("1|new");
        assertThat(target.rows("SELECT * FROM order_lines")).isEmpty();
    }

    @Test
    void changesOfOtherCollectionsDoNotMatter() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream(new Change.Delete("users", IdText.parse("1"), time(), 0));
            chunk(flight, OLD);
        }
        assertThat(orders()).containsExactly("1|old");
    }

    @Test
    void eachFlightKnowsWhatWasTouchedSinceItOpened() throws SQLException {
        Fence fence = target.fence("orders");
        try (Fence.Flight early = fence.open()) {
            stream(upsert(NEW));
            try (Fence.Flight late = fence.open()) {
                stream(upsert(OTHER));
                assertThat(early.touched()).containsExactlyInAnyOrder(1L, 2L);
                assertThat(late.touched()).containsExactly(2L);
            }
            assertThat(early.touched()).hasSize(2);
        }
    }

    @Test
    void theDeadLetterOfANewerStateIsNotSettledByTheOlderOneOfAChunk() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream(upsert(BAD));
            chunk(flight, OLD, OTHER);
        }
        assertThat(deadLetters()).containsExactly("upsert");
    }

    @Test
    void theStreamSettlesWhatAChunkHasParked() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            chunk(flight, BAD, OTHER.replace("_id: 2", "_id: 2, lines: [{quantity: 'many'}]"));
        }
        assertThat(deadLetters()).hasSize(1);
        assertThat(target.rows("SELECT path FROM sluice.quarantine")).hasSize(1);
        stream(upsert(NEW), upsert(OTHER));

        assertThat(deadLetters()).isEmpty();
        assertThat(target.rows("SELECT path FROM sluice.quarantine")).isEmpty();
    }

    @Test
    void aStateThatTheStreamHasMendedIsNotParkedByTheChunk() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream(upsert(NEW));
            chunk(flight, BAD, OTHER);
        }
        assertThat(deadLetters()).isEmpty();
        assertThat(orders()).containsExactly("1|new", "2|other");
    }

    @Test
    void aDocumentWithoutAKeyThatTheStreamDeletedIsNotParkedByTheChunk() throws SQLException {
        try (Fence.Flight flight = target.fence("orders").open()) {
            stream(new Change.Delete("orders", IdText.parse("{a: {$numberLong: '1'}}"), time(), 0));
            chunk(flight, OLD.replace("_id: 1", "_id: {a: {$numberLong: '1'}}"), OTHER);
        }
        assertThat(deadLetters()).isEmpty();
    }

    @Test
    void aChunkParksWhatItCannotApplyAndIsDone() throws SQLException {
        target.execute("ALTER TABLE orders ADD CHECK (status <> 'old')");
        try (Fence.Flight flight = target.fence("orders").open()) {
            assertThat(chunk(flight, OLD, OTHER, BAD.replace("_id: 1", "_id: 3")))
                    .isEqualTo(new WriteSummary(1, 0, Map.of(), 2, 0));
        }
        assertThat(orders()).containsExactly("2|other");
        assertThat(target.rows("SELECT document_key, sqlstate, cluster_time FROM sluice.dead_letter ORDER BY 2"))
                .containsExactly("{\"$numberLong\":\"1\"}|23514|NULL", "{\"$numberLong\":\"3\"}|NULL|NULL");
        assertThat(target.rows("SELECT state, documents, skipped FROM sluice.backfill_chunk"))
                .containsExactly("done|3|2");
    }

    @Test
    void rowsThatAreThereAlreadyAreBroughtUpToDateBesideThoseThatAreNot() throws SQLException {
        stream(upsert(OLD.replace("'old', ", "'older', ").replace("[{sku: 'A'}]", "[{sku: 'A'}, {sku: 'B'}]")));
        try (Fence.Flight flight = target.fence("orders").open()) {
            assertThat(chunk(flight, OLD, OTHER, OTHER.replace("_id: 2", "_id: 3"))
                            .rows())
                    .isEqualTo(3);
        }
        assertThat(orders()).containsExactly("1|old", "2|other", "3|other");
        assertThat(target.rows("SELECT order_id, sku FROM order_lines")).containsExactly("1|A");
    }

    @Test
    void aRowThatNobodyKnewOfIsBroughtUpToDateToo() throws SQLException {
        target.execute("INSERT INTO orders (id, status, placed_at) VALUES (1, 'hand-made', now())");
        try (Fence.Flight flight = target.fence("orders").open()) {
            assertThat(chunk(flight, true, OLD, OTHER).rows()).isEqualTo(3);
        }
        assertThat(orders()).containsExactly("1|old", "2|other");
        assertThat(target.rows("SELECT * FROM sluice.dead_letter")).isEmpty();
    }

    @Test
    void childRowsWithoutAParentAreNotInTheWay() throws SQLException {
        target.execute("ALTER TABLE order_lines DROP CONSTRAINT IF EXISTS order_lines_order_id_fkey;"
                + " INSERT INTO order_lines (order_id, ordinal, sku, quantity) VALUES (1, 0, 'X', 1), (1, 7, 'Y', 1)");
        chunks = target.chunkSink(target.takeOver());
        try (Fence.Flight flight = target.fence("orders").open()) {
            chunk(flight, OLD, OTHER);
        }
        assertThat(target.rows("SELECT order_id, ordinal, sku FROM order_lines"))
                .containsExactly("1|0|A");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE orders ALTER COLUMN status TYPE varchar(40)",
                "ALTER TABLE orders ALTER COLUMN status TYPE char(40)",
                "ALTER TABLE orders ALTER COLUMN total TYPE double precision",
                "ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamp",
                "CREATE RULE r AS ON INSERT TO orders DO ALSO NOTHING",
                "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE orders ADD COLUMN other int NOT NULL DEFAULT 7"
            })
    void tablesThatAreNotQuiteWhatTheMappingSaysAreFilledAllTheSame(String ddl) throws SQLException {
        target.execute(ddl);
        chunks = target.chunkSink(target.takeOver());
        try (Fence.Flight flight = target.fence("orders").open()) {
            assertThat(chunk(flight, true, OLD, OTHER).rows()).isEqualTo(3);
        }
        assertThat(target.rows("SELECT id, trim(status) FROM orders ORDER BY id"))
                .containsExactly("1|old", "2|other");
        assertThat(target.rows("SELECT placed_at = '2020-01-01' FROM orders")).containsExactly("t", "t");
    }

    private void stream(Change... changes) throws SQLException {
        stream.apply(mapped(changes), TestTarget.at(++clock, 0), null);
    }

    private WriteSummary chunk(Fence.Flight flight, String... documents) throws SQLException {
        return chunk(flight, false, documents);
    }

    private WriteSummary chunk(Fence.Flight flight, boolean startedEmpty, String... documents) throws SQLException {
        ChunkRows rows = new ChunkRows(target.target("orders"));
        rows.map(Arrays.stream(documents).map(RawBsonDocument::parse).toList());
        return chunks.apply(new Chunk("orders", 0, IdBracket.NUMBER, null, null), rows, startedEmpty, flight);
    }

    private List<RowChange> mapped(Change... changes) {
        return Arrays.stream(changes)
                .map(c -> Objects.requireNonNull(target.mapper().map(c)))
                .toList();
    }

    private Change upsert(String json) {
        BsonDocument document = BsonDocument.parse(json);
        return new Change.Upsert("orders", Objects.requireNonNull(document.get("_id")), document, time(), 0);
    }

    private BsonTimestamp time() {
        return new BsonTimestamp(clock, 0);
    }

    private List<String> orders() {
        return target.rows("SELECT id, status FROM orders ORDER BY id");
    }

    private List<String> deadLetters() {
        return target.rows("SELECT operation FROM sluice.dead_letter");
    }
}
