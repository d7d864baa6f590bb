package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.sink.Fence;
import dev.sluice.sink.StoppedException;
import dev.sluice.testkit.FakeTargetSession;
import dev.sluice.testkit.ThingChanges;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A batch of the stream")
class StreamSinkTest {
    private static final Position POSITION =
            new Position(BsonDocument.parse("{_data: '82'}"), new BsonTimestamp(10, 1));
    private static final Watermark WATERMARK = new Watermark(Instant.ofEpochSecond(10), new BsonTimestamp(10, 1));

    private final FakeTargetSession session = new FakeTargetSession();
    private final Fence fence = new Fence();
    private final StreamSink sink = new StreamSink(session, 1, List.of(fence));

    @Test
    @DisplayName("is one transaction: position, rows, dead letters and watermark, in this order, with one commit")
    void oneTransaction() throws SQLException {
        sink.apply(List.of(ThingChanges.insert(1), ThingChanges.insert(2)), POSITION, WATERMARK);

        assertThat(session.calls()).containsExactly("advance", "write 2", "note 0", "watermark", "commit");
    }

    @Test
    @DisplayName("without a position of its own holds the epoch all the same")
    void withoutPosition() throws SQLException {
        sink.apply(List.of(ThingChanges.insert(1)), null, null);

        assertThat(session.calls()).containsExactly("hold", "write 1", "note 0", "commit");
    }

    @Test
    @DisplayName("of which rows are refused is written in fenced steps without the position, which moves in the last"
            + " transaction, with the dead letters")
    void refusedRows() throws SQLException {
        SQLException refused = new SQLException("null value in column", "23502");
        // The batch, the same in a step, then the first one alone.
        session.failing(refused, refused, refused);

        sink.apply(List.of(ThingChanges.insert(1), ThingChanges.insert(2)), POSITION, WATERMARK);

        List<String> calls = session.calls();
        assertThat(calls).filteredOn("advance"::equals).hasSize(2);
        assertThat(calls.subList(0, 3)).containsExactly("advance", "write 2", "rollback");
        assertThat(calls.subList(calls.lastIndexOf("advance"), calls.size()))
                .containsExactly("advance", "note 1", "watermark", "commit");
        List<String> steps = calls.subList(3, calls.lastIndexOf("advance"));
        assertThat(steps).doesNotContain("advance", "watermark").contains("hold", "write 1", "commit");
        assertThat(steps.indexOf("hold")).isLessThan(steps.indexOf("write 1"));
    }

    @Test
    @DisplayName("is recorded by the fence before it is written, for chunks that were read before")
    void recordedFirst() throws SQLException {
        try (Fence.Flight flight = fence.open()) {
            session.during(() -> assertThat(flight.touched()).containsExactly(1L));

            sink.apply(List.of(ThingChanges.insert(1)), POSITION, WATERMARK);

            assertThat(flight.touched()).containsExactly(1L);
        }
    }

    @Test
    @DisplayName("that fails lets no chunk be written any more: whether it was committed is not known")
    void failed() {
        Fence.Flight flight = fence.open();
        session.failing(new SQLException("connection lost", "08006"));

        assertThatThrownBy(() -> sink.apply(List.of(ThingChanges.insert(1)), POSITION, WATERMARK))
                .isInstanceOf(SQLException.class);

        assertThat(session.calls()).containsExactly("advance", "write 1", "rollback");
        assertThatThrownBy(flight::hold).isInstanceOf(StoppedException.class);
    }
}
