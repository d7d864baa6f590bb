package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The log's lines of dead letters")
class DeadLetterLinesTest {
    private static final long SECOND = 1_000_000_000;

    private final DeadLetterLines lines = new DeadLetterLines();

    @Test
    @DisplayName("name a collection at once, and then once a minute with how many came")
    void firstThenCounted() {
        assertThat(lines.next(Map.of(), 0)).isEmpty();
        assertThat(lines.next(Map.of("users", 1L), SECOND))
                .containsExactly(
                        "users: 1 document became a dead letter (1 open now). A dead letter has no row, and the gate of"
                                + " users stays shut. `sluice dead-letters list --collection users` says why.");
        assertThat(lines.next(Map.of("users", 900L), 2 * SECOND)).isEmpty();
        assertThat(lines.next(Map.of("users", 1_500L), 30 * SECOND)).isEmpty();
        assertThat(lines.next(Map.of("users", 1_500L), 62 * SECOND))
                .singleElement()
                .asString()
                .startsWith("users: 1,499 documents became dead letters (1,500 open now).");
        assertThat(lines.next(Map.of("users", 1_500L), 200 * SECOND))
                .as("nothing came")
                .isEmpty();
    }

    @Test
    @DisplayName("do not count what leaves, and begin anew with what comes after that")
    void leaves() {
        lines.next(Map.of("users", 10L), 0);
        assertThat(lines.next(Map.of("users", 2L), 61 * SECOND)).isEmpty();
        assertThat(lines.next(Map.of(), 122 * SECOND)).isEmpty();
        assertThat(lines.next(Map.of("users", 3L), 123 * SECOND))
                .singleElement()
                .asString()
                .startsWith("users: 3 documents became dead letters (3 open now).");
    }

    @Test
    @DisplayName("are of each collection by itself")
    void collections() {
        lines.next(Map.of("users", 1L), 0);
        assertThat(lines.next(Map.of("users", 2L, "orders", 1L), SECOND))
                .singleElement()
                .asString()
                .startsWith("orders: ");
    }
}
