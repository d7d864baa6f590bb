package dev.sluice.positions;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Says at once when another process writes the pipeline: a session-level advisory lock that lives as long
/// as its connection. It is a courtesy to people, not the guarantee: behind a pooler, or after a lost
/// connection, the fencing epoch in each transaction is what keeps two writers apart (promise 4).
public final class PipelineLock implements AutoCloseable {
    /// The first key of the two-key advisory lock; "sluc" in ASCII, to stay out of other applications' way.
    private static final int SLUICE = 0x736C7563;

    private final Connection connection;

    private PipelineLock(Connection connection) {
        this.connection = connection;
    }

    /// @param connection used by the lock alone from now on, and closed with it
    /// @throws SluiceException of kind FENCED_OUT when another process holds the pipeline
    public static PipelineLock take(Connection connection, String pipeline) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_try_advisory_lock(?, hashtext(?))")) {
            statement.setInt(1, SLUICE);
            statement.setString(2, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (row.getBoolean(1)) {
                    return new PipelineLock(connection);
                }
            }
        }
        String owner = new PositionStore(pipeline).owner(connection);
        connection.close();
        throw new SluiceException(
                FailureKind.FENCED_OUT,
                "The pipeline '" + pipeline + "' is written by " + (owner == null ? "another process" : owner)
                        + ". This process stops and has written nothing.");
    }

    /// Whether a process holds the pipeline. By a look, and not by trying: a try that succeeds would for a
    /// moment turn a process away that means to start. False behind a pooler that keeps sessions apart, and
    /// for a process that works in another database.
    public static boolean isTaken(Connection connection, String pipeline) throws SQLException {
        String sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                + " AND classid = ?::bigint::oid AND objid = (hashtext(?)::bigint & 4294967295)::oid)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, SLUICE);
            statement.setString(2, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
