package dev.sluice.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.ResyncStore.Entry;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What is asked for while a process resyncs the same document is not lost when that is done.
@SuppressWarnings("NullAway.Init")
class ResyncStoreIT {
    private final ResyncStore store = new ResyncStore(TestTarget.PIPELINE);
    private TestTarget target;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName(
            "a collection that is asked for again while it is read stays on the list, with what was asked both times")
    void collectionAskedForAgain() throws SQLException {
        store.askForAll(connection, "orders", "asked", true);
        List<Entry> first = store.next(connection, 10);
        store.askForAll(connection, "orders", "asked", false);
        assertThat(store.next(connection, 10)).hasSize(1);
        store.done(connection, first);

        List<Entry> again = store.next(connection, 10);
        assertThat(again).hasSize(1);
        assertThat(again.getFirst().prune()).isTrue();
        store.done(connection, again);
        assertThat(store.next(connection, 10)).isEmpty();
    }

    @Test
    @DisplayName(
            "a row that is to be repaired stays on the list when it was on it for another reason, and that is done")
    void repairAskedForWhileTaken() throws SQLException {
        store.ask(connection, "orders", List.of("{\"$numberLong\":\"1\"}"), "asked");
        List<Entry> first = store.next(connection, 10);
        store.askRepair(connection, "orders", Collections.singletonMap("1", "{\"$numberLong\":\"1\"}"));
        store.done(connection, first);

        assertThat(store.repairsLeft(connection, "orders")).isOne();
        assertThat(store.next(connection, 10)).hasSize(1).allMatch(Entry::repair);
    }

    @Test
    @DisplayName("whoever waits for what was asked so far waits for what was asked for again, too")
    void waitedFor() throws SQLException {
        store.askForAll(connection, "orders", "asked", false);
        store.askForAll(connection, "users", "asked", false);
        store.askForAll(connection, "orders", "asked", true);
        assertThat(store.left(connection, store.last(connection))).isEqualTo(2);
    }
}
