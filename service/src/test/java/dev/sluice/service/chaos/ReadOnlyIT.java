package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.FailureKind;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.PipelineState;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A PostgreSQL that takes no writes for a while, as after a fail-over.
class ReadOnlyIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private static final int TRIES = 4;

    @Tag("long")
    @Test
    @DisplayName("a PostgreSQL that is read only is waited for like one that is away, and said")
    void readOnlyForAWhile() throws SQLException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 11, 100);
                RunningPipeline running = RunningPipeline.start(system)) {
            writer.start();
            running.awaitStreaming();
            String database = system.text("SELECT current_database()");
            readOnly(system, database, "on");
            Set<Instant> tries = new HashSet<>();
            await().atMost(BOUND).pollInterval(Duration.ofMillis(50)).until(() -> {
                if (running.pipeline().status().state() instanceof PipelineState.Waiting waiting
                        && waiting.kind() == FailureKind.TARGET_READ_ONLY) {
                    tries.add(waiting.retryAt());
                }
                return tries.size() == TRIES;
            });
            readOnly(system, database, "off");

            running.awaitStreaming();
            writer.close();
            running.awaitApplied();
            assertThat(system.differences()).isEmpty();
        }
    }

    private static void readOnly(LiveSystem system, @Nullable String database, String how) throws SQLException {
        // From another database, which can be written.
        PostgresUri maintenance = PostgresUri.parse(system.postgresUri()).withDatabase("postgres");
        try (Connection connection = new PostgresConnector(maintenance).open();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER DATABASE " + database + " SET default_transaction_read_only = " + how);
            statement.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database + "'");
        }
    }
}
