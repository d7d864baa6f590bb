package dev.sluice.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/// Connections for writing that several sessions have, one after the other. A new connection is a new process
/// of PostgreSQL, which reads of the catalog anew what a session asks at its start; with hundreds of small
/// collections, each with sessions of its own, that takes longer than to write their rows. Any thread.
public final class KeptConnections implements AutoCloseable {
    private final PostgresConnector connector;
    private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();

    public KeptConnections(PostgresConnector connector) {
        this.connector = connector;
    }

    /// A connection, and what becomes of it when it is closed.
    ///
    /// @param connection for one user at a time
    public record Lent(Connection connection, Closing closing) implements AutoCloseable {
        /// Ends the use of a connection.
        @FunctionalInterface
        public interface Closing {
            void close(Connection connection) throws SQLException;
        }

        /// One that is closed with its use.
        public static Lent once(Connection connection) {
            return new Lent(connection, Connection::close);
        }

        @Override
        public void close() throws SQLException {
            closing.close(connection);
        }
    }

    /// A connection as [PostgresConnector#openForWriting] opens it, without temporary tables.
    public Lent lend() throws SQLException {
        Connection kept = idle.pollFirst();
        return new Lent(kept == null ? connector.openForWriting() : kept, this::takeBack);
    }

    private void takeBack(Connection connection) throws SQLException {
        try {
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            try (Statement statement = connection.createStatement()) {
                statement.execute("DISCARD TEMP");
            }
        } catch (SQLException lost) {
            // What was under way has said so, or was done.
            connection.close();
            return;
        }
        idle.addFirst(connection);
    }

    /// Closes those that nobody uses.
    @Override
    public void close() throws SQLException {
        for (Connection kept = idle.pollFirst(); kept != null; kept = idle.pollFirst()) {
            kept.close();
        }
    }
}
