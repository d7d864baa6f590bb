package dev.sluice.sink.postgres.check;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Gives Flyway connections that are opened as all of ours are: it would ask things of its own before the time limits
/// that a role or a database may have are off. A migration may take hours, so nothing limits them. Any thread.
///
/// @param uri of the target
record MigrationSource(PostgresUri uri) implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
        return PostgresConnector.connect(uri, 0);
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the role is the one of the address");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {
        // The driver logs by java.util.logging.
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // The address has a time-out for connecting.
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException("the driver logs by java.util.logging");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("this is no wrapper");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
