package dev.sluice.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.PGConnection;

/// Whether a connection is one session of PostgreSQL, for as long as it is open. A pooler that gives each
/// transaction any free session would mix our settings, locks and temporary tables with those of other clients.
///
/// At login a pooler sends clients a process number that it has made up. If the number is that of the
/// session itself, there is no pooler. If it is not, a second connection is opened, and both ask for their
/// session's number in turn: one number for both, or two for one of them, prove that sessions are shared.
/// The check leaves nothing behind in a session that others use, and works with an idle and with a busy pool.
final class KeptSession {
    /// A pooler that is busy may happen to give the same session for a while.
    private static final int ROUNDS = 6;

    /// Addresses that were found to keep sessions; looked at once in a process, since a second connection may be
    /// one too many for a pool in which each of ours holds a session.
    private static final Set<String> KEPT = ConcurrentHashMap.newKeySet();

    private KeptSession() {}

    /// Opens a second connection; without any settings, and with short time-outs.
    @FunctionalInterface
    interface Opener {
        Connection open() throws SQLException;
    }

    /// @param address what connections of the same kind have in common
    /// @param connection on which nothing was done yet, in auto-commit mode
    /// @throws SluiceException of kind TARGET_POOLED where transactions of a connection are not one session
    static void require(String address, Connection connection, Opener second) throws SQLException {
        if (KEPT.contains(address)) {
            return;
        }
        int session = session(connection);
        if (session != connection.unwrap(PGConnection.class).getBackendPID() && isShared(connection, session, second)) {
            throw new SluiceException(FailureKind.TARGET_POOLED, "Nothing was written through it.");
        }
        KEPT.add(address);
    }

    /// Whether it was looked at, and found to keep sessions.
    static boolean isKnown(String address) {
        return KEPT.contains(address);
    }

    private static boolean isShared(Connection connection, int session, Opener second) throws SQLException {
        try (Connection other = second.open()) {
            for (int round = 0; round < ROUNDS; round++) {
                // Outside of a transaction first, which is all that a pooler of statements allows.
                if (session(other) == session) {
                    return true;
                }
                other.setAutoCommit(false);
                boolean taken = session(other) == session;
                // While the other one holds its session.
                if (taken || session(connection) != session) {
                    return true;
                }
                other.rollback();
                other.setAutoCommit(true);
            }
            return false;
        } catch (SQLException e) {
            // PgBouncer's error for a transaction in a pool of statements.
            if ("08P01".equals(e.getSQLState())) {
                return true;
            }
            // No second session is free: so the first connection keeps its session.
            return session(connection) != session;
        }
    }

    private static int session(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }
}
