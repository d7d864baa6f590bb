package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Sessions that PostgreSQL still has although the process or the network on the other side is gone: nobody is
/// refused by what is left of himself, and nobody has to help.
@Tag("long")
class HalfOpenIT {
    /// Until the lease has run out.
    private static final Duration FREE_MAX = Duration.ofSeconds(12);

    /// Until another process writes. The aim is 15 s; on a machine that is busy with other tests the stream
    /// takes longer to start.
    private static final Duration CABLE_MAX = Duration.ofSeconds(40);

    /// The same for a process that can prove that the other is gone. The aim is 5 s.
    private static final Duration GHOST_MAX = Duration.ofSeconds(10);

    /// What a command is put behind to have process ids of its own.
    private static final List<String> CONTAINER = List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child");

    /// A statement that goes on for as long as one may, until the row is gone.
    private static final String SLOW = "CREATE TABLE slow (seconds integer); INSERT INTO slow VALUES (28);"
            + " CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN PERFORM pg_sleep(seconds) FROM slow; RETURN NULL; END $$;"
            + " CREATE TRIGGER slow BEFORE INSERT OR UPDATE OR DELETE ON users EXECUTE FUNCTION slow()";

    private static final String ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

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
            long dead;
            try (ServiceProcess first = through(proxy, system)) {
                dead = first.pid();
                system.awaitFresh(first);
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
                system.awaitFresh(second, killed);
                Instant written = Instant.now();
                System.out.printf(
                        "Half open after a kill -9: started again, it writes %d ms after the kill, %d ms after it was up%n",
                        Duration.between(killed, written).toMillis(),
                        Duration.between(ready, written).toMillis());
                assertThat(second.output())
                        .contains("sessions that were left of process " + dead)
                        .doesNotContain("Standing by", "Another process writes", "Exception");
                assertThat(Duration.between(ready, written)).isLessThan(GHOST_MAX);
                system.assertEqual(writer, second);
            }
        }
    }

    @Test
    @DisplayName("cut off and alive: another process has the lock within 12 s and writes, and the first stands by")
    void theOneThatIsCutOffIsReplaced() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 6, 100);
                ServiceProcess first = through(proxy, system)) {
            writer.start();
            system.awaitFresh(first);
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                second.awaitSaid("Standing by");
                proxy.cut();
                Instant cut = Instant.now();
                LiveSystem.TakeOver takeOver = system.awaitTakeOver(second, cut);
                System.out.printf(
                        "Cut off: another process has the lock after %d ms and writes after %d ms%n",
                        takeOver.free().toMillis(), takeOver.took().toMillis());
                assertThat(takeOver.free()).isLessThan(FREE_MAX);
                assertThat(takeOver.took()).isLessThan(CABLE_MAX);
                assertThat(second.output()).doesNotContain("sessions that were left of");

                proxy.restore();
                first.awaitSaid("Standing by");
                Instant killed = Instant.now();
                second.killHard();
                system.awaitFresh(first, killed);
                System.out.printf(
                        "After a kill -9 the one that stood by writes after %d ms%n",
                        Duration.between(killed, Instant.now()).toMillis());
                system.assertEqual(writer, first);
            }
        }
    }

    @Test
    @DisplayName("cut off in the middle of a statement that PostgreSQL is still at: ended, and another process writes")
    void theOneThatIsCutOffInAStatementIsReplaced() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 8, 100);
                ServiceProcess first = through(proxy, system)) {
            system.awaitFresh(first);
            try (ServiceProcess second = ServiceProcess.run(system, Map.of())) {
                second.awaitSaid("Standing by");
                system.execute(SLOW);
                writer.start();
                await().atMost(Duration.ofMinutes(1)).until(() -> system.number(ASLEEP) > 0);
                proxy.cut();
                Instant cut = Instant.now();
                system.execute("DELETE FROM slow");
                LiveSystem.TakeOver takeOver = system.awaitTakeOver(second, cut);
                System.out.printf(
                        "Cut off in the middle of a statement: another process has the lock after %d ms and writes after %d ms%n",
                        takeOver.free().toMillis(), takeOver.took().toMillis());
                assertThat(second.output()).contains("which has lost the pipeline");
                assertThat(takeOver.took()).isLessThan(CABLE_MAX);
                proxy.restore();
                first.awaitSaid("Standing by");
                system.assertEqual(writer, second);
            }
        }
    }

    @Test
    @DisplayName("two containers, in both of which the program is process 1: neither takes the other for its own ghost")
    void twoContainersWaitForEachOther() throws SQLException, InterruptedException {
        assumeTrue(canMakeContainers(), "process namespaces take Linux, root and unshare");
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                ServiceProcess first = ServiceProcess.run(system, through(proxy.port(), system), CONTAINER)) {
            system.awaitFresh(first);
            try (ServiceProcess second = ServiceProcess.run(system, Map.of(), CONTAINER)) {
                second.awaitSaid("Standing by");
                assertThat(second.output()).contains("is written by process 1 on ");
                proxy.freeze();
                first.killHard();
                Instant killed = Instant.now();
                system.awaitFresh(second, killed);
                Duration took = Duration.between(killed, Instant.now());
                System.out.printf("Another container's ghost is waited for: %d ms%n", took.toMillis());
                assertThat(took).isGreaterThan(PipelineLock.LEASE.minusSeconds(3));
                assertThat(second.output()).doesNotContain("sessions that were left of");
            }
        }
    }

    @Test
    @DisplayName("a process that can't reach PostgreSQL any more hears SIGTERM within 5 s while it waits")
    void theOneThatWaitsCanBeStopped() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(port(system));
                ServiceProcess first = through(proxy, system)) {
            system.awaitFresh(first);
            proxy.cut();
            first.awaitSaid("Trying again in");
            Instant asked = Instant.now();
            first.terminate();
            assertThat(first.awaitExit(5)).as(first.output()).isZero();
            System.out.printf(
                    "SIGTERM while PostgreSQL does not answer: ended after %d ms%n",
                    Duration.between(asked, Instant.now()).toMillis());
        }
    }

    static int port(LiveSystem system) {
        String hosts = PostgresUri.parse(system.postgresUri()).hosts();
        return Integer.parseInt(hosts.substring(hosts.indexOf(':') + 1));
    }

    static ServiceProcess through(FreezingProxy proxy, LiveSystem system) {
        return ServiceProcess.run(system, through(proxy.port(), system));
    }

    private static Map<String, String> through(int port, LiveSystem system) {
        return Map.of("POSTGRES_URI", system.postgresUri().replace(":" + port(system) + "/", ":" + port + "/"));
    }

    private static boolean canMakeContainers() throws InterruptedException {
        List<String> command = new ArrayList<>(CONTAINER);
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException noSuchProgram) {
            return false;
        }
    }
}
