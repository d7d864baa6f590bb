package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sink.postgres.PostgresUri;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Sessions that PostgreSQL still has although the process or the network on the other side is gone: nobody is
/// refused by what is left of himself, and nobody has to help.
class HalfOpenIT {
    /// Of a process that can't prove anything: the lease, and what starting takes.
    private static final Duration CABLE_MAX = Duration.ofSeconds(15);

    /// With the start of the stream, on a machine that is busy with other tests.
    private static final Duration CABLE_AND_START_MAX = Duration.ofSeconds(60);

    private static final String LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            + " AND classid = x'736C7563'::int"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    @Test
    @DisplayName("killed with its connections half open and started again: not refused by itself")
    void theProcessStartedAgainIsNotRefusedByItsOwnGhost() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 5, 100)) {
            writer.start();
            try (ServiceProcess first = through(proxy, system)) {
                awaitFresh(system, first, Instant.now());
                proxy.freeze();
                first.killHard();
            }
            Instant killed = Instant.now();
            assertThat(system.number(LOCKS))
                    .as("the dead process's lock is still there")
                    .isEqualTo(1);
            try (ServiceProcess second = through(proxy, system)) {
                Instant ready = await().atMost(Duration.ofMinutes(3))
                        .failFast(second::mustLive)
                        .until(() -> second.output().contains("api/status") ? Instant.now() : null, i -> i != null);
                awaitFresh(system, second, killed);
                Instant written = Instant.now();
                System.out.printf(
                        "Half open after a kill -9: started again, it writes %d ms after the kill, %d ms after it was up%n",
                        Duration.between(killed, written).toMillis(),
                        Duration.between(ready, written).toMillis());
                assertThat(second.output()).doesNotContain("Another process writes", "Exception");
                assertThat(Duration.between(ready, written)).isLessThan(CABLE_AND_START_MAX);
                writer.close();
                awaitFresh(system, second, Instant.now());
                assertThat(system.differences()).isEmpty();
            }
        }
    }

    @Test
    @DisplayName(
            "cut off and alive: another process has the lock within 15 s, ends no session, and the first stands by")
    void theOneThatIsCutOffIsReplaced() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 6, 100);
                ServiceProcess first = through(proxy, system)) {
            writer.start();
            awaitFresh(system, first, Instant.now());
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                awaitSaid(second, "Standing by");
                proxy.cut();
                Instant cut = Instant.now();
                awaitSaid(second, "No longer standing by");
                Duration free = Duration.between(cut, Instant.now());
                awaitFresh(system, second, cut);
                Duration took = Duration.between(cut, Instant.now());
                System.out.printf(
                        "Cut off: another process has the lock after %d ms and writes after %d ms%n",
                        free.toMillis(), took.toMillis());
                assertThat(free).isLessThan(CABLE_MAX);
                assertThat(took).isLessThan(CABLE_AND_START_MAX);
                assertThat(second.output()).doesNotContain("sessions that were left of");

                proxy.restore();
                awaitSaid(first, "Standing by");
                Instant killed = Instant.now();
                second.killHard();
                awaitFresh(system, first, killed);
                System.out.printf(
                        "After a kill -9 the one that stood by writes after %d ms%n",
                        Duration.between(killed, Instant.now()).toMillis());
                writer.close();
                awaitFresh(system, first, Instant.now());
                assertThat(system.differences()).isEmpty();
            }
        }
    }

    @Test
    @DisplayName("a process that can't reach PostgreSQL any more hears SIGTERM within 5 s while it waits")
    void theOneThatWaitsCanBeStopped() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                ServiceProcess first = through(proxy, system)) {
            awaitFresh(system, first, Instant.now());
            proxy.cut();
            awaitSaid(first, "Trying again in");
            Instant asked = Instant.now();
            first.terminate();
            assertThat(first.awaitExit(5)).as(first.output()).isZero();
            System.out.printf(
                    "SIGTERM while PostgreSQL does not answer: ended after %d ms%n",
                    Duration.between(asked, Instant.now()).toMillis());
        }
    }

    private static int port(LiveSystem system) {
        String hosts = PostgresUri.parse(system.postgresUri()).hosts();
        return Integer.parseInt(hosts.substring(hosts.indexOf(':') + 1));
    }

    private static ServiceProcess through(FreezingProxy proxy, LiveSystem system) {
        String uri = system.postgresUri().replace(":" + port(system) + "/", ":" + proxy.port() + "/");
        return ServiceProcess.run(system, Map.of("POSTGRES_URI", uri));
    }

    private static void awaitFresh(LiveSystem system, ServiceProcess service, Instant since) {
        await().atMost(Duration.ofMinutes(3))
                .failFast(service::mustLive)
                .until(() -> system.backfilled() && system.watermark().isAfter(since));
    }

    private static void awaitSaid(ServiceProcess process, String text) {
        await().atMost(Duration.ofMinutes(3))
                .failFast(process::mustLive)
                .until(() -> process.output().contains(text));
    }
}
