package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.failure.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetriesTest {
    private Instant now = Instant.EPOCH;
    private final Retries retries = new Retries(() -> now);

    /// A run that committed nothing and failed after a second.
    private Optional<Duration> fails(FailureKind kind) {
        return fails(kind, Duration.ofSeconds(1), false);
    }

    private Optional<Duration> fails(FailureKind kind, Duration lasted, boolean worked) {
        retries.onStart();
        now = now.plus(lasted);
        return retries.afterFailure(kind, worked);
    }

    @Test
    void anOutageIsTriedForeverLessAndLessOften() {
        List<Long> waits = IntStream.range(0, 100)
                .mapToObj(
                        i -> fails(FailureKind.TARGET_UNREACHABLE).orElseThrow().toMillis())
                .toList();

        assertThat(waits).startsWith(500L, 1_000L, 2_000L, 4_000L, 8_000L, 10_000L, 10_000L);
        assertThat(waits.subList(6, 100)).containsOnly(10_000L);
        assertThat(retries.failures()).isEqualTo(100);
    }

    @Test
    void whatMayNotPassIsTriedFiveTimes() {
        assertThat(Stream.generate(() -> fails(FailureKind.UNEXPECTED))
                        .takeWhile(wait -> wait.isPresent())
                        .limit(10))
                .hasSize(4);
    }

    @Test
    void anOutageBeforeDoesNotUseUpTheTriesOfAnUnknownFailure() {
        for (int i = 0; i < 20; i++) {
            fails(FailureKind.SOURCE_UNREACHABLE);
        }
        assertThat(fails(FailureKind.UNEXPECTED)).isPresent();
        fails(FailureKind.SOURCE_UNREACHABLE);
        for (int i = 0; i < 3; i++) {
            assertThat(fails(FailureKind.UNEXPECTED)).isPresent();
        }
        assertThat(fails(FailureKind.UNEXPECTED)).isEmpty();
    }

    @Test
    void whatCannotPassIsNotTriedAgain() {
        assertThat(fails(FailureKind.MISSING_TABLE)).isEmpty();
    }

    @Test
    @DisplayName("a run that committed something makes the next failure the first")
    void aRunThatWorked() {
        for (int i = 0; i < 6; i++) {
            fails(FailureKind.TARGET_UNREACHABLE);
        }
        assertThat(fails(FailureKind.TARGET_UNREACHABLE, Duration.ofSeconds(1), true))
                .contains(Duration.ofMillis(500));
        assertThat(retries.failures()).isEqualTo(1);
    }

    @ParameterizedTest(name = "after {0} s")
    @ValueSource(longs = {9, 11, 60, 3_600})
    @DisplayName("one outage has one count, however long each of its attempts waits for an answer")
    void oneOutageOneCount(long seconds) {
        assertThat(fails(FailureKind.SOURCE_UNREACHABLE, Duration.ofHours(1), true))
                .isPresent();
        for (int attempt = 2; attempt <= 6; attempt++) {
            assertThat(fails(FailureKind.SOURCE_UNREACHABLE, Duration.ofSeconds(seconds), false))
                    .isPresent();
            assertThat(retries.failures()).isEqualTo(attempt);
        }
    }

    @Test
    @DisplayName("what may not pass is not tried for ever because each run commits something before it")
    void workIsNoSignOfOrder() {
        for (int i = 0; i < 4; i++) {
            assertThat(fails(FailureKind.UNEXPECTED, Duration.ofSeconds(5), true))
                    .isPresent();
        }
        assertThat(fails(FailureKind.UNEXPECTED, Duration.ofSeconds(5), true)).isEmpty();
        assertThat(fails(FailureKind.UNEXPECTED, Duration.ofSeconds(31), false)).isPresent();
    }
}
