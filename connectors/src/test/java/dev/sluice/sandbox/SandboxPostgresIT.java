package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.postgres.PostgresUri;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class SandboxPostgresIT {

    private SandboxPostgres postgres;

    @BeforeAll
    void start() {
        postgres = SandboxPostgres.start();
    }

    @AfterAll
    void close() {
        postgres.close();
    }

    @Test
    void answersAndSaysWhatItIs() throws SQLException {
        assertThat(ask(postgres.uri(), "SELECT 6 * 7")).isEqualTo("42");
        assertThat(postgres.description()).startsWith("PostgreSQL ");
        assertThat(postgres.uri("other")).endsWith("/other");
    }

    @Test
    void databasesAreApart() throws SQLException {
        String one = postgres.createDatabase();
        String two = postgres.createDatabase();

        run(one, "CREATE TABLE t (a int)");

        assertThat(ask(two, "SELECT to_regclass('t') IS NULL")).isEqualTo("t");
        assertThat(one).isNotEqualTo(two);
    }

    @Test
    void allowsAHundredConnections() throws SQLException {
        assertThat(Integer.parseInt(ask(postgres.uri(), "SHOW max_connections")))
                .isGreaterThanOrEqualTo(100);
    }

    @Test
    void keepsPortAndDataOverARestart() throws SQLException {
        assumeThat(postgres.restartable()).isTrue();
        String uri = postgres.createDatabase();
        run(uri, "CREATE TABLE t AS SELECT 'kept' AS a");

        // An open connection must not hold up the stop.
        try (Connection open = connect(uri)) {
            assertThat(open.isValid(5)).isTrue();
            postgres.stop();
        }
        assertThat(postgres.pid()).isEmpty();
        postgres.startAgain();

        assertThat(ask(uri, "SELECT a FROM t")).isEqualTo("kept");
    }

    private static Connection connect(String uri) throws SQLException {
        PostgresUri parsed = PostgresUri.parse(uri);
        return DriverManager.getConnection(parsed.jdbcUrl(), parsed.driverProperties());
    }

    private static void run(String uri, String sql) throws SQLException {
        try (Connection connection = connect(uri);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String ask(String uri, String sql) throws SQLException {
        try (Connection connection = connect(uri);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            assertThat(row.next()).isTrue();
            return row.getString(1);
        }
    }
}
