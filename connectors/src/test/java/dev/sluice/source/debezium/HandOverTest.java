package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The queue between two threads of a stream.
class HandOverTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final HandOver<Integer> handOver = new HandOver<>();

    @Test
    void itemsComeInOrderAndNoMoreThanAskedFor() throws Exception {
        List.of(1, 2, 3).forEach(handOver::put);

        assertThat(handOver.take(2, PATIENCE, Duration.ZERO)).containsExactly(1, 2);
        assertThat(handOver.take(2, PATIENCE, Duration.ZERO)).containsExactly(3);
        assertThat(handOver.take(2, Duration.ofMillis(1), Duration.ZERO)).isEmpty();
    }

    @Test
    void whatIsPutTogetherIsTakenTogether() throws Exception {
        Thread.ofPlatform().daemon(true).start(() -> handOver.putAll(List.of(1, 2, 3)));

        assertThat(handOver.take(10, PATIENCE, Duration.ZERO)).containsExactly(1, 2, 3);
    }

    @Test
    void lingeringEndsWhenThereAreEnough() throws Exception {
        handOver.put(1);
        Thread.ofPlatform().daemon(true).start(() -> handOver.put(2));

        assertThat(handOver.take(2, PATIENCE, PATIENCE)).containsExactly(1, 2);
    }

    @Test
    void closedItLetsEverybodyGoWithNothing() throws Exception {
        handOver.put(1);
        handOver.close();

        assertThat(handOver.take(1, PATIENCE, PATIENCE)).isEmpty();
        handOver.put(2);
        assertThat(handOver.size()).isZero();
    }
}
