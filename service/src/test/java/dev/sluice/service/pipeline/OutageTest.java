package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An outage")
class OutageTest {
    private static final long SECOND = 1_000_000_000;

    private final Outage outage = new Outage();

    @Test
    @DisplayName("is over with the first commit after it, is told once, and lasts from the first failure")
    void over() {
        assertThat(outage.over(5, 0)).isEmpty();

        outage.failed(5, 10 * SECOND);
        assertThat(outage.over(5, 11 * SECOND)).isEmpty();
        outage.failed(5, 30 * SECOND);
        assertThat(outage.over(5, 31 * SECOND)).isEmpty();

        assertThat(outage.over(6, 50 * SECOND)).hasValue(new Outage.Over(Duration.ofSeconds(40), 2));
        assertThat(outage.over(7, 51 * SECOND)).isEmpty();
    }

    @Test
    @DisplayName("in which something was written goes on with the next failure")
    void writtenBetween() {
        outage.failed(5, 10 * SECOND);
        outage.failed(8, 20 * SECOND);

        assertThat(outage.over(8, 21 * SECOND)).isEmpty();
        assertThat(outage.over(9, 25 * SECOND)).hasValue(new Outage.Over(Duration.ofSeconds(15), 2));
    }
}
