package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.FailureKind;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.PipelineStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// A database that goes away needs no operator, and the lag says so meanwhile. The long tests keep it away for a
/// minute.
class OutageIT {
    private static final Duration AWAY = Duration.ofSeconds(Long.getLong("sluice.test.outage.seconds", 20));

    @Test
    @DisplayName("MongoDB and PostgreSQL each gone for a while under load: it goes on by itself, and the lag says so")
    void eachGoneForAWhile() throws SQLException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 2_000, 2_000, 7, 100);
                RunningPipeline running = RunningPipeline.start(system)) {
            writer.start();
            running.awaitStreaming();
            PipelineStatus status = running.pipeline().status();

            Instant gone = Instant.now();
            system.postgres().stop();
            awaitAway(status, gone, FailureKind.TARGET_UNREACHABLE);
            system.postgres().startAgain();
            awaitBack(running);

            gone = Instant.now();
            system.mongo().stop();
            awaitAway(status, gone, FailureKind.SOURCE_UNREACHABLE);
            system.mongo().startAgain();
            awaitBack(running);

            writer.close();
            running.awaitApplied();
            assertThat(writer.written()).isGreaterThan(1_500);
            assertThat(system.differences()).isEmpty();
        }
    }

    /// The whole time away is waited for, and at its end the lag is that long and the state says why.
    private static void awaitAway(PipelineStatus status, Instant gone, FailureKind kind) {
        await().atMost(AWAY.plusSeconds(30))
                .pollInterval(Duration.ofMillis(250))
                .until(() -> Duration.between(gone, Instant.now()).compareTo(AWAY) >= 0);
        assertThat(status.lag().seconds()).isGreaterThan(AWAY.toMillis() / 1000.0 - 5);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(status.state())
                        .isInstanceOfSatisfying(
                                PipelineState.Waiting.class,
                                w -> assertThat(w.kind()).isEqualTo(kind)));
    }

    private static void awaitBack(RunningPipeline running) {
        running.awaitStreaming();
        running.awaitApplied();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(running.pipeline().status().lag().seconds()).isLessThan(10));
    }
}
