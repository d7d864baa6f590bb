package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RunningTimeTest {
    private long now = -5;
    private final RunningTime running = new RunningTime(() -> now);

    private Duration tickAfter(Duration passed) {
        now += passed.toNanos();
        return running.tick();
    }

    @Test
    @DisplayName("the time between ticks counts, also where a busy machine is late with one")
    void counts() {
        for (int i = 0; i < 40; i++) {
            assertThat(tickAfter(Duration.ofMillis(250))).isZero();
        }
        assertThat(tickAfter(RunningTime.STEP_MAX)).isZero();
        assertThat(running.total()).isEqualTo(Duration.ofSeconds(12));
        assertThat(running.unbroken()).isEqualTo(Duration.ofSeconds(12));
    }

    @Test
    @DisplayName("time without CPU time does not count, and is told")
    void paused() {
        tickAfter(Duration.ofSeconds(1));
        assertThat(tickAfter(Duration.ofHours(9))).isEqualTo(Duration.ofHours(9));
        assertThat(running.total()).isEqualTo(Duration.ofSeconds(1));
        assertThat(running.unbroken()).isZero();
        tickAfter(Duration.ofSeconds(2));
        assertThat(running.total()).isEqualTo(Duration.ofSeconds(3));
        assertThat(running.unbroken()).isEqualTo(Duration.ofSeconds(2));
    }
}
