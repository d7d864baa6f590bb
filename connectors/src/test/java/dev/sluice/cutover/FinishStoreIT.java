package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.audit.AuditAction;
import dev.sluice.change.Position;
import dev.sluice.cutover.FinishStore.Made;
import dev.sluice.cutover.FinishStore.Outcome;
import dev.sluice.cutover.RouteStore.Move;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.gate.GateStore;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PositionStore;
import dev.sluice.sink.postgres.PostgresSession;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The move of writes is behind the fence: whoever began to write before it is refused after it (promise 11).
@SuppressWarnings("NullAway.Init")
class FinishStoreIT {
    private final FinishStore store = new FinishStore(TestTarget.PIPELINE);
    private final PositionStore positions = new PositionStore(TestTarget.PIPELINE);
    private TestTarget target;
    private Connection connection;
    private long epoch;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
        String pipeline = "'" + TestTarget.PIPELINE + "'";
        target.execute("DELETE FROM sluice.watermark; DELETE FROM sluice.backfill;"
                + " INSERT INTO sluice.watermark (pipeline, collection, cluster_time, source_time, applied_at)"
                + " SELECT P, c, now(), now(), now() + interval '1 hour' FROM unnest('{users,orders}'::text[]) c;"
                        .replace("P", pipeline)
                + " INSERT INTO sluice.backfill (pipeline, collection, state, finished_at)"
                + " SELECT P, c, 'done', now() - interval '1 hour' FROM unnest('{users,orders}'::text[]) c;"
                        .replace("P", pipeline)
                + " INSERT INTO sluice.verification (pipeline, collection, mode, state, started_at, finished_at)"
                + " SELECT P, c, 'full', 'done', now(), now() FROM unnest('{users,orders}'::text[]) c;"
                        .replace("P", pipeline)
                + " INSERT INTO sluice.after_table (pipeline, collection, table_name, analyzed_at)"
                + " SELECT P, c, c, now() FROM unnest('{users,orders}'::text[]) c".replace("P", pipeline));
        new GateStore(TestTarget.PIPELINE)
                .measured(connection, new GateStore.Measured(86_400.0, 0, Map.of("users", 0L, "orders", 0L)));
        connection.setAutoCommit(false);
        epoch = positions.takeOver(connection, "the test");
        connection.commit();
        connection.setAutoCommit(true);
        new RouteStore(TestTarget.PIPELINE)
                .move(
                        connection,
                        Move.always(List.of("users"), new Share(100, 0), true, AuditAction.CUTOVER, "somebody"));
    }

    @AfterEach
    void close() {
        target.close();
    }

    private Outcome move(String... collections) throws SQLException {
        SequencedMap<String, String> certificates = new LinkedHashMap<>();
        for (String collection : collections) {
            certificates.put(collection, "{\"documents\": 1}");
        }
        return store.move(connection, certificates, "somebody");
    }

    private PostgresSession session(String... collections) throws SQLException {
        return PostgresSession.open(
                target.connector().openForWriting(),
                TestTarget.PIPELINE,
                List.of(collections).stream().map(target::target).toList());
    }

    @Test
    @DisplayName(
            "a session that began before it is refused, whether it moves the position or not, also for other collections")
    void fenced() throws SQLException {
        try (PostgresSession before = session("users", "orders")) {
            before.hold(epoch);
            before.commit();
            Position first = positions.load(connection).orElseThrow();
            assertThat(move("users")).isInstanceOf(Outcome.Moved.class);

            assertKind(() -> before.hold(epoch));
            before.rollback();
            assertKind(() -> before.advance(TestTarget.at(2, 1), epoch, List.of()));
            before.rollback();
            assertThat(positions.load(connection).orElseThrow()).isEqualTo(first);
        }
        assertKind(() -> session("users", "orders"));
        try (PostgresSession orders = session("orders")) {
            orders.advance(TestTarget.at(3, 1), epoch, List.of());
            orders.commit();
        }
        assertThat(new MovedWrites(TestTarget.PIPELINE).load(connection)).containsExactly("users");
    }

    @Test
    @DisplayName("it waits for the open transaction of a writer, and that one commits")
    void waitsForWriters() throws Exception {
        try (PostgresSession writer = session("users")) {
            writer.hold(epoch);
            CompletableFuture<Outcome> moved = CompletableFuture.supplyAsync(() -> {
                try {
                    return move("users");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> target.rows("SELECT count(*) FROM pg_locks WHERE NOT granted"
                            + " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())")
                    .equals(List.of("1")));
            assertThat(moved).isNotDone();
            writer.commit();
            assertThat(moved.get(1, TimeUnit.MINUTES)).isInstanceOf(Outcome.Moved.class);
            assertKind(() -> writer.hold(epoch));
        }
    }

    @Test
    @DisplayName("one that has moved does not move again: it is said, and its certificate stays")
    void once() throws SQLException {
        assertThat(move("users")).isInstanceOf(Outcome.Moved.class);
        assertKind(() -> move("users"));
        assertThat(store.certificates(connection)).containsOnlyKeys("users");
    }

    @Test
    @DisplayName("one at a time has the lock of finish; whoever is second hears who has it, until its session ends")
    void oneAtATime() throws Exception {
        assertThat(FinishLock.holder(connection, TestTarget.PIPELINE)).isEmpty();
        FinishLock.Attempt first = FinishLock.take(target.connector()::open, TestTarget.PIPELINE);
        assertThat(first).isInstanceOf(FinishLock.Attempt.Held.class);
        assertThat(FinishLock.take(target.connector()::open, TestTarget.PIPELINE))
                .isInstanceOfSatisfying(
                        FinishLock.Attempt.Refused.class,
                        refused -> assertThat(refused.holder())
                                .contains("process " + ProcessHandle.current().pid())
                                .contains("PostgreSQL session"));
        assertThat(FinishLock.holder(connection, TestTarget.PIPELINE)).isPresent();
        assertThat(FinishLock.take(target.connector()::open, "another pipeline"))
                .isInstanceOfSatisfying(
                        FinishLock.Attempt.Held.class, held -> held.lock().close());
        ((FinishLock.Attempt.Held) first).lock().close();
        await().until(() -> FinishLock.holder(connection, TestTarget.PIPELINE).isEmpty());
    }

    @Test
    @DisplayName("none moves where the reads or the gate of one forbid it")
    void allOrNone() throws SQLException {
        assertThat(move("users", "orders")).isEqualTo(new Outcome.NotRead(List.of("orders")));
        target.execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind) VALUES ('"
                + TestTarget.PIPELINE + "', 'users', 'users', '1', 'extra')");
        assertThat(move("users"))
                .isInstanceOfSatisfying(
                        Outcome.Shut.class,
                        shut -> assertThat(shut.gates())
                                .singleElement()
                                .matches(gate -> gate.collection().equals("users")));
        assertThat(target.rows("SELECT count(*) FROM sluice.moved_writes")).containsExactly("0");
        assertThat(target.rows("SELECT writes_moved FROM sluice.position")).containsExactly("0");
    }

    @Test
    @DisplayName(
            "afterwards reads don't move, auto-rollback is off, the gate judges nothing, and nobody waits for the stream")
    void afterwards() throws SQLException {
        assertThat(move("users")).isInstanceOf(Outcome.Moved.class);

        RouteStore routes = new RouteStore(TestTarget.PIPELINE);
        assertThat(routes.move(
                        connection,
                        Move.always(List.of("users"), Share.MONGODB, false, AuditAction.ROLLBACK, "somebody")))
                .isEqualTo(new RouteStore.Outcome.WritesMoved(List.of("users")));
        assertThat(routes.routes(connection).get("users"))
                .matches(Route::writesMoved)
                .matches(route -> !route.autoRollback());
        assertThat(new GateStore(TestTarget.PIPELINE)
                        .of(connection, List.of("users")).values().stream().flatMap(gate -> gate.conditions().stream()))
                .singleElement()
                .matches(condition -> condition.name().equals("writes_on_postgres") && condition.met());
        assertThat(target.rows("SELECT sluice.wait_for(4000000000, 1, '1 millisecond', 'users')"))
                .containsExactly("t");
        assertThat(target.rows("SELECT sluice.wait_for(4000000000, 1, '1 millisecond', 'orders')"))
                .containsExactly("f");
        assertThat(store.certificates(connection)).containsEntry("users", "{\"documents\": 1}");
    }

    @Test
    @DisplayName("what is made on a server is noted until it is taken back or kept")
    void noted() throws SQLException {
        store.note(connection, Made.WRITE_BLOCK, "", "somebody");
        store.note(connection, Made.SLOT, "back", "somebody");
        assertThat(store.noted(connection, Made.SLOT).orElseThrow().name()).isEqualTo("back");

        assertThat(move("users")).isInstanceOf(Outcome.Moved.class);
        assertThat(store.noted(connection, Made.SLOT)).isEmpty();
        assertThat(store.noted(connection, Made.WRITE_BLOCK)).isPresent();
        store.strike(connection, Made.WRITE_BLOCK);
        assertThat(store.noted(connection, Made.WRITE_BLOCK)).isEmpty();
    }

    @Test
    @DisplayName("of a block of writes it is known whether who made it lives, was killed, or left it on purpose")
    void block() throws Exception {
        assertThat(WriteBlockNote.read(connection, TestTarget.PIPELINE)).isEmpty();
        FinishLock lock =
                ((FinishLock.Attempt.Held) FinishLock.take(target.connector()::open, TestTarget.PIPELINE)).lock();
        try (lock) {
            store.note(connection, Made.WRITE_BLOCK, "", "anna");
            assertThat(reason()).isEqualTo(WriteBlockNote.Reason.RUNS);
        }
        await().until(() -> reason() == WriteBlockNote.Reason.LEFT);
        store.keepBlock(connection);
        assertThat(reason()).isEqualTo(WriteBlockNote.Reason.KEPT);
        store.unblocked(connection, "otto");
        assertThat(WriteBlockNote.read(connection, TestTarget.PIPELINE)).isEmpty();
        assertThat(target.rows("SELECT action || ' ' || actor FROM sluice.audit ORDER BY id DESC LIMIT 2"))
                .containsExactly("unblock_writes otto", "block_writes anna");
        target.execute("DROP SCHEMA sluice CASCADE");
        assertThat(WriteBlockNote.read(connection, TestTarget.PIPELINE)).isEmpty();
        store.unblocked(connection, "otto");
    }

    private WriteBlockNote.Reason reason() throws SQLException {
        return WriteBlockNote.read(connection, TestTarget.PIPELINE)
                .orElseThrow()
                .reason();
    }

    @Test
    @DisplayName("late writes are counted from the second after the move on, each once, also by two processes")
    void lateWrites() throws SQLException {
        assertThat(store.move(
                        connection,
                        new LinkedHashMap<>(Map.of("users", "{\"through\": \"2026-11-30T02:00:00Z\"}")),
                        "somebody"))
                .isInstanceOf(Outcome.Moved.class);
        LateWriteStore late = new LateWriteStore(TestTarget.PIPELINE);
        LateWriteStore.Watched first = late.all(connection).getFirst();
        assertThat(first.after().getTime()).isEqualTo(1_796_004_000);
        assertThat(new BsonTimestamp(first.after().getValue() + 1)).isEqualTo(new BsonTimestamp(1_796_004_001, 0));
        BsonTimestamp upTo = new BsonTimestamp(1_796_004_100, 7);
        assertThat(late.add(connection, first, upTo, 2, new BsonTimestamp(1_796_004_050, 1)))
                .isTrue();
        assertThat(late.add(connection, first, upTo, 2, new BsonTimestamp(1_796_004_050, 1)))
                .as("another process counted meanwhile")
                .isFalse();
        LateWriteStore.Watched next = late.all(connection).getFirst();
        assertThat(next.writes()).isEqualTo(2);
        assertThat(next.lastAt()).isEqualTo("2026-11-30T02:00:50Z");
        assertThat(next.after()).isEqualTo(upTo);
        assertThat(late.add(connection, next, new BsonTimestamp(1_796_004_200, 1), 0, null))
                .isTrue();
        assertThat(late.all(connection).getFirst().lastAt()).isEqualTo("2026-11-30T02:00:50Z");
    }

    private static void assertKind(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SluiceException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(FailureKind.WRITES_MOVED));
    }
}
