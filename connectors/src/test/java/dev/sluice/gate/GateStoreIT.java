package dev.sluice.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.gate.Gate.Condition;
import dev.sluice.gate.GateStore.Measured;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which facts open and shut a gate, as PostgreSQL's function judges them.
@SuppressWarnings("NullAway.Init")
class GateStoreIT {
    private static final String P = "'" + TestTarget.PIPELINE + "'";
    private static final Measured WELL = new Measured(86_400.0, 0, Map.of("users", 0L, "orders", 0L));

    private final GateStore store = new GateStore(TestTarget.PIPELINE);
    private TestTarget target;
    private Connection connection;

    /// A collection of which nothing speaks against moving its reads.
    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
        execute("DELETE FROM sluice.watermark; DELETE FROM sluice.backfill");
        execute("INSERT INTO sluice.watermark (pipeline, collection, cluster_time, source_time, applied_at)"
                + " VALUES (P, 'users', now(), now(), now() + interval '1 hour')");
        execute("INSERT INTO sluice.backfill (pipeline, collection, state, started_at, finished_at)"
                + " VALUES (P, 'users', 'done', now() - interval '3 hours', now() - interval '2 hours')");
        execute("INSERT INTO sluice.verification (pipeline, collection, mode, state, phase, started_at, finished_at)"
                + " VALUES (P, 'users', 'full', 'done', 'done', now() - interval '1 hour', now())");
        execute("INSERT INTO sluice.after_table (pipeline, collection, table_name, analyzed_at)"
                + " VALUES (P, 'users', 'public.users', now()), (P, 'orders', 'public.orders', NULL)");
        execute(
                "INSERT INTO sluice.after_migration (pipeline, script, statement, place, sql, checksum, state, finished_at)"
                        + " VALUES (P, 'V0001__a.sql', 1, 1, 'SELECT 1', '', 'done', now() - interval '1 hour')");
        store.measured(connection, WELL);
        store.observe(connection);
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("it is open while every condition is met, and each says its value and its limit")
    void opens() throws SQLException {
        Gate gate = gate();

        assertThat(gate.open()).as(gate.toString()).isTrue();
        assertThat(gate.conditions()).hasSize(16).allMatch(Condition::met).allMatch(c -> c.reason() == null);
        assertThat(condition("headroom").value()).isEqualTo(86_400.0);
        assertThat(condition("headroom").limit()).isEqualTo(3_600.0);
        assertThat(condition("verified").value()).isLessThan(60);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "copied | UPDATE sluice.backfill SET state = 'running' | It is not copied yet.",
                "after_migrations | INSERT INTO sluice.after_migration (pipeline, script, statement, place, sql, checksum)"
                        + " VALUES (P, 'V0002__b.sql', 1, 2, 'SELECT 1', '') |"
                        + " 1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.",
                "after_migrations | UPDATE sluice.after_migration SET state = 'changed' |"
                        + " 1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.",
                "after_migrations | UPDATE sluice.after_migration SET finished_at = now() + interval '1 s' |"
                        + " 1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.",
                "after_migrations | UPDATE sluice.after_table SET analyzed_at = now() - interval '150 minutes' |"
                        + " 1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.",
                "after_migrations | UPDATE sluice.after_table SET resynced_at = now() + interval '1 s' |"
                        + " 1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.",
                "after_migrations | DELETE FROM sluice.after_table |"
                        + " Which after-migrations it has is not known: no process has looked yet.",
                "running | UPDATE sluice.measurement SET measured_at = now() - interval '9 s' |"
                        + " No process runs the pipeline: the last one reported 9 s ago.",
                "paused | INSERT INTO sluice.pause (pipeline, by) VALUES (P, 'anna') |"
                        + " The pipeline is paused. `sluice resume` ends that.",
                "verified | INSERT INTO sluice.schema_change (pipeline, collection, kind, policy, settled_at)"
                        + " VALUES (P, 'users', 'dropped', 'stop', now()) |"
                        + " No full verification was completed since the copy, its last drop",
                "verified | INSERT INTO sluice.schema_change (pipeline, collection, kind, policy, settled_at)"
                        + " VALUES (P, '*', 'database_dropped', 'stop', now()) |"
                        + " No full verification was completed since the copy, its last drop",
                "verified | INSERT INTO sluice.resync (pipeline, collection, reason) VALUES (P, 'users', 'asked') |"
                        + " No full verification was completed since the copy",
                "verified | UPDATE sluice.after_table SET resynced_at = now() |"
                        + " No full verification was completed since the copy",
                "source | UPDATE sluice.measurement SET value = 20 WHERE measure = 'source' |"
                        + " MongoDB last answered 20 s ago.",
                "fresh | UPDATE sluice.watermark SET source_time = cluster_time + interval '12 s' |"
                        + " Its rows are 12.0 s behind MongoDB; 10 s are allowed, and it reopens at 5 s.",
                "fresh | UPDATE sluice.watermark SET cluster_time = NULL |"
                        + " How far its rows are behind MongoDB is not known.",
                "verified | UPDATE sluice.verification SET state = 'failed' |"
                        + " No full verification was completed since the copy",
                "verified | UPDATE sluice.backfill SET finished_at = now() |"
                        + " No full verification was completed since the copy",
                "verified | UPDATE sluice.verification SET mode = 'counts' |"
                        + " No full verification was completed since the copy",
                "drift | INSERT INTO sluice.drift (pipeline, collection, table_name, row_key, kind, rows)"
                        + " VALUES (P, 'users', 'users', 'a', 'different', 3) |"
                        + " 3 rows are known to differ from their documents.",
                "undecided | UPDATE sluice.verification SET undecided = 101 |"
                        + " 101 documents were undecided in the last full verification; 100 are allowed, and it reopens at 50.",
                "rechecks | UPDATE sluice.measurement SET value = NULL WHERE measure = 'rechecks' |"
                        + " No process has compared again what the stream has written (continuous verification is off).",
                "dead_letters | INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason)"
                        + " VALUES (P, 'users', '1', 'delete', 'r') | 1 dead letter that nobody accepted.",
                "quarantine | INSERT INTO sluice.quarantine (pipeline, collection, document_key, column_name, path,"
                        + " bson_type, value, reason) VALUES (P, 'users', '1', 'users.age', 'age', 'string', 'x', 'r') |"
                        + " 1 quarantined value that nobody accepted.",
                "waiting | INSERT INTO sluice.waiting (pipeline, collection, row_key, column_name, kind, on_table,"
                        + " on_value) VALUES (P, 'users', '1', 'users.a', 'reference', 't', 'v') |"
                        + " 1 document waits for a row which it refers to.",
                "dead_letters | INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason)"
                        + " SELECT P, 'users', n::text, 'delete', 'r' FROM generate_series(1, 10500) n |"
                        + " More than 10000 dead letters that nobody accepted.",
                "resync | INSERT INTO sluice.resync (pipeline, collection, document_key, reason)"
                        + " SELECT P, 'users', n::text, 'asked' FROM generate_series(1, 101) n |"
                        + " 101 entries are on the list to be resynced; 100 are allowed, and it reopens at 50.",
                "schema_changes | INSERT INTO sluice.schema_change (pipeline, collection, kind, policy)"
                        + " VALUES (P, '*', 'database_dropped', 'stop') | 1 change of it waits for a decision.",
                "headroom | UPDATE sluice.measurement SET value = 60 WHERE measure = 'headroom' |"
                        + " The oplog reaches 60 s further back than the position; 3600 s are needed, and it reopens at 7200 s."
            })
    @DisplayName("one fact against it shuts it, and the reason is a sentence")
    void oneFactShuts(String name, String deed, String reason) throws SQLException {
        execute(deed);

        assertThat(condition(name).met()).isFalse();
        assertThat(condition(name).reason())
                .startsWith(reason)
                .as("what to do now")
                .containsPattern("`sluice |`SELECT |db\\.adminCommand");
        assertThat(gate().open()).isFalse();
        assertThat(text("SELECT sluice.gate_is_open(P, 'users')")).isEqualTo("f");
    }

    @Test
    @DisplayName("what somebody accepted is not counted, and one more shuts it again")
    void accepted() throws SQLException {
        execute("INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason, accepted_at)"
                + " VALUES (P, 'users', '1', 'delete', 'r', now())");
        assertThat(condition("dead_letters").met()).isTrue();

        execute("INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason)"
                + " VALUES (P, 'users', '2', 'delete', 'r')");
        assertThat(condition("dead_letters").value()).isEqualTo(1);
        assertThat(gate().open()).isFalse();
    }

    @Test
    @DisplayName("a limit of the collection counts before one of the pipeline, and one that is NULL is not asked")
    void limits() throws SQLException {
        execute("UPDATE sluice.watermark SET source_time = cluster_time + interval '12 s'");
        execute(
                "INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value) VALUES (P, '*', 'fresh', 30)");
        assertThat(condition("fresh").met()).isTrue();
        assertThat(condition("fresh").limit()).isEqualTo(30);

        execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value)"
                + " VALUES (P, 'users', 'fresh', 11)");
        assertThat(condition("fresh").met()).isFalse();

        execute("UPDATE sluice.gate_limit SET max_value = NULL WHERE collection = 'users'");
        assertThat(gate().conditions()).extracting(Condition::name).doesNotContain("fresh");
        assertThat(gate().open()).isTrue();
    }

    @Test
    @DisplayName("a verification that began after the change or the resync opens it again; notes do not shut it")
    void verifiedAgain() throws SQLException {
        execute("INSERT INTO sluice.schema_change (pipeline, collection, kind, settled_at)"
                + " VALUES (P, 'users', 'new_field', now()), (P, 'orders', 'dropped', now())");
        assertThat(gate().open()).as(gate().toString()).isTrue();

        execute("INSERT INTO sluice.schema_change (pipeline, collection, kind, policy, settled_at)"
                + " VALUES (P, 'users', 'dropped', 'stop', now())");
        execute("UPDATE sluice.after_table SET resynced_at = now() - interval '1 s' WHERE collection = 'users'");
        assertThat(condition("verified").met()).isFalse();

        execute("INSERT INTO sluice.verification (pipeline, collection, mode, state, phase, started_at, finished_at)"
                + " VALUES (P, 'users', 'full', 'done', 'done', now() + interval '1 ms', now() + interval '2 ms')");
        assertThat(gate().open()).as(gate().toString()).isTrue();
    }

    @Test
    @DisplayName("a pause that is over, though no process has noticed, shuts nothing")
    void pauseIsOver() throws SQLException {
        execute("INSERT INTO sluice.pause (pipeline, by, resumes_at) VALUES (P, 'anna', now() - interval '1 s')");

        assertThat(gate().open()).as(gate().toString()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "fresh, 10, 11, can't reopen at 11: that is more than its limit 10",
        "headroom, 3600, 60, can't reopen at 60: that is less than its limit 3600",
        "fresh, -1, NULL, is a number from 0",
        "fresh, 'NaN', NULL, is a number from 0",
        "fresher, 1, NULL, gate_limit_condition_fkey"
    })
    @DisplayName("a limit that no value can meet is refused")
    void wrongLimits(String name, String limit, String reopensAt, String words) {
        assertThatThrownBy(() -> execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value,"
                        + " reopens_at) VALUES (P, 'users', '" + name + "', '" + limit + "', "
                        + (reopensAt.equals("NULL") ? "NULL" : "'" + reopensAt + "'") + ")"))
                .hasMessageContaining(words);
    }

    @Test
    @DisplayName("a limit for a pipeline that never ran is taken, with a warning")
    void limitForNobody() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value)"
                    + " VALUES ('shpo', '*', 'fresh', 30)");
            assertThat(String.valueOf(statement.getWarnings())).contains("No pipeline \"shpo\" has run here");
        }
    }

    @Test
    @DisplayName("a number of equal shadow reads is asked for where a limit is set, of the copy there is")
    void shadowReads() throws SQLException {
        assertThat(gate().conditions()).extracting(Condition::name).doesNotContain("shadow_reads");
        execute("INSERT INTO sluice.gate_limit (pipeline, collection, condition, max_value)"
                + " VALUES (P, 'users', 'shadow_reads', 100)");

        assertThat(condition("shadow_reads").met()).isFalse();
        assertThat(condition("shadow_reads").unit()).isEqualTo("reads");
        assertThat(condition("shadow_reads").reason())
                .startsWith("0 shadow reads were equal since the last difference; 100 are needed. ");
        assertThat(gate().open()).isFalse();

        execute("INSERT INTO sluice.shadow_read (pipeline, collection, copied_at, equal, consecutive_equal)"
                + " SELECT P, 'users', finished_at, 500, 99 FROM sluice.backfill");
        assertThat(condition("shadow_reads").value()).isEqualTo(99);
        execute("UPDATE sluice.shadow_read SET consecutive_equal = 100");
        assertThat(gate().open()).as(gate().toString()).isTrue();

        execute("UPDATE sluice.backfill SET finished_at = finished_at + interval '1 minute'");
        assertThat(condition("shadow_reads").reason()).startsWith("0 shadow reads were equal");
    }

    @Test
    @DisplayName("it opens again by itself, some seconds after the value came back to less than the limit")
    void opensAgain() throws SQLException {
        behind(12);
        assertThat(gate().open()).isFalse();

        behind(8);
        assertThat(condition("fresh").reason())
                .as("8 s would do if it had been open")
                .startsWith("Its rows are 8.0 s behind MongoDB; 10 s are allowed, and it reopens at 5 s. ");

        behind(4);
        assertThat(condition("fresh").reason())
                .startsWith("The condition fresh was not met within the last 5 seconds. ");
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            behind(4);
            return gate().open();
        });
    }

    @Test
    @DisplayName("a lag that swings around the limit shuts it once and does not open it")
    void swings() throws SQLException {
        int changes = 0;
        boolean open = gate().open();
        long until = System.nanoTime() + Duration.ofSeconds(8).toNanos();
        for (int i = 0; System.nanoTime() < until; i++) {
            behind(i % 20 < 10 ? 9 : 11);
            boolean now = gate().open();
            changes += now == open ? 0 : 1;
            open = now;
        }
        assertThat(open).isFalse();
        assertThat(changes).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "a lag that was over the limit twice within two minutes must have been below it for a minute; later, for"
                    + " seconds again")
    void staysShutWhereItSwings() throws SQLException {
        behind(12);
        behind(1);
        behind(12);
        behind(1);
        assertThat(condition("fresh").reason())
                .startsWith("The condition fresh was not met within the last 60 seconds. ");
        shutAgo(30);
        assertThat(gate().open()).as("a look that missed a swing opens nothing").isFalse();
        shutAgo(61);
        assertThat(gate().open()).as(gate().toString()).isTrue();

        shutAgo(121);
        behind(12);
        behind(1);
        assertThat(condition("fresh").reason()).contains("within the last 5 seconds");

        count(2);
        count(0);
        count(2);
        count(0);
        assertThat(condition("dead_letters").reason())
                .as("what is counted does not swing")
                .contains("within the last 5 seconds");
    }

    private void shutAgo(int seconds) throws SQLException {
        execute("UPDATE sluice.gate_memory SET last_shut_at = now() - interval '" + seconds + " seconds'");
    }

    /// Makes so many dead letters.
    private void count(int deadLetters) throws SQLException {
        execute("DELETE FROM sluice.dead_letter");
        for (int i = 0; i < deadLetters; i++) {
            execute("INSERT INTO sluice.dead_letter (pipeline, collection, document_key, operation, reason)"
                    + " VALUES (P, 'users', '{\"_id\": \"" + i + "\"}', 'upsert', 'r')");
        }
        store.observe(connection);
    }

    @Test
    @DisplayName("a collection that was never followed has no conditions, and is not open")
    void neverFollowed() throws SQLException {
        assertThat(store.gates(connection, "orders")).isEmpty();
        assertThat(text("SELECT sluice.gate_is_open(P, 'orders')")).isEqualTo("f");
    }

    private void behind(int seconds) throws SQLException {
        execute("UPDATE sluice.watermark SET source_time = cluster_time + interval '" + seconds + " s'");
        store.measured(connection, WELL);
        store.observe(connection);
    }

    private Gate gate() throws SQLException {
        return Objects.requireNonNull(store.gates(connection, "users").get("users"));
    }

    private Condition condition(String name) throws SQLException {
        List<Condition> found =
                gate().conditions().stream().filter(c -> c.name().equals(name)).toList();
        assertThat(found).as(name).hasSize(1);
        return found.getFirst();
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql.replaceAll("\\bP\\b", P));
        }
    }

    private @Nullable String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                var row = statement.executeQuery(sql.replaceAll("\\bP\\b", P))) {
            row.next();
            return row.getString(1);
        }
    }
}
