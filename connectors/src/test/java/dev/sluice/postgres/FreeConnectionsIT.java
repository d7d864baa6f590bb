package dev.sluice.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The connections that are left")
class FreeConnectionsIT {
    private final TestTarget target = TestTarget.demo();

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("are those of the server, less for each that is open")
    void ofTheServer() throws SQLException {
        try (Connection asking = target.connector().open()) {
            int before = FreeConnections.of(asking);

            try (Connection another = target.connector().open()) {
                assertThat(another.isValid(5)).isTrue();
                assertThat(FreeConnections.of(asking)).isPositive().isLessThan(before);
            }
        }
    }

    @Test
    @DisplayName("are no more than the database allows")
    void ofTheDatabase() throws SQLException {
        int open = Integer.parseInt(target.rows("SELECT count(*) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND backend_type = 'client backend'")
                .getFirst());
        target.execute("ALTER DATABASE " + target.uri().database() + " CONNECTION LIMIT " + (open + 3));

        try (Connection asking = target.connector().open()) {
            assertThat(FreeConnections.of(asking)).isEqualTo(2);
        }
    }
}
