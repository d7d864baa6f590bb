package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The log's line a minute")
class MinuteLineTest {
    private static final long SECOND = 1_000_000_000;

    private final PipelineStatus status = new PipelineStatus("shop", List.of("users"));

    @Test
    @DisplayName("comes once a minute, and says what is not known")
    void onceAMinute() {
        MinuteLine line = new MinuteLine(status, 0);

        assertThat(line.next(59 * SECOND)).isEmpty();
        assertThat(line.next(61 * SECOND))
                .hasValue(
                        "Pipeline shop, starting: 0 changes applied in 61 s (0/s), lag not known, headroom not known.");
        assertThat(line.next(62 * SECOND)).isEmpty();
        assertThat(line.next(121 * SECOND)).isPresent();
    }

    @Test
    @DisplayName("says how far the oplog reaches back, or that it has dropped nothing yet")
    void headroom() {
        MinuteLine line = new MinuteLine(status, 0);
        status.onHeadroom(new PipelineStatus.Headroom(90_000, false, null));
        assertThat(line.next(60 * SECOND).orElseThrow()).endsWith("headroom 25.0 h.");

        status.onHeadroom(new PipelineStatus.Headroom(60, true, null));
        assertThat(line.next(120 * SECOND).orElseThrow()).endsWith("headroom all of the oplog.");
    }
}
