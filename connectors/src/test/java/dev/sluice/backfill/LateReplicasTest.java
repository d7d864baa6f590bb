package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Replicas that are late")
class LateReplicasTest {
    private final LateReplicas replicas = new LateReplicas();

    @Test
    @DisplayName("of MongoDB are that from ten seconds on, until they are within three")
    void untilNearlyThere() {
        replicas.of(false, Duration.ofSeconds(10));
        assertThat(replicas.any()).isFalse();
        replicas.of(false, Duration.ofMillis(10_001));
        assertThat(replicas.any()).isTrue();
        assertThat(replicas.forPeople()).startsWith("A replica of MongoDB has fallen behind");
        replicas.of(false, Duration.ofSeconds(4));
        assertThat(replicas.any()).isTrue();
        replicas.of(false, Duration.ofSeconds(3));
        assertThat(replicas.any()).isFalse();
        assertThat(replicas.forPeople()).startsWith("The replicas have caught up");
    }

    @Test
    @DisplayName("are named")
    void named() {
        replicas.of(true, Duration.ZERO);
        assertThat(replicas.forPeople()).startsWith("A replica of PostgreSQL has");
        replicas.of(true, Duration.ofMinutes(1));
        assertThat(replicas.forPeople()).startsWith("A replica of both databases has");
    }
}
