package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.SandboxMongo;
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
    @DisplayName("a MongoDB that hangs is said within 20 s, and followed when it answers again")
    void mongoHangs() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 9, 100);
                ServiceProcess service = ServiceProcess.run(system)) {
            system.awaitFresh(service);
            long mongod = system.mongo().pid().orElseThrow();
            ServiceProcess.signal("-STOP", mongod);
            try {
                assertSaid(service, "MongoDB has not answered for ");
            } finally {
                ServiceProcess.signal("-CONT", mongod);
            }
            writer.start();
            system.awaitFresh(service, Instant.now());
            system.assertEqual(writer, service);
        }
    }

    @Test
    @DisplayName("a PostgreSQL that hangs is said within 20 s, and written when it answers again")
    void postgresHangs() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                FreezingProxy proxy = new FreezingProxy(HalfOpenIT.port(system));
                LiveWriter writer = new LiveWriter(system.database(), 500, 500, 10, 100);
                ServiceProcess service = HalfOpenIT.through(proxy, system)) {
            writer.start();
            system.awaitFresh(service);
            proxy.cut();
            assertSaid(service, "PostgreSQL has not answered for ");
            proxy.restore();
            system.awaitFresh(service, Instant.now());
            system.assertEqual(writer, service);
        }
    }

    private static void assertSaid(ServiceProcess service, String text) {
        Instant hung = Instant.now();
        service.awaitSaid(text);
        assertThat(Duration.between(hung, Instant.now())).isLessThan(SAID_MAX);
        List<String> complaints = service.complaints();
        assertThat(complaints.getFirst()).contains(text, "Nothing is lost");
    }
}
