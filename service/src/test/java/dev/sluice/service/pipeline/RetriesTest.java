package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.failure.FailureKind;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private static final Duration SHORT = Duration.ofSeconds(1);
    private final Retries retries = new Retries();

    @Test
    void anOutageIsTriedForeverLessAndLessOften() {
        List<Long> waits = IntStream.range(0, 100)
                .mapToObj(i -> retries.afterFailure(FailureKind.TARGET_UNREACHABLE, SHORT)
                        .orElseThrow()
                        .toMillis())
                .toList();

        assertThat(waits).startsWith(500L, 1_000L, 2_000L, 4_000L, 8_000L, 10_000L, 10_000L);
        assertThat(waits.subList(6, 100)).containsOnly(10_000L);
        assertThat(retries.failures()).isEqualTo(100);
    }

    @Test
    void whatMayNotPassIsTriedFiveTimes() {
        assertThat(Stream.generate(() -> retries.afterFailure(FailureKind.UNEXPECTED, SHORT))
                        .takeWhile(wait -> wait.isPresent())
                        .limit(10))
                .hasSize(4);
    }

    @Test
    void anOutageBeforeDoesNotUseUpTheTriesOfAnUnknownFailure() {
        for (int i = 0; i < 20; i++) {
            retries.afterFailure(FailureKind.SOURCE_UNREACHABLE, SHORT);
        }
        assertThat(retries.afterFailure(FailureKind.UNEXPECTED, SHORT)).isPresent();
        retries.afterFailure(FailureKind.SOURCE_UNREACHABLE, SHORT);
        for (int i = 0; i < 3; i++) {
            assertThat(retries.afterFailure(FailureKind.UNEXPECTED, SHORT)).isPresent();
        }
        assertThat(retries.afterFailure(FailureKind.UNEXPECTED, SHORT)).isEmpty();
    }

    @Test
    void whatCannotPassIsNotTriedAgain() {
        assertThat(retries.afterFailure(FailureKind.MISSING_TABLE, SHORT)).isEmpty();
    }

    @Test
    void aRunThatWasInOrderMakesTheNextFailureTheFirst() {
        for (int i = 0; i < 4; i++) {
            retries.afterFailure(FailureKind.UNEXPECTED, SHORT);
        }
        assertThat(retries.afterFailure(FailureKind.UNEXPECTED, Duration.ofSeconds(31)))
                .contains(Duration.ofMillis(500));
        assertThat(retries.failures()).isEqualTo(1);
    }
}
