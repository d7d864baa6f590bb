package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 4: two processes never write one pipeline.
@SuppressWarnings("NullAway.Init")
class TwoProcessesIT {
    private static LiveServers servers;

    @BeforeAll
    static void startServers() {
        servers = LiveServers.start();
    }

    @AfterAll
    static void stopServers() {
        servers.close();
    }

    /// The aim is 5 s; a machine that is busy with other tests takes longer to start the stream.
    private static final Duration TAKE_OVER_MAX = Duration.ofSeconds(10);

    /// What a pooler or a network does: the lock's session ends, and the process does not notice at once.
    private static final String END_LOCK =
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    + " AND classid = x'736C7563'::int"
                    + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    @Test
    @DisplayName("with SLUICE_STANDBY=false the second process stops with one message and writes nothing")
    void theSecondStops() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 3, 100);
                ServiceProcess first = ServiceProcess.run(system)) {
            writer.start();
            system.awaitFresh(first);
            long epoch = system.number("SELECT epoch FROM sluice.position");
            try (ServiceProcess second = ServiceProcess.run(system, Map.of("SLUICE_STANDBY", "false"))) {
                assertThat(second.awaitExit(180)).as(second.output()).isEqualTo(3);
                assertThat(second.output())
                        .contains("Another process writes this pipeline")
                        .contains("has written nothing")
                        .contains("process " + first.pid() + " on ")
                        .doesNotContain("Exception");
            }
            assertThat(system.number("SELECT epoch FROM sluice.position")).isEqualTo(epoch);
            system.assertEqual(writer, first);
        }
    }

    @Test
    @DisplayName("the second process stands by, says for whom, and takes over within 5 s after a kill -9 of the first")
    void theSecondStandsBy() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 3, 100);
                ServiceProcess first = ServiceProcess.run(system)) {
            writer.start();
            system.awaitFresh(first);
            long epoch = system.number("SELECT epoch FROM sluice.position");
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                second.awaitSaid("Standing by");
                assertThat(second.output()).contains("is written by process " + first.pid() + " on ");
                assertThat(system.number("SELECT epoch FROM sluice.position")).isEqualTo(epoch);
                Instant killed = Instant.now();
                first.killHard();
                await().atMost(Duration.ofMinutes(3))
                        .failFast(second::mustLive)
                        .until(() -> system.watermark().isAfter(killed));
                Duration took = Duration.between(killed, Instant.now());
                System.out.printf(
                        "After a kill -9 the standby had applied what came later in %d ms%n", took.toMillis());
                assertThat(took).isLessThan(TAKE_OVER_MAX);
                system.assertEqual(writer, second);
            }
        }
    }

    @Test
    @DisplayName("a standby hears SIGTERM and ends with 0")
    void aStandbyCanBeStopped() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                ServiceProcess first = ServiceProcess.run(system)) {
            system.awaitFresh(first);
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                second.awaitSaid("Standing by");
                second.terminate();
                assertThat(second.awaitExit(5)).as(second.output()).isZero();
            }
            first.mustLive();
        }
    }

    @Test
    @DisplayName("a process that lost its lock and was taken over is fenced out, stands by, and takes over again")
    void theFencedOneStandsBy() throws SQLException, InterruptedException {
        try (LiveSystem system = servers.system("demo");
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 4, 100);
                ServiceProcess first = ServiceProcess.run(system)) {
            writer.start();
            system.awaitFresh(first);
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                second.awaitSaid("Standing by");
                awaitTakenOverBy(system, second);
                first.awaitSaid("Standing by");
                assertThat(first.output())
                        .contains("by process " + second.pid() + " on ")
                        .doesNotContain("Exception");
                system.awaitFresh(second);
                second.killHard();
                system.awaitFresh(first);
                system.assertEqual(writer, first);
            }
        }
    }

    /// Ends the lock's session until the other process has got it first: that one tries every half second, and
    /// the loss is noticed within two.
    private static void awaitTakenOverBy(LiveSystem system, ServiceProcess second) {
        await().atMost(Duration.ofMinutes(3)).failFast(second::mustLive).until(() -> {
            String holder = system.text("SELECT owner FROM sluice.position");
            if (holder != null && holder.startsWith("process " + second.pid() + " ")) {
                return true;
            }
            system.execute(END_LOCK);
            return false;
        });
    }
}
