package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.program.Signal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A server that takes connections and does not answer on them: an operator reads so within seconds, and when it
/// answers again nobody has to help.
@Tag("long")
class HungServersIT {
    /// What an operator waits before he looks elsewhere.
    private static final Duration SAID_MAX = Duration.ofSeconds(20);

    @Test
    @DisplayName("a MongoDB that hangs is said within 20 s, in the log and in the state, and followed when it answers")
    void mongoHangs() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 9, 100);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            long mongod = system.mongo().pid().orElseThrow();
            Signal.suspend(mongod);
            try {
                assertSaid(service, "MongoDB has not answered for ");
                awaitState(service, "stalled", "MongoDB has not answered since ");
            } finally {
                Signal.resume(mongod);
            }
            awaitState(service, "streaming", "");
            assertThat(service.output()).contains("MongoDB answers again.");
            writer.start();
            system.awaitFresh(service, Instant.now());
            system.assertEqual(writer, service);
        }
    }

    @Test
    @DisplayName("a process that got no CPU time for a while says so, and not that a server did not answer")
    void suspended() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            service.suspend();
            Instant back = Instant.now().plusSeconds(20);
            await().pollDelay(Duration.ZERO)
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> Instant.now().isAfter(back));
            service.resume();
            service.awaitSaid("This process got no CPU time for ");
            system.awaitFresh(service, Instant.now());
            awaitState(service, "streaming", "");
            assertThat(service.output()).doesNotContain("has not answered");
        }
    }

    @Test
    @DisplayName("the attempts of one outage are counted through, however long each of them waits for an answer")
    void oneCount() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            system.mongo().stop();
            service.awaitSaid("(attempt 4)");
            system.mongo().startAgain();
            system.awaitFresh(service, Instant.now());
            for (int attempt = 1; attempt <= 4; attempt++) {
                assertThat(service.output()).containsOnlyOnce("(attempt " + attempt + ")");
            }
        }
    }

    @Test
    @DisplayName(
            "a PostgreSQL that hangs is said within 20 s, in the log and in the state, and written when it answers")
    void postgresHangs() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(HalfOpenIT.port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 10, 100);
                ServiceProcess service = HalfOpenIT.through(proxy, system)) {
            writer.start();
            system.awaitFresh(service);
            proxy.cut();
            assertSaid(service, "PostgreSQL has not answered for ");
            awaitState(service, "stalled", "PostgreSQL has not answered since ");
            proxy.restore();
            system.awaitFresh(service, Instant.now());
            awaitState(service, "streaming", "");
            system.assertEqual(writer, service);
        }
    }

    /// Of `GET /api/status`.
    private static void awaitState(ServiceProcess service, String state, String message) {
        await().atMost(Duration.ofSeconds(90))
                .failFast(service::mustLive)
                .until(
                        () -> service.get("/api/status"),
                        status -> status.contains("\"state\":\"" + state + "\"") && status.contains(message));
    }

    private static void assertSaid(ServiceProcess service, String text) {
        Instant hung = Instant.now();
        service.awaitSaid(text);
        assertThat(Duration.between(hung, Instant.now())).isLessThan(SAID_MAX);
        List<String> complaints = service.complaints();
        assertThat(complaints.getFirst()).contains(text, "Nothing is lost");
    }
}
