package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxMongo;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A verification that is killed with SIGKILL at random instants: it goes on where it was, and finds what
/// one that was never killed finds.
@Tag("long")
class KilledVerificationIT {
    private static final int KILLS = 6;
    private static final long SEED = 5;

    @Test
    @DisplayName("kill -9 again and again: the verification goes on where it was and finds everything")
    void killedAgainAndAgain() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter documents = new LiveWriter(system.database(), 60_000, 100, SEED, 1)) {
            try (ServiceProcess copy = sluice(system, List.of(), "backfill")) {
                assertThat(copy.awaitExit(120)).as(copy.output()).isZero();
            }
            system.execute("UPDATE users SET age = 1 WHERE id IN ('user-1', 'user-30000', 'user-59999', 'user-9999');"
                    + " DELETE FROM users WHERE id = 'user-777'; INSERT INTO users (id, email) VALUES ('nobody', '')");
            Random random = new Random(SEED);
            List<Long> progress = new ArrayList<>();
            for (int kill = 0; kill < KILLS && running(system); kill++) {
                verifyAndKill(system, random, progress.isEmpty() ? 0 : progress.getLast());
                progress.add(system.number("SELECT max(documents) FROM sluice.verification"));
            }
            assertThat(progress).isSorted().hasSizeGreaterThan(2);
            // Between what is stored of a chunk and that it is read: it is read again.
            try (ServiceProcess halted =
                    sluice(system, List.of("-Dsluice.failpoint=VERIFIED_CHUNK"), "verify", "--collection", "users")) {
                assertThat(halted.awaitExit(60)).as(halted.output()).isEqualTo(137);
            }
            try (ServiceProcess last = sluice(system, List.of(), "verify", "--collection", "users")) {
                assertThat(last.awaitExit(60)).as(last.output()).isEqualTo(1);
            }
            System.out.printf(
                    "killed at %s documents (%s, %s)%n",
                    progress, system.mongo().description(), system.postgres().description());
            assertThat(system.number("SELECT count(*) FROM sluice.verification"))
                    .isOne();
            assertThat(system.number("SELECT documents FROM sluice.verification"))
                    .isEqualTo(60_000);
            assertThat(system.text("SELECT missing || ' ' || extra || ' ' || different FROM sluice.verification"))
                    .isEqualTo("1 1 4");
            assertThat(system.text("SELECT string_agg(row_key, ' ' ORDER BY row_key) FROM sluice.drift"))
                    .isEqualTo("nobody user-1 user-30000 user-59999 user-777 user-9999");
            assertThat(system.number("SELECT (SELECT count(*) FROM sluice.suspect)"
                            + " + (SELECT count(*) FROM sluice.verified_key)"))
                    .isZero();
        }
    }

    private static boolean running(LiveSystem system) throws SQLException {
        return system.number("SELECT count(*) FROM sluice.verification WHERE state = 'done'") == 0;
    }

    private static void verifyAndKill(LiveSystem system, Random random, long before) throws InterruptedException {
        try (ServiceProcess process =
                sluice(system, List.of(), "verify", "--collection", "users", "--parallel", "1", "--budget", "4")) {
            await().atMost(Duration.ofMinutes(1))
                    .pollInterval(Duration.ofMillis(10))
                    .failFast(process::mustLive)
                    .until(() -> system.number("SELECT max(documents) FROM sluice.verification") > before);
            // A random instant is the point here, so this is no wait for a condition.
            TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
            process.killHard();
        }
    }

    private static ServiceProcess sluice(LiveSystem system, List<String> jvm, String... arguments) {
        return ServiceProcess.start(
                List.of(arguments),
                jvm,
                Map.of(
                        "MONGO_URI", system.mongo().uri(),
                        "POSTGRES_URI", system.postgresUri(),
                        "SLUICE_MAPPING", system.entry().mapping().name(),
                        "AUTO_MIGRATE", "false",
                        "AUTO_CREATE_DB", "false"));
    }
}
