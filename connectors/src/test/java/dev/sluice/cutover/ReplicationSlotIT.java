package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;

/// A slot from which a way back can be built. Restarts its own server with another wal_level.
@DisabledIfEnvironmentVariable(
        named = "SLUICE_TEST_POSTGRES_URI",
        matches = ".+",
        disabledReason = "a given server is not restarted")
class ReplicationSlotIT {
    @Test
    @DisplayName("says what is missing, and has every change from when it was made on")
    void slot() throws SQLException {
        try (SandboxPostgres server = SandboxPostgres.start()) {
            String uri = server.createDatabase();
            try (Connection connection = connect(uri)) {
                assertThat(new ReplicationSlot(connection, "back")
                                .obstacle(false)
                                .orElseThrow())
                        .contains("wal_level = logical; this server has replica");
                assertThatThrownBy(() -> new ReplicationSlot(connection, "Back!"))
                        .isInstanceOf(SluiceException.class);
                execute(connection, "ALTER SYSTEM SET wal_level = logical");
            }
            server.stop();
            server.startAgain();
            try (Connection connection = connect(uri)) {
                execute(connection, "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)");
                ReplicationSlot slot = new ReplicationSlot(connection, "back");
                assertThat(slot.obstacle(false)).isEmpty();

                slot.make(List.of(new TableName("public", "t")));
                execute(connection, "INSERT INTO t VALUES (2)");

                assertThat(slot.obstacle(false).orElseThrow()).contains("There is a replication slot back already");
                String inserts = "SELECT count(*) FROM pg_logical_slot_peek_binary_changes('back', NULL, NULL,"
                        + " 'proto_version', '1', 'publication_names', 'back') WHERE get_byte(data, 0) = ascii('I')";
                assertThat(slot.obstacle(true)).as("one that is dropped before").isEmpty();
                assertThat(number(connection, inserts)).as("the one after it").isOne();
                slot.drop();
                assertThat(number(
                                connection,
                                "SELECT (SELECT count(*) FROM pg_replication_slots)"
                                        + " + (SELECT count(*) FROM pg_publication)"))
                        .isZero();
                slot.drop();
            }
        }
    }

    private static Connection connect(String text) throws SQLException {
        PostgresUri uri = PostgresUri.parse(text);
        return DriverManager.getConnection(uri.jdbcUrl(), uri.driverProperties());
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
