package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.audit.AuditAction;
import dev.sluice.cutover.RouteStore.Move;
import dev.sluice.cutover.RouteStore.Outcome;
import dev.sluice.gate.GateStore;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/// Moving routes: all or none, asked of the gate, audited and announced.
@SuppressWarnings("NullAway.Init")
class RouteStoreIT {
    private static final String P = "'" + TestTarget.PIPELINE + "'";

    private final RouteStore store = new RouteStore(TestTarget.PIPELINE);
    private TestTarget target;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
        execute("DELETE FROM sluice.watermark; DELETE FROM sluice.backfill");
        execute("INSERT INTO sluice.watermark (pipeline, collection, cluster_time, source_time, applied_at)"
                + " SELECT P, c, now(), now(), now() + interval '1 hour' FROM unnest('{users,orders}'::text[]) c");
        execute("INSERT INTO sluice.backfill (pipeline, collection, state, finished_at)"
                + " SELECT P, c, 'done', now() - interval '1 hour' FROM unnest('{users,orders}'::text[]) c");
        execute("INSERT INTO sluice.verification (pipeline, collection, mode, state, started_at, finished_at)"
                + " SELECT P, c, 'full', 'done', now(), now() FROM unnest('{users,orders}'::text[]) c");
        execute("INSERT INTO sluice.after_table (pipeline, collection, table_name, analyzed_at)"
                + " SELECT P, c, c, now() FROM unnest('{users,orders}'::text[]) c");
        new GateStore(TestTarget.PIPELINE)
                .measured(connection, new GateStore.Measured(86_400.0, 0, Map.of("users", 0L, "orders", 0L)));
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("several are moved in one transaction, announced, and audited with the facts of their gates")
    void movesAll() throws SQLException {
        execute("LISTEN " + RouteStore.CHANNEL);
        assertThat(move(new Share(100, 0), "users", "orders")).isInstanceOf(Outcome.Moved.class);

        assertThat(store.routes(connection)).hasSize(2).allSatisfy((collection, route) -> {
            assertThat(route.share()).isEqualTo(new Share(100, 0));
            assertThat(route.revision()).isOne();
            assertThat(route.changedBy()).isEqualTo("somebody");
        });
        assertThat(text("SELECT string_agg(reads_from, ',') FROM sluice.read_route"))
                .isEqualTo("postgres,postgres");
        assertThat(text(
                        "SELECT string_agg(action || ' ' || collection || ' ' || (detail->'gate'->'copied'->>'met'), ', '"
                                + " ORDER BY collection) FROM sluice.audit"))
                .isEqualTo("cutover orders true, cutover users true");
        assertThat(connection.unwrap(PGConnection.class).getNotifications(1_000))
                .hasSize(2);
    }

