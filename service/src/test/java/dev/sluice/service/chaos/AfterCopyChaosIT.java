package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.Failpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Indexes are made and foreign keys validated while the stream writes, and while processes are killed.
class AfterCopyChaosIT {
    private static LiveServers servers;

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final long SEED = 7;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    @DisplayName(
            "under live writes indexes are made and a foreign key is added and validated; the stream goes on in the same run"
                    + " and both sides are equal")
    void underLoad() throws Exception {
        String mapping = mapping(
                "V0001__indexes.sql", """
                CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);
                CREATE INDEX CONCURRENTLY order_lines_sku_idx ON order_lines (sku);
                CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
                """,
                "V0002__keys.sql",
                        "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
                "V0003__validate.sql", "ALTER TABLE orders VALIDATE CONSTRAINT orders_user;");
        try (LiveSystem system = servers.system(mapping);
                LiveWriter writer = new LiveWriter(system.database(), 5_000, 20_000, SEED, 300);
                ServiceProcess run = run(system, mapping)) {
            writer.start();
            run.awaitSaid("After the copy: 5 statements applied");
            system.awaitFresh(run);

            assertThat(system.text("SELECT convalidated FROM pg_constraint WHERE conname = 'orders_user'"))
                    .isEqualTo("t");
            assertThat(system.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
                    .isZero();
            assertThat(run.complaints()).isEmpty();
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
            assertThat(system.number("SELECT epoch FROM sluice.position")).isEqualTo(1);
            system.assertEqual(writer, run);
        }
    }

    @Test
    @DisplayName(
            "a transaction that holds a table for long does not have the stream wait behind a foreign key that is to be added")
    void behindALongTransaction() throws Exception {
        String mapping = mapping(
                "V0001__keys.sql",
                "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;");
        try (LiveSystem system = servers.system(mapping);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, SEED, 100);
                Connection other = system.connector().openForLongWork();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE orders IN ROW EXCLUSIVE MODE");
            try (ServiceProcess run = run(system, mapping)) {
                writer.start();
                run.awaitSaid("Others hold locks on its tables");
                // While it tries again and again the stream is never far behind.
                Instant end = Instant.now().plusSeconds(6);
                while (Instant.now().isBefore(end)) {
                    Instant before = Instant.now();
                    await().atMost(Duration.ofSeconds(5))
                            .until(() -> system.watermark().isAfter(before));
                }
                other.rollback();
                run.awaitSaid("After the copy: 1 statement applied");
                assertThat(run.complaints()).isEmpty();
                system.assertEqual(writer, run);
            }
        }
    }

    @Test
    @Tag("long")
    @DisplayName(
            "kill -9 between a statement and its note, in a transaction and outside of one, and in the middle of an index: the next"
                    + " process goes on, and nothing is done twice or left half")
    void killed() throws Exception {
        String mapping = mapping(
                "V0001__index.sql", "CREATE INDEX CONCURRENTLY users_email_idx ON users (email);",
                "V0002__key.sql",
                        "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
                "V0003__index.sql", "CREATE UNIQUE INDEX CONCURRENTLY users_id_idx ON users (id, email);");
        try (LiveSystem system = servers.system(mapping);
                LiveWriter writer = new LiveWriter(system.database(), 2_000, 2_000, SEED, 50)) {
            writer.start();
            halt(system, mapping);
            assertThat(system.text("SELECT string_agg(state, ',' ORDER BY place) FROM sluice.after_migration"))
                    .as("done and not noted")
                    .isEqualTo("running,pending,pending");
            String made = system.text("SELECT 'users_email_idx'::regclass::oid");

            halt(system, mapping);
            assertThat(system.text("SELECT string_agg(state, ',' ORDER BY place) FROM sluice.after_migration"))
                    .as("the first is taken for done, the second was rolled back")
                    .isEqualTo("done,running,pending");
            assertThat(system.number("SELECT count(*) FROM pg_constraint WHERE conname = 'orders_user'"))
                    .isZero();

            try (Connection other = system.connector().openForLongWork();
                    Statement statement = other.createStatement()) {
                other.setAutoCommit(false);
                other.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                // An index that is made concurrently waits for its snapshot, with its first half done.
                statement.execute("SELECT count(*) FROM users");
                try (ServiceProcess run = run(system, mapping)) {
                    await().atMost(BOUND)
                            .failFast(run::mustLive)
                            .until(() -> system.number(
                                            "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"
                                                    + " AND datname = current_database()")
                                    > 0);
                    run.killHard();
                }
                system.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index"
                        + " WHERE datname = current_database()");
                await().atMost(BOUND)
                        .until(() -> system.number("SELECT count(*) FROM pg_stat_progress_create_index"
                                        + " WHERE datname = current_database()")
                                == 0);
                other.rollback();
            }
            assertThat(system.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
                    .isEqualTo(1);

            try (ServiceProcess run = run(system, mapping)) {
                run.awaitSaid("After the copy: 1 statement applied");
                assertThat(run.output()).contains("was broken off while it was made, and is made again");
                assertThat(system.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
                        .isZero();
                assertThat(system.text("SELECT 'users_email_idx'::regclass::oid"))
                        .isEqualTo(made);
                assertThat(system.text("SELECT string_agg(DISTINCT state, ',') FROM sluice.after_migration"))
                        .isEqualTo("done");
                system.assertEqual(writer, run);
            }
        }
    }

    private static ServiceProcess run(LiveSystem system, String mapping) {
        return ServiceProcess.run(system, Map.of("SLUICE_MAPPING", mapping, "AUTO_MIGRATE", "true"));
    }

    private static void halt(LiveSystem system, String mapping) throws InterruptedException {
        try (ServiceProcess run = ServiceProcess.run(
                system,
                Map.of(
                        "SLUICE_MAPPING",
                        mapping,
                        "AUTO_MIGRATE",
                        "true",
                        "JAVA_TOOL_OPTIONS",
                        "-Dsluice.failpoint=" + Failpoint.AFTER_MIGRATION_APPLIED))) {
            assertThat(run.awaitExit(120)).as(run.output()).isEqualTo(137);
        }
    }

    /// @param scripts names and texts
    private String mapping(String... scripts) throws IOException {
        String mapping = DemoMapping.copy(folder, text -> text);
        Path after = Files.createDirectories(folder.resolve("migrations/after"));
        for (int i = 0; i < scripts.length; i += 2) {
            Files.writeString(after.resolve(scripts[i]), scripts[i + 1]);
        }
        return mapping;
    }
}
