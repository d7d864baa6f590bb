package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 4: two processes never write one pipeline.
class TwoProcessesIT {
    @Test
    @DisplayName("the second process stops with one message and writes nothing; the first goes on")
    void theSecondStops() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 3, 100);
                ServiceProcess first = ServiceProcess.run(system)) {
            writer.start();
            awaitFresh(system, first);
            long epoch = system.number("SELECT epoch FROM sluice.position");
            try (ServiceProcess second = ServiceProcess.run(system)) {
                assertThat(second.awaitExit(30)).as(second.output()).isEqualTo(3);
                assertThat(second.output())
                        .contains("Another process writes this pipeline")
                        .contains("has written nothing")
                        .contains("process ")
                        .doesNotContain("Exception");
            }
            assertThat(system.number("SELECT epoch FROM sluice.position")).isEqualTo(epoch);
            writer.close();
            awaitFresh(system, first);
            assertThat(system.differences()).isEmpty();
        }
    }

    @Test
    @DisplayName("a process that lost its lock and was taken over is refused by the epoch and stops with one message")
    void theFencedOneStops() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 4, 100);
                ServiceProcess first = ServiceProcess.run(system)) {
            writer.start();
            awaitFresh(system, first);
            // What a pooler or a network does: the lock's session ends, and the process does not notice.
            system.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
            try (ServiceProcess second = ServiceProcess.run(system)) {
                assertThat(first.awaitExit(60)).as(first.output()).isEqualTo(3);
                assertThat(first.output()).contains("was taken over by process").doesNotContain("Exception");
                awaitFresh(system, second);
                writer.close();
                awaitFresh(system, second);
                assertThat(system.differences()).isEmpty();
            }
        }
    }

    private static void awaitFresh(LiveSystem system, ServiceProcess service) {
        Instant now = Instant.now();
        await().atMost(Duration.ofMinutes(1))
                .failFast(service::mustLive)
                .until(() -> system.backfilled() && system.watermark().isAfter(now));
    }
}
