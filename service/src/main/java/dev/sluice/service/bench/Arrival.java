package dev.sluice.service.bench;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Waits for what a process brings to PostgreSQL, and measures the process at the moment at which it is there.
final class Arrival implements AutoCloseable {
    private static final long POLL_MILLIS = 5;

    private final Connection connection;
    private final Question question;
    private final Duration patience;

    /// Whether it is there.
    @FunctionalInterface
    interface Question {
        boolean isThere(Connection connection) throws SQLException;
    }

    Arrival(Target target, Question question, Duration patience) throws SQLException {
        this.connection = target.connector().open();
        this.question = question;
        this.patience = patience;
    }

    /// @param sql has a row as soon as it is there
    Arrival(Target target, String sql, Duration patience) throws SQLException {
        this(target, connection -> hasRow(connection, sql), patience);
    }

    /// The row of [UserChanges#LAST].
    static Arrival ofLastUser(Target target, Duration patience) throws SQLException {
        return new Arrival(target, "SELECT 1 FROM users WHERE id = '" + UserChanges.LAST + "'", patience);
    }

    /// @throws SluiceException when the process ends before, or the time is over
    ColdProcess.Usage await(ColdProcess process) throws SQLException, InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        while (!question.isThere(connection)) {
            process.requireRunning();
            if (System.nanoTime() > until) {
                throw new SluiceException(
                        FailureKind.UNEXPECTED,
                        "Nothing was measured: after " + patience + " the last change is not there. "
                                + process.lastWords());
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return process.now();
    }

    private static boolean hasRow(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            return rows.next();
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
