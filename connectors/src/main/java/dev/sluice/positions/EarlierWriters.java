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

/// Ends the transactions that keep the holder of a pipeline's lock from taking the pipeline over. They are
/// of processes that had the lock before: PostgreSQL may keep one of a process that was cut off in the
/// middle of a statement for as long as a proxy in between answers for it, and no time-out of the session
/// begins there.
///
/// What is ended is never a process, and never a session that holds the lock. It is safe for the rows
/// whoever it was: nothing of an open transaction is committed, and the position with it, so what it would
/// have written comes again from the stream. And nobody is robbed: the lock can't be had before its holder
/// has lost it, a living process notices that within two seconds ([PipelineLock]'s ping), and has [#GRACE]
/// to commit what it has begun.
public final class EarlierWriters implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EarlierWriters.class);

    /// How long after it was taken the lock's holder lets transactions of others be.
    static final Duration GRACE = Duration.ofSeconds(2);

    private static final Duration LOOK_EVERY = Duration.ofMillis(300);

    /// Only what keeps the one who waits waiting, only while the lock is held, and only sessions of this
    /// program: somebody who looks at the position in a transaction of his own is waited for.
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
            // The one who waits has time-outs, and says what is wrong.
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
