package dev.sluice.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.postgres.KeptConnections.Lent;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A connection that is kept")
class KeptConnectionsIT {
    private final TestTarget target = TestTarget.demo();
    private final KeptConnections kept = new KeptConnections(target.connector());

    @AfterEach
    void close() throws SQLException {
        kept.close();
        target.close();
    }

    private static int process(Connection connection) throws SQLException {
        return number(connection, "SELECT pg_backend_pid()");
    }

    private static int number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getInt(1);
        }
    }

    @Test
    @DisplayName("is lent again, without what the session before had made or left open")
    void lentAgain() throws SQLException {
        int process;
        try (Lent first = kept.lend()) {
            process = process(first.connection());
            first.connection().setAutoCommit(false);
            try (Statement statement = first.connection().createStatement()) {
                statement.execute("CREATE TEMP TABLE staged (id text)");
                statement.execute("CREATE FUNCTION pg_temp.refusal() RETURNS int LANGUAGE sql AS 'SELECT 1'");
                first.connection().commit();
                statement.execute("INSERT INTO users (id, email) VALUES ('not', 'committed')");
            }
        }

        try (Lent second = kept.lend()) {
            Connection connection = second.connection();
            assertThat(process(connection)).isEqualTo(process);
            assertThat(connection.getAutoCommit()).isTrue();
            assertThat(number(connection, "SELECT count(*) FROM users")).isZero();
            assertThat(number(connection, "SELECT count(to_regclass('pg_temp.staged'))"))
                    .isZero();
            assertThat(number(connection, "SELECT count(to_regproc('pg_temp.refusal'))"))
                    .isZero();
        }
    }

    @Test
    @DisplayName("is not lent to two at once")
    void notTwice() throws SQLException {
        try (Lent first = kept.lend();
                Lent second = kept.lend()) {
            assertThat(process(first.connection())).isNotEqualTo(process(second.connection()));
        }
    }

    @Test
    @DisplayName("is not lent again when PostgreSQL has ended it")
    void notWhenLost() throws SQLException {
        int process;
        try (Lent first = kept.lend()) {
            process = process(first.connection());
            target.execute("SELECT pg_terminate_backend(" + process + ", 5000)");
        }

        try (Lent second = kept.lend()) {
            assertThat(process(second.connection())).isNotEqualTo(process);
        }
    }
}
