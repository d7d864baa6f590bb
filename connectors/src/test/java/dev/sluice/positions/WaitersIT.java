package dev.sluice.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WaitersIT {
    private final TestTarget target = TestTarget.demo();

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("who waits for an operation is known while he waits, by whatever right he has, and not afterwards")
    void whileSomebodyWaits() throws SQLException {
        try (Connection looking = target.connector().open();
                Connection waiting = target.connector().open();
                Statement statement = waiting.createStatement()) {
            new PositionStore(TestTarget.PIPELINE).registerCollection(looking, "users");
            statement.execute("CREATE ROLE sluice_reader");
            statement.execute("GRANT USAGE ON SCHEMA sluice TO sluice_reader");
            statement.execute("GRANT SELECT ON sluice.watermark, sluice.backfill TO sluice_reader");
            assertThat(Waiters.any(looking)).isFalse();

            CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> {
                try {
                    statement.execute("SET ROLE sluice_reader");
                    statement.execute("SELECT sluice.wait_for(4000000000, 1, interval '1 minute', 'users')");
                } catch (SQLException cancelled) {
                    assertThat(cancelled.getSQLState()).isEqualTo("57014");
                }
            });
            await().until(() -> Waiters.any(looking));
            assertThat(ended).isNotDone();
            statement.cancel();
            ended.join();

            assertThat(Waiters.any(looking)).isFalse();
            statement.execute("RESET ROLE; DROP OWNED BY sluice_reader; DROP ROLE sluice_reader");
        }
    }
}
