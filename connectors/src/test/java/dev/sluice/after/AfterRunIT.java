package dev.sluice.after;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.after.AfterOutcome.Done;
import dev.sluice.after.AfterOutcome.Held;
import dev.sluice.after.AfterOutcome.NotCopied;
import dev.sluice.after.AfterOutcome.Open;
import dev.sluice.after.AfterOutcome.Stopped;
import dev.sluice.control.ResyncStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.testkit.TestTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What comes after the copy, on a real PostgreSQL: applied once, whatever ends a process, and in nobody's way.
@SuppressWarnings("NullAway.Init")
class AfterRunIT {
    private static final AfterRun.Limits LIMITS = new AfterRun.Limits(2, true, Duration.ofSeconds(30));

    @TempDir
    private Path folder;

    private ScriptFolder scripts;
    private TestTarget target;
    private Connection connection;
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

    /// A copied shop.
    @BeforeEach
    void open() throws SQLException, IOException {
        scripts = new ScriptFolder(folder);
        target = TestTarget.demo();
        connection = target.connection();
        execute("DELETE FROM sluice.backfill");
        for (String collection : List.of("users", "orders")) {
            execute("INSERT INTO sluice.backfill (pipeline, collection, state, finished_at) VALUES ('test', '"
                    + collection + "', 'done', clock_timestamp())");
        }
        execute("INSERT INTO users (id, email) SELECT n, 'u' || n % 90 FROM generate_series(1, 100) n");
        execute("INSERT INTO orders (id, user_id, status, placed_at)"
                + " SELECT n, n % 100 + 1, 'new', now() FROM generate_series(1, 100) n");
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName(
            "indexes are made concurrently, foreign keys added and validated, tables analyzed; then nothing is left to do")
    void applies() throws Exception {
        scripts.with("V0001__indexes.sql", """
                        CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);
                        CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
                        """)
                .with(
                        "V0002__keys.sql",
                        "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID")
                .with("V0003__validate.sql", "ALTER TABLE orders VALIDATE CONSTRAINT orders_user");

        assertThat(run()).isEqualTo(new Done(4, 3));
        assertThat(text("SELECT string_agg(indisvalid::text, ',') FROM pg_index WHERE indexrelid IN"
                        + " ('orders_placed_at_idx'::regclass, 'users_email_idx'::regclass)"))
                .isEqualTo("true,true");
        assertThat(text("SELECT convalidated FROM pg_constraint WHERE conname = 'orders_user'"))
                .isEqualTo("t");
        assertThat(
                        text(
                                "SELECT bool_and(reltuples >= 0) FROM pg_class WHERE relname IN ('users', 'orders', 'order_lines')"))
                .isEqualTo("t");
        assertThat(text("SELECT string_agg(DISTINCT state, ',') FROM sluice.after_migration"))
                .isEqualTo("done");

        assertThat(run()).isEqualTo(new Done(0, 0));
    }

    @Test
    @DisplayName(
            "a mapping without scripts has its tables analyzed, again after another copy and after all of a collection was read again")
    void analyzes() throws Exception {
        assertThat(run()).isEqualTo(new Done(0, 3));
        assertThat(run()).isEqualTo(new Done(0, 0));

        execute("UPDATE sluice.backfill SET finished_at = clock_timestamp() WHERE collection = 'orders'");
        assertThat(run()).isEqualTo(new Done(0, 2));

        new ResyncStore(TestTarget.PIPELINE).askForAll(connection, "users", "asked", false);
        new ResyncStore(TestTarget.PIPELINE)
                .done(connection, new ResyncStore(TestTarget.PIPELINE).next(connection, 10));
        assertThat(run()).isEqualTo(new Done(0, 1));
    }

    @Test
    @DisplayName("nothing is applied before everything is copied")
    void notCopied() throws Exception {
        scripts.with("V0001__a.sql", "CREATE INDEX CONCURRENTLY users_email_idx ON users (email)");
        execute("UPDATE sluice.backfill SET state = 'running' WHERE collection = 'orders'");

        assertThat(run()).isEqualTo(new NotCopied(List.of("orders")));
        assertThat(text("SELECT to_regclass('users_email_idx')")).isNull();
        assertThat(text("SELECT state FROM sluice.after_migration")).isEqualTo("pending");
    }

    @Test
    @DisplayName(
            "what PostgreSQL refuses is named without values; the others of its file are applied, and no later file; the same"
                    + " process does not try it again, the next one does")
    void refused() throws Exception {
        scripts.with("V0001__indexes.sql", """
                        CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
                        CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);
                        """)
                .with("V0002__later.sql", "CREATE INDEX CONCURRENTLY users_name_idx ON users (name)");
        AfterRun process = process();

        AfterOutcome outcome = process.run(LIMITS, listener(), () -> false);

        assertThat(outcome).isInstanceOf(Open.class);
        assertThat(((Open) outcome).statements()).isEqualTo(1);
        assertThat(((Open) outcome).failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.forPeople())
                        .contains("V0001__indexes.sql, statement 1 (CREATE UNIQUE INDEX CONCURRENTLY users_email_key")
                        .contains("could not create unique index \"users_email_key\"")
                        .contains("[SQLSTATE 23505]")
                        .contains("The stream goes on, and the gate stays shut")
                        .contains("sluice migrate --after")
                        .doesNotContain("u10", "Key ("));
        assertThat(text("SELECT to_regclass('users_email_key')"))
                .as("one that is not valid would cost every write")
                .isNull();
        assertThat(text("SELECT to_regclass('users_name_idx')")).isNull();
        assertThat(text("SELECT bool_and(sluice.is_analyzed(t)) FROM sluice.after_table t"))
                .isEqualTo("t");

        execute("UPDATE users SET email = id");
        assertThat(process.run(LIMITS, listener(), () -> false)).isEqualTo(new Open(0, List.of(), List.of()));
        assertThat(run()).isEqualTo(new Done(2, 3));
    }