    @Test
    @DisplayName("where one gate is shut none is moved, and the refusal is in the audit; back is always possible")
    void oneGateIsShut() throws SQLException {
        assertThat(move(new Share(50, 0), "orders")).isInstanceOf(Outcome.Moved.class);
        execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind)"
                + " VALUES (P, 'orders', 'orders', '1', 'extra')");

        Outcome refused = move(new Share(100, 0), "users", "orders");

        assertThat(refused)
                .isInstanceOfSatisfying(
                        Outcome.Shut.class,
                        shut -> assertThat(shut.gates())
                                .singleElement()
                                .satisfies(gate -> assertThat(gate.collection()).isEqualTo("orders")));
        assertThat(store.routes(connection)).containsOnlyKeys("orders");
        assertThat(text("SELECT action || ' ' || (detail->'gate'->'drift'->>'reason') FROM sluice.audit"
                        + " ORDER BY id DESC LIMIT 1"))
                .isEqualTo("cutover_refused 1 row is known to differ from its document."
                        + " `sluice verify --repair --collection orders` repairs that.");
        assertThat(share("orders")).as("a shut gate moves nobody").isEqualTo(new Share(50, 0));

        assertThat(move(new Share(20, 0), "orders")).as("fewer readers").isInstanceOf(Outcome.Moved.class);
        assertThat(move(Share.MONGODB, "orders")).isInstanceOf(Outcome.Moved.class);
        assertThat(text("SELECT revision FROM sluice.read_route")).isEqualTo("3");
    }

    @Test
    @DisplayName(
            "equal shadow reads are asked for before readers go to PostgreSQL, and not before they read both sides")
    void shadowReads() throws SQLException {
        execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value)"
                + " VALUES (P, '*', 'shadow_reads', 10)");

        assertThat(move(new Share(1, 0), "users")).isInstanceOf(Outcome.Shut.class);
        assertThat(move(new Share(1, 20), "users")).isInstanceOf(Outcome.Shut.class);
        assertThat(move(new Share(0, 20), "users")).isInstanceOf(Outcome.Moved.class);

        execute("INSERT INTO sluice.shadow_read (pipeline, collection, copied_at, consecutive_equal)"
                + " SELECT P, 'users', finished_at, 10 FROM sluice.backfill WHERE collection = 'users'");
        assertThat(move(new Share(10, 20), "users")).isInstanceOf(Outcome.Moved.class);
        execute("UPDATE sluice.shadow_read SET consecutive_equal = 0");
        assertThat(move(new Share(10, 40), "users")).as("more of both").isInstanceOf(Outcome.Moved.class);
        assertThat(move(new Share(11, 20), "users")).isInstanceOf(Outcome.Shut.class);

        execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind)"
                + " VALUES (P, 'users', 'users', 'a', 'extra')");
        assertThat(move(new Share(10, 50), "users")).as("another reason").isInstanceOf(Outcome.Shut.class);
    }

    @Test
    @DisplayName("a move to where it is already changes nothing")
    void nothingToMove() throws SQLException {
        move(new Share(100, 0), "users");
        move(new Share(100, 0), "users");

        assertThat(text("SELECT revision FROM sluice.read_route")).isEqualTo("1");
        assertThat(text("SELECT count(*) FROM sluice.audit")).isEqualTo("1");
    }

    @Test
    @DisplayName("a move that was decided on another route than there is now moves nothing, and says which one it is")
    void outdated() throws SQLException {
        move(new Share(20, 0), "users");
        Move waiting = new Move(
                List.of("users", "orders"),
                new Share(80, 0),
                false,
                AuditAction.CUTOVER,
                "somebody",
                Map.of("users", 1L, "orders", 0L));
        store.move(connection, Move.always(List.of("users"), Share.MONGODB, false, AuditAction.ROLLBACK, "anna"));

        assertThat(store.move(connection, waiting))
                .isInstanceOfSatisfying(
                        Outcome.Changed.class,
                        changed -> assertThat(changed.routes()).singleElement().satisfies(route -> {
                            assertThat(route.collection()).isEqualTo("users");
                            assertThat(route.changedBy()).isEqualTo("anna");
                        }));
        assertThat(share("users")).isEqualTo(Share.MONGODB);
        assertThat(store.routes(connection)).doesNotContainKey("orders");
        assertThat(text("SELECT action FROM sluice.audit ORDER BY id DESC LIMIT 1"))
                .isEqualTo("cutover_refused");
    }

    @Test
    @DisplayName("a rollback of what is on MongoDB already keeps there what a cut-over that waits would move")
    void rollbackOfNothing() throws SQLException {
        Move waiting = new Move(
                List.of("users"), new Share(80, 0), false, AuditAction.CUTOVER, "somebody", Map.of("users", 0L));
        store.move(connection, Move.always(List.of("users"), Share.MONGODB, false, AuditAction.ROLLBACK, "anna"));

        assertThat(store.move(connection, waiting)).isInstanceOf(Outcome.Changed.class);
        assertThat(share("users")).isEqualTo(Share.MONGODB);
    }

    @Test
    @DisplayName(
            "a share that a running pipeline would move back at once by itself is not moved, also of fewer readers")
    void autoRollbackWithDrift() throws SQLException {
        move(new Share(50, 0), "users");
        execute("INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind)"
                + " VALUES (P, 'users', 'users', 'a', 'extra')");

        assertThat(store.move(
                        connection,
                        Move.always(List.of("users"), new Share(40, 0), true, AuditAction.CUTOVER, "somebody")))
                .isInstanceOf(Outcome.Shut.class);
        assertThat(share("users")).isEqualTo(new Share(50, 0));
        assertThat(move(new Share(40, 0), "users")).isInstanceOf(Outcome.Moved.class);
    }

    @Test
    @DisplayName("PostgreSQL's function and ours share readers out alike")
    void alike() throws SQLException {
        move(new Share(30, 20), "users");
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            String key =
                    new String(random.ints(1 + random.nextInt(12), 0x20, 0x2FFF).toArray(), 0, 1) + random.nextLong();
            try (var statement = connection.prepareStatement("SELECT sluice.route(" + P + ", 'users', ?)")) {
                statement.setString(1, key);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    assertThat(row.getString(1))
                            .as(key)
                            .isEqualTo(new Share(30, 20)
                                    .of("users", key)
                                    .orElseThrow()
                                    .text());
                }
            }
        }
        assertThat(text("SELECT sluice.route(P, 'orders')")).as("never moved").isEqualTo("mongodb");
    }

    private Outcome move(Share share, String... collections) throws SQLException {
        return store.move(connection, Move.always(List.of(collections), share, false, AuditAction.CUTOVER, "somebody"));
    }

    private Share share(String collection) throws SQLException {
        return Objects.requireNonNull(store.routes(connection).get(collection)).share();
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql.replaceAll("\\bP\\b", P));
        }
    }

    private String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql.replaceAll("\\bP\\b", P))) {
            row.next();
            return row.getString(1);
        }
    }
}
