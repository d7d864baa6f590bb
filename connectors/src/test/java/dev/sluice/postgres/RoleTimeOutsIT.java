package dev.sluice.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.Catalog;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Time limits that an administrator set for the role or the database, for the applications that use it, do not end our
/// work in the middle.
class RoleTimeOutsIT {
    private final TestTarget target = TestTarget.demo();

    @BeforeEach
    void limit() throws SQLException {
        String database = target.uri().database();
        for (String limit : new String[] {
            "statement_timeout = '20ms'",
            "lock_timeout = '20ms'",
            "idle_in_transaction_session_timeout = '20ms'",
            "idle_session_timeout = '20ms'",
            "transaction_timeout = '20ms'"
        }) {
            // Which of them there are depends on the server's version.
            String name = limit.substring(0, limit.indexOf(' '));
            target.execute("DO $$ BEGIN IF EXISTS (SELECT FROM pg_settings WHERE name = '" + name
                    + "') THEN ALTER DATABASE " + database + " SET " + limit + "; END IF; END $$");
        }
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("a connection for long work has no limits, whatever the database has")
    void longWork() throws SQLException, InterruptedException {
        try (Connection connection = new PostgresConnector(target.uri()).openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_sleep(0.1)");
            // Longer than any of the limits: nothing can be waited for, since nothing is to happen.
            Thread.sleep(100);
            connection.setAutoCommit(false);
            statement.execute("SELECT 1");
            Thread.sleep(100);
            statement.execute("SELECT pg_sleep(0.1)");
            connection.commit();
        }
    }

    @Test
    @DisplayName("one for short statements has our limits, which are longer")
    void shortStatements() throws SQLException {
        try (Connection connection = new PostgresConnector(target.uri()).open();
                Statement statement = connection.createStatement()) {
            assertThat(shown(statement, "statement_timeout")).isEqualTo("30s");
            assertThat(shown(statement, "lock_timeout")).isEqualTo("10s");
            assertThat(shown(statement, "idle_in_transaction_session_timeout")).isEqualTo("1min");
            assertThat(shown(statement, "idle_session_timeout")).isEqualTo("0");
        }
    }

    @Test
    @DisplayName("a limit that ends the statement that takes it away does not keep us out: it is tried again")
    void hardlyAnyTime() throws SQLException {
        target.execute("CREATE SEQUENCE tries");
        // As a limit of milliseconds does where the server is busy; the third try gets through.
        String cancelled =
                "SELECT pg_cancel_backend(pg_backend_pid()) WHERE nextval('tries') < 3; SELECT pg_sleep(0.1)";
        try (Connection connection = PostgresConnector.connect(target.uri(), 10, cancelled);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT last_value FROM tries")) {
            row.next();
            assertThat(row.getInt(1)).isEqualTo(3);
        }
    }

    @Test
    @DisplayName("migrations, which may build indexes, have none")
    void migrations() throws SQLException {
        PostgresUri empty = PostgresUri.parse(TestingServers.postgres().createDatabase());
        try (Connection connection = new PostgresConnector(empty).open();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER DATABASE " + empty.database() + " SET statement_timeout = '10ms'");
        }
        assertThat(new TargetDatabase(empty).migrate(Catalog.load("demo"))).isNotEmpty();
    }

    private static String shown(Statement statement, String name) throws SQLException {
        try (ResultSet row = statement.executeQuery("SHOW " + name)) {
            row.next();
            return row.getString(1);
        }
    }
}
