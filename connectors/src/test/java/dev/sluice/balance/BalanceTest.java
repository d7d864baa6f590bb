package dev.sluice.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The equation by itself.
class BalanceTest {
    private static final Instant EARLIER = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LATER = Instant.parse("2026-01-01T00:00:05Z");

    @Test
    @DisplayName("it adds up when every document has a row or a reason, and every row a document or a reason")
    void addsUp() {
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isTrue();
    }

    @Test
    @DisplayName("it does not add up when one of any term is missing")
    void everyTermCounts() {
        assertThat(new Balance(101, 90, 3, 2, 1, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 91, 3, 2, 1, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 4, 2, 1, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 3, 1, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 2, 5, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 1, 6, 4, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 5, 3, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 4, 4, 2, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 4, 3, 3, 2, EARLIER).addsUp())
                .isFalse();
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 4, 3, 2, 3, EARLIER).addsUp())
                .isFalse();
    }

    @Test
    @DisplayName("of several collections it adds up as well, and is as old as the oldest of them")
    void sums() {
        Balance one = new Balance(100, 90, 3, 2, 1, 5, 4, 3, 2, 2, LATER);
        Balance other = new Balance(7, 7, 0, 0, 0, 0, 0, 0, 0, 0, EARLIER);

        assertThat(one.plus(other)).isEqualTo(new Balance(107, 97, 3, 2, 1, 5, 4, 3, 2, 2, EARLIER));
        assertThat(one.plus(other).addsUp()).isTrue();
        assertThat(other.plus(one)).isEqualTo(one.plus(other));
    }

    @Test
    @DisplayName("what is in flight, or drift, is what has no row yet and what has no document any more")
    void open() {
        assertThat(new Balance(100, 90, 3, 2, 1, 5, 4, 3, 2, 2, EARLIER).open()).isEqualTo(4);
    }
}
