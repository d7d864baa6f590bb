package dev.sluice.positions;

import java.sql.Connection;
import java.sql.SQLException;

/// One transaction on a connection that is otherwise in auto-commit mode: all of the work is committed, or none.
public final class Transaction {
    private Transaction() {}

    /// What belongs into it.
    @FunctionalInterface
    public interface Work {
        void run() throws SQLException;
    }

    /// What belongs into it, with a result.
    @FunctionalInterface
    public interface Answer<T> {
        T run() throws SQLException;
    }

    /// Commits when the work has returned, and rolls back when it throws.
    ///
    /// @param connection in auto-commit mode, and again afterwards
    public static void run(Connection connection, Work work) throws SQLException {
        call(connection, () -> {
            work.run();
            return true;
        });
    }

    /// As [#run], and returns what the work returned, once it is committed.
    public static <T> T call(Connection connection, Answer<T> work) throws SQLException {
        connection.setAutoCommit(false);
        try {
            T answer = work.run();
            connection.commit();
            return answer;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }
}
