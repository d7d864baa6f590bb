package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.testkit.ShortOplog;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the program writes when MongoDB goes away, comes back, has forgotten what is to come next, and when
/// it is stopped: one line of ours for each, none of the libraries it uses, and nothing of a document
/// (promise 10).
class OneVoiceIT {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final String REMEDY = "sluice backfill --resync --prune";

    @Tag("long")
    @Test
    @DisplayName("an outage of MongoDB is one WARN of ours, a stop none, and no line holds a key or a token")
    void oneLineForEach() throws Exception {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                ServiceProcess service = ServiceProcess.run(system)) {
            insert(system, 1);
            awaitRows(system, service, 1);
            system.mongo().stop();
            await().atMost(BOUND)
                    .failFast(service::mustLive)
                    .until(() -> !service.complaints().isEmpty());
            assertThat(service.complaints()).as(service.output()).hasSize(1);
            system.mongo().startAgain();
            insert(system, 2);
            awaitRows(system, service, 2);
            service.terminate();

            assertThat(service.awaitExit(60)).as(service.output()).isZero();
            assertThat(service.complaints()).as(service.output()).hasSize(1);
            Discretion.assertKept(service.output());
        }
    }

    @ParameterizedTest(name = "while it {0}")
    @ValueSource(strings = {"is away", "hangs"})
    @DisplayName("a lost oplog is said once, with the remedy, and no line holds a key or a token")
    void aLostOplog(String how) throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", ShortOplog.OPTIONS);
                ServiceProcess first = ServiceProcess.run(system)) {
            insert(system, 1);
            awaitRows(system, first, 1);
            if (how.equals("hangs")) {
                first.suspend();
                awaitNoReadUnderWay(system);
                ShortOplog.forgetEverything(system.client());
                insert(system, 2);
                first.resume();
                assertSaidOnce(first);
            } else {
                first.killHard();
                ShortOplog.forgetEverything(system.client());
                insert(system, 2);
                try (ServiceProcess second = ServiceProcess.run(system)) {
                    assertSaidOnce(second);
                }
            }
        }
    }

    /// A read that waits in the server answers with a position of up to a second after the program was suspended, and
    /// the oplog has to be cut behind that one.
    private static void awaitNoReadUnderWay(LiveSystem system) {
        await().atMost(BOUND)
                .until(() -> system.client()
                                .getDatabase("admin")
                                .aggregate(List.of(
                                        new Document("$currentOp", new Document()),
                                        new Document("$match", new Document("op", "getmore").append("active", true))))
                                .first()
                        == null);
    }

    private static void assertSaidOnce(ServiceProcess service) throws InterruptedException {
        assertThat(service.awaitExit(120)).as(service.output()).isEqualTo(3);
        assertThat(service.output()).containsOnlyOnce(REMEDY).containsOnlyOnce("the oplog now starts at");
        Discretion.assertKept(service.output());
    }

    private static void insert(LiveSystem system, int number) {
        system.database()
                .getCollection("users")
                .insertOne(new Document("_id", Discretion.MARKER + "-" + number).append("name", "Somebody"));
    }

    private static void awaitRows(LiveSystem system, ServiceProcess service, long rows) {
        await().atMost(BOUND)
                .failFast(service::mustLive)
                .until(() -> system.number("SELECT count(*) FROM users") == rows);
    }
}