    @Test
    @DisplayName(
            "an index that a process left half made is dropped and made again, one that is whole is taken for done, and"
                    + " one that somebody else left is not touched")
    void leftBehind() throws Exception {
        scripts.with("V0001__a.sql", "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email)")
                .with("V0002__b.sql", "CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at)")
                .with(
                        "V0003__c.sql",
                        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_user_key ON orders (status)");
        process().register(connection);
        leaveHalf("CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email)");
        execute("CREATE INDEX orders_placed_at_idx ON orders (placed_at)");
        execute("UPDATE sluice.after_migration SET state = 'running', started_at = now() WHERE script < 'V0003'");
        leaveHalf("CREATE UNIQUE INDEX CONCURRENTLY orders_user_key ON orders (status)");
        execute("UPDATE users SET email = id");
        String theirs = text("SELECT 'orders_user_key'::regclass::oid");

        AfterOutcome outcome = run();

        assertThat(text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email_key'::regclass"))
                .isEqualTo("t");
        assertThat(text("SELECT string_agg(state, ',' ORDER BY place) FROM sluice.after_migration"))
                .isEqualTo("done,done,failed");
        assertThat(outcome).isInstanceOf(Open.class);
        assertThat(((Open) outcome).failures().getFirst().getMessage())
                .contains(
                        "there is an index orders_user_key that is not valid, and this statement did not make it; drop it");
        assertThat(text("SELECT 'orders_user_key'::regclass::oid")).isEqualTo(theirs);
    }

    @Test
    @DisplayName("statements of one file run at once, no more than the limit; those of the next file wait for them")
    void parallel() throws Exception {
        String meet = "DO $$ BEGIN FOR i IN 1..200 LOOP PERFORM pg_stat_clear_snapshot(); PERFORM pg_sleep(0.05);"
                + " EXIT WHEN (SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %%meet%%') >= 2;"
                + " IF i = 200 THEN RAISE 'alone'; END IF; END LOOP; IF (SELECT count(*) FROM pg_stat_activity"
                + " WHERE state = 'active' AND query LIKE 'DO %%meet%%') > 2 THEN RAISE 'crowd'; END IF;"
                + " PERFORM pg_sleep(0.5); /* meet %d */ END $$;";
        scripts.with("V0001__a.sql", meet.formatted(1) + meet.formatted(2) + meet.formatted(3) + meet.formatted(4))
                .with(
                        "V0002__b.sql",
                        "CREATE TABLE later AS SELECT count(*) AS n FROM sluice.after_migration WHERE state = 'done'");

        assertThat(run()).isEqualTo(new Done(5, 3));
        assertThat(text("SELECT n FROM later")).isEqualTo("4");
    }

    @Test
    @DisplayName("two processes never work on it at once: the second one is told of the first")
    void twoProcesses() throws Exception {
        scripts.with("V0001__a.sql", "SELECT pg_sleep(30)");
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<AfterOutcome> first = start(process(), stop);
        await().until(() -> "running".equals(text("SELECT state FROM sluice.after_migration")));

        AfterOutcome second = run();
        stop.set(true);

        assertThat(second).isInstanceOf(Held.class);
        assertThat(((Held) second).holder())
                .contains("process " + ProcessHandle.current().pid());
        assertThat(first.get()).isEqualTo(new Stopped());
    }

    @Test
    @DisplayName(
            "where a process ends and PostgreSQL goes on with its statement, the next one waits for that and does not do it twice")
    void sessionGoesOn() throws Exception {
        scripts.with("V0001__a.sql", "CREATE INDEX CONCURRENTLY users_email_idx ON users (email)");
        process().register(connection);
        try (Connection ghost = target.connector().openForLongWork();
                Statement statement = ghost.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(x'736c6166'::int, hashtext('test/V0001__a.sql/1'))");
            execute("UPDATE sluice.after_migration SET state = 'running', started_at = now()");
            CompletableFuture<AfterOutcome> next = start(process(), new AtomicBoolean());
            await().until(() -> told.stream().anyMatch(line -> line.contains("for a process that has ended")));
            statement.execute("CREATE INDEX CONCURRENTLY users_email_idx ON users (email)");
            ghost.close();

            assertThat(next.get()).isEqualTo(new Done(1, 3));
            assertThat(told).as("not begun again").noneMatch(line -> line.startsWith("begin"));
        }
    }

    @Test
    @DisplayName(
            "a statement whose lock somebody holds gives way to the stream, tries again, and says what is in the way")
    void locked() throws Exception {
        scripts.with(
                "V0001__a.sql",
                "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID");
        CompletableFuture<AfterOutcome> run;
        try (Connection other = target.connector().openForLongWork();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("UPDATE users SET name = 'x' WHERE id = '1'");
            run = start(process(), new AtomicBoolean());
            await().until(() -> told.stream()
                    .anyMatch(line -> line.contains("The longest transaction is that of PostgreSQL's session")));
            long began = System.nanoTime();
            for (int i = 0; i < 30; i++) {
                execute("UPDATE orders SET status = 'paid' WHERE id = 1");
                execute("UPDATE users SET name = 'y' WHERE id = '2'");
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
            assertThat(run).isNotDone();
            other.rollback();
        }
        assertThat(run.get()).isEqualTo(new Done(1, 3));
    }

    @Test
    @DisplayName(
            "a script that is changed or removed after it was applied is named, one that was not applied may be changed")
    void changed() throws Exception {
        scripts.with("V0001__a.sql", "CREATE INDEX users_name_idx ON users (name)")
                .with("V0002__b.sql", "CREATE INDEX users_age_idx ON users (age)")
                .with("V0003__c.sql", "CREATE UNIQUE INDEX users_email_key ON users (email)");
        assertThat(run()).isInstanceOf(Open.class);

        scripts.with("V0001__a.sql", "CREATE INDEX users_name_idx ON users (name, id)")
                .without("V0002__b.sql")
                .with("V0003__c.sql", "CREATE INDEX users_email_key ON users (email)");
        assertThat(run()).isEqualTo(new Open(1, List.of(), List.of()));
        assertThat(text("SELECT string_agg(state, ',' ORDER BY script) FROM sluice.after_migration"))
                .isEqualTo("changed,removed,done");

        scripts.with("V0001__a.sql", "CREATE INDEX users_name_idx ON users (name)")
                .with("V0002__b.sql", "CREATE INDEX users_age_idx ON users (age)");
        assertThat(run()).isEqualTo(new Done(0, 0));
    }

    @Test
    @DisplayName(
            "tables that the role may not analyze are named; an ANALYZE by another role, such as autovacuum's, is taken")
    void notOwner() throws Exception {
        execute("DROP ROLE IF EXISTS after_reader; CREATE ROLE after_reader LOGIN");
        execute("GRANT USAGE ON SCHEMA sluice, public TO after_reader; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL"
                + " TABLES IN SCHEMA sluice, public TO after_reader");
        try {
            PostgresConnector reader = new PostgresConnector(PostgresUri.parse("postgresql://after_reader@"
                    + target.uri().hosts() + "/" + target.uri().database()));
            AfterRun run = new AfterRun(TestTarget.PIPELINE, scripts.scripts(), target.targets(), reader);

            assertThat(run.run(LIMITS, listener(), () -> false))
                    .isEqualTo(new Open(0, List.of(), List.of("public.order_lines", "public.orders", "public.users")));
            assertThat(text("SELECT message FROM sluice.after_table WHERE table_name LIKE '%users%'"))
                    .isEqualTo("the role after_reader may not, since postgres owns it");

            execute("ANALYZE");
            await().untilAsserted(() ->
                    assertThat(run.run(LIMITS, listener(), () -> false)).isEqualTo(new Done(0, 3)));
        } finally {
            execute("DROP OWNED BY after_reader; DROP ROLE after_reader");
        }
    }

    @Test
    @DisplayName(
            "once the writes of a collection have moved to PostgreSQL no statement is applied and its tables are not analyzed")
    void writesMoved() throws Exception {
        assertThat(run()).isEqualTo(new Done(0, 3));
        execute(
                "INSERT INTO sluice.moved_writes (pipeline, collection, moved_by, certificate) VALUES ('test', 'users', 'a test', '{}')");
        execute("UPDATE sluice.backfill SET finished_at = clock_timestamp()");
        scripts.with("V0001__later.sql", "DELETE FROM users");

        AfterOutcome outcome = run();

        assertThat(outcome).isInstanceOf(Open.class);
        assertThat(((Open) outcome).failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.getMessage()).contains("The writes of users have moved"));
        assertThat(text("SELECT count(*) FROM users")).isEqualTo("100");
        assertThat(told)
                .filteredOn(line -> line.startsWith("analyzed"))
                .containsExactlyInAnyOrder(
                        "analyzed public.users",
                        "analyzed public.orders",
                        "analyzed public.order_lines",
                        "analyzed public.orders",
                        "analyzed public.order_lines");
    }

    private AfterRun process() throws IOException {
        return new AfterRun(TestTarget.PIPELINE, scripts.scripts(), target.targets(), target.connector());
    }

    private AfterOutcome run() throws Exception {
        return process().run(LIMITS, listener(), () -> false);
    }

    private CompletableFuture<AfterOutcome> start(AfterRun process, AtomicBoolean stop) {
        CompletableFuture<AfterOutcome> outcome = new CompletableFuture<>();
        Thread.ofPlatform().daemon(true).start(() -> {
            try {
                outcome.complete(process.run(LIMITS, listener(), stop::get));
            } catch (InterruptedException | RuntimeException e) {
                outcome.completeExceptionally(e);
            }
        });
        return outcome;
    }

    private AfterRun.Listener listener() {
        return new AfterRun.Listener() {
            @Override
            public void onBegin(AfterStatement statement) {
                told.add("begin " + statement.name());
            }

            @Override
            public void onDone(AfterStatement statement, Duration took) {
                told.add("done " + statement.name());
            }

            @Override
            public void onWaits(AfterStatement statement, String what) {
                told.add("waits " + statement.name() + ": " + what);
            }

            @Override
            public void onAnalyzed(String table) {
                told.add("analyzed " + table);
            }

            @Override
            public void onProgress(AfterProgress progress) {
                told.add("progress " + progress.done());
            }
        };
    }

    /// Makes an index that PostgreSQL refuses for its rows, and leaves behind.
    private void leaveHalf(String sql) {
        try {
            execute(sql);
        } catch (SQLException refused) {
            assertThat(refused.getSQLState()).isEqualTo("23505");
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private @Nullable String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        }
    }
}
