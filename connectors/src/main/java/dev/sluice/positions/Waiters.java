package dev.sluice.positions;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Those who wait in PostgreSQL for an operation of MongoDB (`sluice.wait_for`). Each of them shares an advisory lock,
/// of all pipelines together, until the end of its transaction.
public final class Waiters {
    /// The first key of the lock; "sluw" in ASCII. `sluice.wait_until` has the same.
    private static final int KEY = 0x736C7577;

    private Waiters() {}

    /// Whether somebody waits; also when another pipeline looks at this very moment. Until the end of the
    /// transaction nobody can say that he waits, so it should end at once; those who try do so again.
    public static boolean any(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_try_advisory_xact_lock(?, 0)")) {
            statement.setInt(1, KEY);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return !row.getBoolean(1);
            }
        }
    }
}
