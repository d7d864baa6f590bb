package dev.sluice.positions;

import dev.sluice.failure.Failures;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the transactions that block the holder of a pipeline's lock while it takes over the pipeline. They
/// belong to processes that had the lock before: if a process was cut off in the middle of a statement,
/// PostgreSQL may keep its transaction for as long as a proxy in between keeps the connection open, and no
/// time-out of the session starts then.
///
/// Only sessions are ended, never a process and never the session that holds the lock. This is safe for the
/// rows of any session: an open transaction has committed neither rows nor the position, so the stream
/// delivers its changes again. It does not take the lock from a living process: the lock is free only after its
/// holder has lost it, a living process notices that within two seconds ([PipelineLock]'s ping), and has
/// [#GRACE] to commit what it has begun.
public final class EarlierWriters implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EarlierWriters.class);

    /// How long after taking the lock its holder does not end transactions of others.
    static final Duration GRACE = Duration.ofSeconds(2);

    private static final Duration LOOK_EVERY = Duration.ofMillis(300);

    /// Ends only sessions that block the waiting one, only while the lock is held, and only sessions of this
    /// program: a user's transaction that reads the position is waited for.
    private static final String END = "SELECT a.pid, a.application_name, pg_terminate_backend(a.pid)"
            + " FROM unnest(pg_blocking_pids(?)) AS blocking (pid) JOIN pg_stat_activity a ON a.pid = blocking.pid"
            + " WHERE a.application_name ~ '" + ProcessIdentity.AT_THE_END_IN_SQL + "'"
            + " AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = ? AND " + LockHolder.OF_PIPELINE + ")";

    private final PipelineLock lock;
    private final int waiting;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = new Thread(this::watch, "sluice-earlier");

    private EarlierWriters(PipelineLock lock, int waiting) {
        this.lock = lock;
        this.waiting = waiting;
        thread.setDaemon(true);
    }

    static EarlierWriters endFor(PipelineLock lock, Connection waiting) throws SQLException {
        EarlierWriters watching = new EarlierWriters(lock, LockHolder.sessionOf(waiting));
        watching.thread.start();
        return watching;
    }

    private void watch() {
        try {
            long left = GRACE.toNanos() - (System.nanoTime() - lock.heldSince());
            if (closed.await(Math.max(left, LOOK_EVERY.toNanos()), TimeUnit.NANOSECONDS)) {
                return;
            }
            try (Connection connection = lock.connections().open()) {
                do {
                    end(connection);
                } while (!closed.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS));
            }
        } catch (SQLException away) {
            // The waiting session has time-outs, and reports what is wrong.
            LOG.debug("Could not end the transactions of earlier writers: {}", Failures.describe(away));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(END)) {
            statement.setInt(1, waiting);
            statement.setInt(2, lock.sessionNumber());
            statement.setInt(3, PipelineLock.KEY);
            statement.setString(4, lock.pipeline());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    LOG.info(
                            "Ended the PostgreSQL session {} of {}, which has lost the pipeline {}: its transaction was still"
                                    + " open. Nothing of it was committed.",
                            row.getInt(1),
                            LockHolder.process(row.getString(2)),
                            lock.pipeline());
                }
            }
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
