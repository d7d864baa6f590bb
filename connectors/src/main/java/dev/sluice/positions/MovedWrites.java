package dev.sluice.positions;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The collections whose writes have moved to PostgreSQL (`sluice.moved_writes`): Sluice never writes their tables
/// again (promise 11). A session that writes calls [#begin] when it is opened, and gives the number that it gets to
/// [PositionStore#hold] or [PositionStore#advance] in each of its transactions; these are refused once another
/// collection has moved. Every method works in the caller's transaction. Any thread, each with its own connection.
public final class MovedWrites {
    private final String pipeline;

    public MovedWrites(String pipeline) {
        this.pipeline = pipeline;
    }

    /// All of them; none where the control schema is not there or of an earlier release.
    public Set<String> load(Connection connection) throws SQLException {
        try (PreparedStatement there = connection.prepareStatement("SELECT to_regclass('sluice.moved_writes')");
                ResultSet row = there.executeQuery()) {
            if (!row.next() || row.getString(1) == null) {
                return Set.of();
            }
        }
        return collections(connection);
    }

    private Set<String> collections(Connection connection) throws SQLException {
        Set<String> moved = new LinkedHashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT collection FROM sluice.moved_writes WHERE pipeline = ? ORDER BY collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    moved.add(row.getString(1));
                }
            }
        }
        return moved;
    }

    /// @throws SluiceException of kind WRITES_MOVED when the writes of one of them have
    public void requireNone(Connection connection, Collection<String> collections) throws SQLException {
        Set<String> moved = collections(connection);
        moved.retainAll(collections);
        if (!moved.isEmpty()) {
            throw refused(List.copyOf(moved));
        }
    }

    /// Begins a session that writes collections.
    ///
    /// @return how often writes have moved; what the session's transactions ask for
    /// @throws SluiceException of kind WRITES_MOVED when the writes of one of them have
    public int begin(Connection connection, Collection<String> written) throws SQLException {
        int often = 0;
        // First: a move that comes in between makes the number too low, and the session is refused.
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT writes_moved FROM sluice.position WHERE pipeline = ?")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    often = row.getInt(1);
                }
            }
        }
        if (often > 0) {
            requireNone(connection, written);
        }
        return often;
    }

    /// @param collections whose writes have moved
    public static SluiceException refused(List<String> collections) {
        return new SluiceException(
                FailureKind.WRITES_MOVED,
                (collections.isEmpty()
                                ? "The writes of a collection"
                                : "The writes of " + String.join(", ", collections))
                        + " have moved to PostgreSQL. Nothing was written to their tables.");
    }
}
