package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.backfill.Pace.Taken;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Backfill.Limits LIMITS = new Backfill.Limits(20_000, false, 1 << 20, 4, false);

    private long now;

    @Test
    void aChunkGrowsUntilItTakesAQuarterOfASecond() {
        Pace pace = begun(LIMITS, 4);
        for (int i = 0; i < 20; i++) {
            chunk(pace, pace.documents() * 20L, 1, 2);
        }
        assertThat(pace.documents()).isBetween(12_000, 13_000);
        for (int i = 0; i < 20; i++) {
            chunk(pace, pace.documents() * 1_000L, 1, 2);
        }
        assertThat(pace.documents()).isBetween(240, 260);
    }

    @Test
    void aWorkerMoreIsKeptWhenItMakesTheCopyFaster() {
        Pace pace = begun(LIMITS, 4);
        run(pace, 20_000, workers -> 100_000.0 * workers);
        assertThat(pace.workers()).isEqualTo(4);
    }

    @Test
    void aWorkerMoreIsSentAwayWhenItDoesNot() {
        Pace pace = begun(LIMITS, 4);
        run(pace, 10_000, workers -> 100_000.0);
        assertThat(pace.workers()).isEqualTo(2);
        assertThat(pace.admits(1)).isTrue();
        assertThat(pace.admits(2)).isFalse();
    }

    @Test
    void slowCommitsHalveTheWorkersAndFastOnesBringThemBack() {
        Pace pace = begun(LIMITS, 4);
        run(pace, 20_000, workers -> 100_000.0 * workers);
        for (int i = 0; i < 30; i++) {
            chunk(pace, 100_000, 1, 800);
            now += Duration.ofMillis(200).toNanos();
        }
        assertThat(pace.workers()).isOne();
        assertThat(pace.admits(0)).as("one always may").isTrue();

        run(pace, 60_000, workers -> 100_000.0 * workers);
        assertThat(pace.workers()).isEqualTo(4);
    }

    @Test
    void aSlowMongoDbHalvesTheWorkers() {
        Pace pace = begun(LIMITS, 4);
        run(pace, 20_000, workers -> 100_000.0 * workers);
        for (int i = 0; i < 30; i++) {
            chunk(pace, 100_000, 20_000, 2);
            now += Duration.ofMillis(200).toNanos();
        }
        assertThat(pace.workers()).isOne();
    }

    @Test
    void whileReplicasAreLateOnlyOneWorks() {
        Pace pace = begun(LIMITS.withWorkers(4), 4);
        assertThat(pace.onReplicas(true)).isTrue();
        assertThat(pace.onReplicas(true)).as("news once").isFalse();
        assertThat(pace.admits(0)).isTrue();
        assertThat(pace.admits(1)).isFalse();
        assertThat(pace.onReplicas(false)).isTrue();
        assertThat(pace.admits(3)).isTrue();
    }

    @Test
    void whereDocumentsAreLargeOneWorksEvenWhenMoreAreAskedFor() {
        Pace pace = begun(LIMITS.withWorkers(4), 4);
        pace.onRead(1_000, 450_000);
        assertThat(pace.workers()).isEqualTo(4);
        pace.onRead(20, 15L << 24);
        assertThat(pace.workers()).as("one large one among many").isEqualTo(4);
        pace.onRead(200, 200L << 24);
        assertThat(pace.workers()).isOne();
    }

    @Test
    void whatIsFixedStays() {
        Pace pace = begun(LIMITS.withDocuments(700).withWorkers(3), 3);
        run(pace, 20_000, workers -> 100_000.0);
        for (int i = 0; i < 30; i++) {
            chunk(pace, 1_000_000, 20_000, 800);
            now += Duration.ofMillis(200).toNanos();
        }
        assertThat(pace.documents()).isEqualTo(700);
        assertThat(pace.workers()).isEqualTo(3);
    }

    @Test
    void aSecondOneComesWhenAFullChunkWasRead() {
        Pace pace = new Pace(LIMITS, 4, now);
        pace.onRead(17, 17_000);
        assertThat(pace.workers()).isOne();
        pace.onRead(pace.documents(), 20_000);
        assertThat(pace.workers()).isEqualTo(2);
    }

    /// When a full chunk was read.
    private Pace begun(Backfill.Limits limits, int workersMax) {
        Pace pace = new Pace(limits, workersMax, now);
        pace.onRead(pace.documents(), pace.documents() * 450L);
        return pace;
    }

    private interface Rate {
        double of(int workers);
    }

    /// Chunks of 1,000 documents for so long, as fast as the workers are.
    private void run(Pace pace, long millis, Rate documentsPerSecond) {
        long end = now + Duration.ofMillis(millis).toNanos();
        while (now < end) {
            now += (long) (1e9 * 1_000 / documentsPerSecond.of(pace.workers()));
            pace.onChunk(new Taken(1_000, Duration.ofMillis(10), Duration.ofMillis(100), 2_000_000), now);
        }
    }

    private void chunk(Pace pace, long writeMicros, int readMillis, int commitMillis) {
        now += 1_000_000;
        pace.onChunk(
                new Taken(
                        pace.documents(),
                        Duration.ofMillis(readMillis),
                        Duration.ofNanos(writeMicros * 1_000),
                        commitMillis * 1_000_000L),
                now);
    }
}
