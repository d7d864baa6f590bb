package dev.sluice.sink.postgres;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/// Opens connections with the settings every one of ours has. A pipeline holds a handful of connections for
/// as long as it runs, so there is no pool. Any thread.
public final class PostgresConnector {
    private static final int CONNECT_TIMEOUT_SECONDS = 10;

    /// A half-open socket must not hold a thread for longer than this; above the statement time-out.
    private static final int SOCKET_TIMEOUT_SECONDS = 45;

    /// The last is for triggers of the target: one that sets a time on every update leaves rows alone that
    /// come from here.
    private static final String SETTINGS = "SET statement_timeout = '30s'; SET lock_timeout = '10s';"
            + " SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC';"
            + " SET client_min_messages = warning; SET sluice.applying = 'on'";

    private final PostgresUri uri;

    public PostgresConnector(PostgresUri uri) {
        this.uri = uri;
    }

    public PostgresUri uri() {
        return uri;
    }

    /// A connection for short statements: time-outs below what the change stream's engine waits for.
    public Connection open() throws SQLException {
        Connection connection = connect(uri, SOCKET_TIMEOUT_SECONDS);
        try (Statement statement = connection.createStatement()) {
            // By SET and not by the start-up packet's options, which some poolers refuse.
            statement.execute(SETTINGS);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    /// A connection without time-outs, for comparisons and the like that may take long.
    public Connection openForLongWork() throws SQLException {
        Connection connection = connect(uri, 0);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET timezone = 'UTC'; SET client_min_messages = warning");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    static Connection connect(PostgresUri uri, int socketTimeoutSeconds) throws SQLException {
        Properties properties = uri.driverProperties();
        properties.putIfAbsent("ApplicationName", "sluice");
        properties.putIfAbsent("connectTimeout", String.valueOf(CONNECT_TIMEOUT_SECONDS));
        properties.putIfAbsent("socketTimeout", String.valueOf(socketTimeoutSeconds));
        properties.putIfAbsent("tcpKeepAlive", "true");
        properties.putIfAbsent("reWriteBatchedInserts", "true");
        return DriverManager.getConnection(uri.jdbcUrl(), properties);
    }
}
