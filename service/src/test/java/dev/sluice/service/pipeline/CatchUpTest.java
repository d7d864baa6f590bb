package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// The time until it has caught up, by a clock and a watermark that do as they are told.
class CatchUpTest {
    private final CatchUp catchUp = new CatchUp();
    private Instant clock = Instant.parse("2026-11-21T12:00:00Z");
    private Instant watermark = clock.minusSeconds(100);

    @Test
    void atFirstNothingCanBeSaid() {
        assertThat(seconds()).isNaN();
        run(1, 5);
        assertThat(seconds()).isNaN();
    }

    @Test
    void whatGainsFourSecondsASecondHasCaughtUpInAQuarterOfItsLag() {
        run(10, 5);
        // 100 s behind, of which it has made up 40.
        assertThat(seconds()).isCloseTo(60 / 4.0, offset(0.01));
    }

    @Test
    void whatKeepsUpDoesNotCatchUp() {
        run(20, 1);
        assertThat(seconds()).isInfinite();
    }

    @Test
    void whatStandsStillDoesNotCatchUpHoweverLong() {
        run(5, 5);
        clock = clock.plusSeconds(3_600);
        assertThat(seconds()).isInfinite();
    }

    @Test
    void afterAStandstillItCountsFromThere() {
        run(30, 1);
        clock = clock.plusSeconds(60);
        run(5, 9);
        // 160 s behind, of which it has made up 8 a second since it moves again.
        assertThat(seconds()).isCloseTo((160 - 40) / 8.0, offset(3.0));
    }

    @Test
    void whatWasFastAndHasFallenBehindSinceDoesNotCatchUp() {
        run(10, 5);
        run(10, 0);
        assertThat(seconds()).isInfinite();
    }

    private void run(int seconds, double watermarkPerSecond) {
        for (int i = 0; i < seconds; i++) {
            clock = clock.plusSeconds(1);
            watermark = watermark.plus(Duration.ofMillis((long) (watermarkPerSecond * 1_000)));
            catchUp.onMoved(clock, lag());
        }
    }

    private double seconds() {
        return catchUp.seconds(clock, lag());
    }

    private double lag() {
        return Duration.between(watermark, clock).toMillis() / 1_000.0;
    }
}
