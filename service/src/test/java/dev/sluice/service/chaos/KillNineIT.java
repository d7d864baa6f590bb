package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.Failpoint;
import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Promises 1 to 3 under the hardest of ends: the process is killed with SIGKILL again and again under live
/// writes, at random instants and at each failpoint between steps that must be atomic. Afterwards both
/// sides are equal, and nothing was applied out of order.
class KillNineIT {
    private static final long SEED = 42;

    @Test
    @DisplayName("kill -9 at any instant changes nothing in the result")
    void killedAgainAndAgain(@TempDir Path folder) throws SQLException, InterruptedException, IOException {
        kill(folder, 3, 5);
    }

    @Test
    @Tag("long")
    @DisplayName("kill -9 at many more instants changes nothing in the result")
    void killedOftenerStill(@TempDir Path folder) throws SQLException, InterruptedException, IOException {
        kill(folder, 8, 30);
    }

    /// Besides once at each failpoint.
    private static void kill(Path folder, int whileCopying, int whileStreaming)
            throws SQLException, InterruptedException, IOException {
        try (LiveSystem system = LiveSystem.start(DemoMapping.withoutRest(folder), SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 20_000, 10_000, SEED, 150)) {
            writer.start();
            watchOrder(system);
            Random random = new Random(SEED);
            int kills = 0;
            int randomWhileCopying = 0;
            // First, while there is something to copy for certain.
            for (Failpoint failpoint : new Failpoint[] {
                Failpoint.POSITION_TAKEN, Failpoint.CHUNK_CUT, Failpoint.CHUNK_WRITTEN, Failpoint.CHUNK_COMMITTED
            }) {
                haltAt(system, failpoint, 0);
                kills++;
            }
            for (int i = 0; i < whileCopying; i++, kills++) {
                randomWhileCopying += runAndKill(system, random, 300) ? 0 : 1;
            }
            copyToTheEnd(system);
            // From here on only the stream writes, and rows must never go back.
            system.execute("UPDATE order_watch SET armed = true");
            for (int i = 0; i < whileStreaming; i++, kills++) {
                runAndKill(system, random, 1_500);
            }
            for (Failpoint failpoint :
                    new Failpoint[] {Failpoint.POSITION_WRITTEN, Failpoint.ROWS_WRITTEN, Failpoint.COMMITTED}) {
                haltAt(system, failpoint, 3);
                kills++;
            }
            writer.close();
            long written = writer.written();
            try (ServiceProcess last = ServiceProcess.run(system)) {
                Instant end = Instant.now();
                await().atMost(Duration.ofMinutes(2))
                        .pollInterval(Duration.ofMillis(200))
                        .failFast(last::mustLive)
                        .until(() -> system.watermark().isAfter(end));
                last.terminate();
                assertThat(last.awaitExit(60)).as(last.output()).isZero();
            }
            System.out.printf(
                    "killed %d times, %d of them at random instants of the copy, under %d writes (%s, %s)%n",
                    kills,
                    randomWhileCopying,
                    written,
                    system.mongo().description(),
                    system.postgres().description());
            assertThat(randomWhileCopying)
                    .as("kills at random instants that hit the copy")
                    .isPositive();
            assertThat(written).isGreaterThan(1_000);
            assertThat(system.differences()).isEmpty();
            assertThat(system.number("SELECT count(*) FROM out_of_order"))
                    .as("went back")
                    .isZero();
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
        }
    }

    /// Triggers that note a position that goes back, and, once armed, a user whose version does.
    private static void watchOrder(LiveSystem system) throws SQLException {
        system.execute("""
                CREATE TABLE out_of_order (what text, was text, became text);
                CREATE TABLE order_watch (armed boolean);
                INSERT INTO order_watch VALUES (false);
                CREATE FUNCTION note_position() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF (NEW.cluster_time_seconds, NEW.cluster_time_increment) < (OLD.cluster_time_seconds, OLD.cluster_time_increment) THEN
                    INSERT INTO public.out_of_order VALUES ('position', OLD::text, NEW::text);
                  END IF;
                  RETURN NEW; END $$;
                CREATE TRIGGER note_position BEFORE UPDATE ON sluice.position FOR EACH ROW EXECUTE FUNCTION note_position();
                CREATE FUNCTION note_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF NEW.age < OLD.age AND (SELECT armed FROM public.order_watch) THEN
                    INSERT INTO public.out_of_order VALUES ('user', OLD::text, NEW::text);
                  END IF;
                  RETURN NEW; END $$;
                CREATE TRIGGER note_user BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note_user();
                """);
    }

    /// Starts the service, waits until it works, then up to `millisMax` more, and kills it.
    ///
    /// @return whether the copy was complete by then
    private static boolean runAndKill(LiveSystem system, Random random, int millisMax)
            throws InterruptedException, SQLException {
        long epoch = system.number("SELECT coalesce(max(epoch), 0) FROM sluice.position");
        try (ServiceProcess service = ServiceProcess.run(system)) {
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofMillis(20))
                    .failFast(service::mustLive)
                    .until(() -> system.number("SELECT coalesce(max(epoch), 0) FROM sluice.position") > epoch);
            // A random instant is the point here, so this is no wait for a condition.
            TimeUnit.MILLISECONDS.sleep(random.nextInt(millisMax));
            service.killHard();
        }
        return system.backfilled();
    }

    private static void haltAt(LiveSystem system, Failpoint failpoint, int passes) throws InterruptedException {
        try (ServiceProcess service =
                ServiceProcess.run(system, "-Dsluice.failpoint=" + failpoint.name() + ":" + passes)) {
            if (service.awaitExit(60) != 137) {
                throw new AssertionError("did not halt at " + failpoint + ": " + service.output());
            }
        }
    }

    private static void copyToTheEnd(LiveSystem system) throws InterruptedException {
        Instant start = Instant.now();
        try (ServiceProcess service = ServiceProcess.run(system)) {
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofMillis(200))
                    .failFast(service::mustLive)
                    .until(() -> system.backfilled() && system.watermark().isAfter(start));
            service.killHard();
        }
    }
}
