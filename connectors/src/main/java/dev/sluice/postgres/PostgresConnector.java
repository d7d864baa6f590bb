package dev.sluice.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.ProcessIdentity;
import dev.sluice.sink.WriteLimits;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;
import java.util.function.BooleanSupplier;

/// Opens connections with the settings every one of ours has. A pipeline holds a handful of connections for
/// as long as it runs, so there is no pool. Any thread.
public final class PostgresConnector {
    private static final int CONNECT_TIMEOUT_SECONDS = 10;

    /// For a connection that is only asked whose session it has. It waits where a pool has no more sessions.
    private static final int SECOND_TIMEOUT_SECONDS = 5;

    /// A half-open socket must not hold a thread for longer than this; above the statement time-out.
    private static final int SOCKET_TIMEOUT_SECONDS = 45;

    /// So that the server notices within 9 s that this host is gone, and lets go of its locks: its kernel
    /// asks after 3 s of silence, and ends the session after three questions without an answer.
    private static final String KEEP_ALIVE =
            "SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;";

    /// What a role or a database may have set for its sessions, and ours can't have: time limits of all kinds. Only
    /// those that the server knows: `idle_session_timeout` came with 14, `transaction_timeout` with 17.
    public static final String NO_LIMITS =
            "SET statement_timeout = 0; SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ("
                    + "'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',"
                    + " 'transaction_timeout');";

    /// A time limit of the role's or the database's holds until ours is set, and may end the very statement that sets
    /// it
    /// where the server is slow: then it is tried again, this often.
    private static final int LIMITED_TRIES = 20;

    /// A statement was cancelled, by a time limit or by somebody.
    private static final String CANCELLED = "57014";

    /// `tcp_user_timeout` is the same for a host that disappears while the server sends to it; without it, the
    /// server would keep the session for a quarter of an hour. The last setting is for triggers of the target:
    /// one that sets a time on every update can leave rows unchanged that Sluice writes.
    private static final String SETTINGS = KEEP_ALIVE + " SET tcp_user_timeout = 9000;"
            + " SET statement_timeout = '30s'; SET lock_timeout = '10s';"
            + " SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC';"
            + " SET client_min_messages = warning; SET sluice.applying = 'on'";

    private final PostgresUri uri;
    private final double refusedShare;

    public PostgresConnector(PostgresUri uri) {
        this(uri, WriteLimits.REFUSED_SHARE);
    }

    /// @param refusedShare see [WriteLimits]
    public PostgresConnector(PostgresUri uri, double refusedShare) {
        this.uri = uri;
        this.refusedShare = refusedShare;
    }

    /// When a sink on this target gives up.
    public WriteLimits limits(BooleanSupplier stopped) {
        return new WriteLimits(refusedShare, stopped);
    }

    public PostgresUri uri() {
        return uri;
    }

    /// A connection for short statements: time-outs below what the change stream's engine waits for.
    public Connection open() throws SQLException {
        return connect(uri, SOCKET_TIMEOUT_SECONDS, SETTINGS);
    }

    /// A connection for transactions that hold the pipeline's epoch. One whose client has gone in the middle of
    /// a transaction, in a way that no network tells, would keep the next writer waiting for a minute.
    public Connection openForWriting() throws SQLException {
        // Its statements find rows by keys, each time by the same way. PostgreSQL would plan anew, each time, those
        // that
        // take arrays of keys, since it expects more of them than there are: that takes longer than to execute them.
        return connect(
                uri,
                SOCKET_TIMEOUT_SECONDS,
                SETTINGS
                        + "; SET idle_in_transaction_session_timeout = '10s'; SET plan_cache_mode = force_generic_plan");
    }

    /// A connection without time-outs, for comparisons and the like that may take long; whatever the role has.
    /// The server also takes a client for gone that does not read what was sent to it: one that is suspended may
    /// stay for longer here than a connection that writes.
    public Connection openForLongWork() throws SQLException {
        return connect(
                uri,
                0,
                KEEP_ALIVE + " SET tcp_user_timeout = 30000; SET timezone = 'UTC'; SET client_min_messages = warning");
    }

    /// One with the server's own settings, but for its limits.
    public static Connection connect(PostgresUri uri, int socketTimeoutSeconds) throws SQLException {
        return connect(uri, socketTimeoutSeconds, "");
    }

    /// @param settings statements that are executed after those that take the limits away
    static Connection connect(PostgresUri uri, int socketTimeoutSeconds, String settings) throws SQLException {
        Properties properties = uri.driverProperties();
        properties.setProperty(
                "ApplicationName",
                ProcessIdentity.applicationName(properties.getProperty("ApplicationName", "sluice")));
        properties.putIfAbsent("connectTimeout", String.valueOf(CONNECT_TIMEOUT_SECONDS));
        properties.putIfAbsent("socketTimeout", String.valueOf(socketTimeoutSeconds));
        properties.putIfAbsent("tcpKeepAlive", "true");
        properties.putIfAbsent("socketFactory", KeepAliveSockets.class.getName());
        properties.putIfAbsent("reWriteBatchedInserts", "true");
        for (int tries = 1; ; tries++) {
            try {
                return settled(uri, properties, settings);
            } catch (SQLException e) {
                if (tries == LIMITED_TRIES || !CANCELLED.equals(e.getSQLState())) {
                    throw e;
                }
            }
        }
    }

    private static Connection settled(PostgresUri uri, Properties properties, String settings) throws SQLException {
        Connection connection = opened(uri, properties);
        try {
            // Before anything is set that others would inherit.
            KeptSession.require(uri.jdbcUrl(), connection, () -> second(uri, properties));
            try (Statement statement = connection.createStatement()) {
                // By SET and not by the start-up packet's options, which some poolers refuse; in one round trip.
                statement.execute(NO_LIMITS + settings);
            }
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    /// @throws SQLException also where the role may not connect; it names the GRANT
    private static Connection opened(PostgresUri uri, Properties properties) throws SQLException {
        try {
            return DriverManager.getConnection(uri.jdbcUrl(), properties);
        } catch (SQLException e) {
            Optional<ConnectRight> missing = ConnectRight.missing(uri, e);
            if (missing.isEmpty()) {
                throw e;
            }
            SluiceException named = new SluiceException(
                    FailureKind.MISSING_RIGHT,
                    missing.get().found() + " " + missing.get().remedy(),
                    e);
            throw new SQLException(named.getMessage(), e.getSQLState(), named);
        }
    }

    private static Connection second(PostgresUri uri, Properties first) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(first);
        properties.setProperty("socketTimeout", String.valueOf(SECOND_TIMEOUT_SECONDS));
        return DriverManager.getConnection(uri.jdbcUrl(), properties);
    }

    /// Checks that each connection is one session of PostgreSQL for as long as it is open, for
    /// work on connections that others open. Once in a process.
    ///
    /// @throws SluiceException of kind TARGET_POOLED where it does not
    public static void requireKeptSession(PostgresUri uri) throws SQLException {
        if (!KeptSession.isKnown(uri.jdbcUrl())) {
            connect(uri, SOCKET_TIMEOUT_SECONDS).close();
        }
    }
}
