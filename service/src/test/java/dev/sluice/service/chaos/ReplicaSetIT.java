package dev.sluice.service.chaos;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A replica set of three that loses its primary again and again: equal afterwards, and no row of what was
/// rolled back.
class ReplicaSetIT {
    private static final Duration LONG = Duration.ofSeconds(Integer.getInteger("sluice.test.chaos.seconds", 600));

    @Test
    @DisplayName("step-downs, a kill -9 of the primary, two members gone, a rollback: equal")
    void shortly() throws Exception {
        new ReplicaSetChaos(
                        Duration.ofSeconds(25), Duration.ofSeconds(8), Duration.ofSeconds(12), Duration.ofSeconds(20))
                .on("");
    }

    @Tag("long")
    @ParameterizedTest(name = "by the clock{0}")
    @ValueSource(strings = {"", "&readPreference=secondary"})
    void byTheClock(String pipelineOptions) throws Exception {
        new ReplicaSetChaos(LONG, Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(1))
                .on(pipelineOptions);
    }
}
