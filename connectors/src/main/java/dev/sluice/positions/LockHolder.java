package dev.sluice.positions;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The PostgreSQL session that holds a pipeline's lock.
///
/// @param session its process id in PostgreSQL
/// @param applicationName empty when it is not known
/// @param since when the session began; null where the role may not see it
/// @param address where it comes from; null where the role may not see it, and over a Unix socket
/// @param owner the process that took the pipeline over last, as it described itself; null when there was
///     none
public record LockHolder(
        int session,
        String applicationName,
        @Nullable String since,
        @Nullable String address,
        @Nullable String owner) {
    private static final Logger LOG = LoggerFactory.getLogger(LockHolder.class);

    /// The condition on `pg_locks` that finds the lock of a pipeline; takes both keys.
    static final String OF_PIPELINE = "l.locktype = 'advisory' AND l.granted AND l.objsubid = 2"
            + " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            + " AND l.classid = ?::bigint::oid AND l.objid = (hashtext(?)::bigint & 4294967295)::oid";

    private static final String FIND = "SELECT l.pid, coalesce(a.application_name, ''),"
            + " to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC', host(a.client_addr)"
            + " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE " + OF_PIPELINE;

    private static final String END = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND application_name = ? AND pid <> pg_backend_pid()";

    /// Reads the list of locks, and does not try to get the lock. Empty behind a pooler that gives each
    /// transaction another session, and for a process that works in another database.
    static Optional<LockHolder> find(Connection connection, String pipeline) throws SQLException {
        int session;
        String name;
        String since;
        String address;
        try (PreparedStatement statement = connection.prepareStatement(FIND)) {
            statement.setInt(1, PipelineLock.KEY);
            statement.setString(2, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                session = row.getInt(1);
                name = row.getString(2);
                since = row.getString(3);
                address = row.getString(4);
            }
        }
        String owner = new PositionStore(pipeline).owner(connection);
        return Optional.of(new LockHolder(session, name, since, address, owner));
    }

    /// Whether the process of the session has ended for certain, or the session is one that this process
    /// itself has given up.
    boolean isGhost() {
        return ProcessIdentity.of(applicationName)
                .filter(process -> PipelineLock.isGivenUp(process, session) || ProcessTable.isProvablyGone(process))
                .isPresent();
    }

    /// Ends the sessions that PostgreSQL still has of a process that has ended: the session that holds the
    /// lock, and its other sessions, which may have open transactions. If this process itself has given up
    /// the session, only that one.
    ///
    /// @return how many were told to end; 0 where the role may not
    int end(Connection connection) throws SQLException {
        boolean ownSession = ProcessIdentity.of(applicationName).equals(ProcessTable.own());
        String sql = ownSession ? END + " AND pid = " + session : END;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, applicationName);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                int ended = row.getInt(1);
                if (ended > 0) {
                    LOG.info(
                            "Ended the PostgreSQL sessions that were left of {}: {}.",
                            ownSession ? "an earlier connection of this process" : forPeople(),
                            ended);
                }
                return ended;
            }
        } catch (SQLException refused) {
            if (!"42501".equals(refused.getSQLState())) {
                throw refused;
            }
            LOG.debug("The role may not end the session {}", session);
            return 0;
        }
    }

    /// Which process it is, since when, and how to look at it.
    public String forPeople() {
        String process = process(applicationName);
        StringBuilder text = new StringBuilder();
        if (owner == null) {
            text.append(process);
        } else if (owner.startsWith(process + " ") || process.equals("another process")) {
            text.append(owner);
        } else {
            // It has the lock and has not written yet.
            text.append(process).append(" (before it ").append(owner).append(')');
        }
        text.append(" (PostgreSQL session ").append(session);
        if (address != null) {
            text.append(" from ").append(address);
        }
        if (since != null) {
            text.append(", connected ").append(since);
        }
        return text.append("; SELECT * FROM pg_stat_activity WHERE pid = ")
                .append(session)
                .append(" shows it)")
                .toString();
    }

    /// Whether it is the process that took the pipeline over last; false where that can't be told, and before it
    /// has taken it over.
    public boolean isOwner() {
        return owner != null && owner.startsWith(process(applicationName) + " ");
    }

    /// The process of a session, for people.
    static String process(String applicationName) {
        return ProcessIdentity.of(applicationName)
                .map(identity -> "process " + identity.pid())
                .orElse("another process");
    }

    /// PostgreSQL's process of a connection.
    static int sessionOf(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }
}
