package dev.sluice.service.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// An hour of numbers.
class HistoryTest {
    private static Tick tick(int second, @Nullable Double lag, int collections) {
        return new Tick(
                Instant.ofEpochSecond(second),
                "streaming",
                null,
                true,
                false,
                false,
                lag,
                null,
                null,
                null,
                null,
                second,
                0,
                null,
                null,
                null,
                null,
                Collections.nCopies(collections, new Tick.OfCollection(lag, 1, 1.0, null)));
    }

    @Test
    @DisplayName("more than an hour of seconds is not kept, and the last one says when it was")
    void anHour() {
        History history = new History(List.of("users"));
        IntStream.range(0, 4000).forEach(second -> history.add(tick(second, 0.5, 1)));

        History.Numbers numbers = history.pipeline(10_000);
        assertThat(numbers.lagSeconds()).hasSize(3600);
        assertThat(numbers.changesPerSecond().getFirst()).isEqualTo(400f);
        assertThat(numbers.through()).isEqualTo(Instant.ofEpochSecond(3999));
        assertThat(history.of("users", 10).lagSeconds()).hasSize(10).containsOnly(0.5f);
    }

    @Test
    @DisplayName("the collections have the order of the mapping, numbers as names, too")
    void names() {
        assertThat(new History(List.of("zebra", "10", "2024", "users")).names())
                .containsExactly("zebra", "10", "2024", "users");
    }

    @Test
    @DisplayName("of very many collections fewer seconds are kept, so that the memory stays bounded")
    void bounded() {
        List<String> names = IntStream.range(0, 2000).mapToObj(i -> "c" + i).toList();
        History history = new History(names);
        IntStream.range(0, 500).forEach(second -> history.add(tick(second, null, 2000)));

        assertThat(history.of("c7", 3600).changesPerSecond()).hasSize(360);
        assertThat(history.pipeline(3600).lagSeconds()).hasSize(500).containsOnlyNulls();
    }
}
