package dev.sluice.service.ops;

import dev.sluice.failure.Failures;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// A connection for one who reads again and again: opened with the first question, and anew after one that failed.
/// For one thread.
public final class KeptConnection implements AutoCloseable {
    private final PostgresConnector connector;
    private @Nullable Connection kept;

    public KeptConnection(PostgresConnector connector) {
        this.connector = connector;
    }

    /// What is asked.
    @FunctionalInterface
    public interface Question<T> {
        /// @param connection in auto-commit mode, not to be closed
        T ask(Connection connection) throws SQLException;
    }

    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked: the next call connects again
    public <T> T ask(Question<T> question) {
        try {
            Connection connection = kept == null ? connector.open() : kept;
            kept = connection;
            return question.ask(connection);
        } catch (SQLException e) {
            close();
            throw Failures.classify(e);
        }
    }

    @Override
    public void close() {
        try (Connection ended = kept) {
            kept = null;
        } catch (SQLException broken) {
            // It was to be closed.
            kept = null;
        }
    }
}
