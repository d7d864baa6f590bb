package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sink.StoppedException;
import dev.sluice.testkit.FakeTargetSession;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A transaction that writes")
class WriteTransactionTest {
    private final SQLException deadlock = new SQLException("deadlock detected", "40P01");
    private final SQLException refused = new SQLException("null value in column", "23502");
    private final SQLException canceled = new SQLException("canceling statement", "57014");

    private final FakeTargetSession session = new FakeTargetSession();
    private final WriteTransaction transaction = new WriteTransaction(session);

    @ParameterizedTest
    @ValueSource(strings = {"40P01", "40001", "55P03"})
    @DisplayName("is tried again, from its start, when another one was in its way")
    void conflicts(String state) throws SQLException {
        session.failing(new SQLException("in the way", state), new SQLException("again", state));

        assertThat(transaction.run(this::work)).isEqualTo("done");
        assertThat(session.calls()).containsExactly("write 0", "rollback", "write 0", "rollback", "write 0", "commit");
    }

    @Test
    @DisplayName("gives up after five tries, with nothing left open")
    void givesUp() {
        session.failing(deadlock, deadlock, deadlock, deadlock, deadlock, deadlock);

        assertThatThrownBy(() -> transaction.run(this::work)).isSameAs(deadlock);
        List<String> calls = session.calls();
        assertThat(calls).hasSize(10).doesNotContain("commit");
        assertThat(calls.getLast()).isEqualTo("rollback");
    }

    @Test
    @DisplayName("is not tried again while the pipeline stops")
    void stopping() {
        AtomicBoolean stopped = new AtomicBoolean();
        transaction.stoppedBy(stopped::get);
        session.failing(deadlock).during(() -> stopped.set(true));

        assertThatThrownBy(() -> transaction.run(this::work)).isInstanceOf(StoppedException.class);
        assertThat(session.calls()).containsExactly("write 0", "rollback");
        transaction.close();
    }

    @Test
    @DisplayName("is rolled back on any failure, of ours too, and not tried again")
    void otherFailures() {
        assertThatThrownBy(() -> transaction.run(() -> {
                    throw new IllegalStateException("a fault");
                }))
                .hasMessage("a fault");
        assertThat(session.calls()).containsExactly("rollback");

        session.failing(refused);
        assertThatThrownBy(() -> transaction.run(this::work)).isSameAs(refused);
        assertThat(session.calls()).containsExactly("write 0", "rollback");
    }

    @Test
    @DisplayName(
            "is done in the next way when PostgreSQL refuses the data, or takes too long for it, and in no other when"
                    + " it is something else")
    void ways() throws SQLException {
        session.failing(refused, canceled);
        assertThat(transaction.attempt(this::work, this::work, this::work)).contains("done");
        assertThat(session.calls()).containsExactly("write 0", "rollback", "write 0", "rollback", "write 0", "commit");

        session.failing(refused, refused);
        assertThat(transaction.attempt(this::work, this::work)).isEmpty();

        SQLException away = new SQLException("connection refused", "08001");
        session.failing(away);
        assertThatThrownBy(() -> transaction.attempt(this::work, this::work)).isSameAs(away);
    }

    private String work() throws SQLException {
        session.write(List.of());
        session.commit();
        return "done";
    }
}
