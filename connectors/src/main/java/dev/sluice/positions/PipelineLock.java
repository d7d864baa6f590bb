package dev.sluice.positions;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides which of several processes writes a pipeline: a session-level advisory lock that is kept alive
/// like a lease. The holder sends a statement on its session every [#PING]; PostgreSQL (14 and later) ends a
/// session that is silent for [#LEASE], which frees the lock. So a holder whose cable was pulled
/// is replaced without an operator, with proxies in between or without.
///
/// It decides who may try, and is not the guarantee: behind a pooler, or until the loss of a session is
/// noticed, only the fencing epoch in each transaction prevents two writers (promise 4).
///
/// Closed by one thread; the other methods from any.
public final class PipelineLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineLock.class);

    /// The first key of the two-key advisory lock; "sluc" in ASCII, to stay out of other applications' way.
    static final int KEY = 0x736C7563;

    /// How long PostgreSQL keeps the lock of a silent session. A holder that was suspended for longer
    /// takes the lock again, unless another process was faster.
    public static final Duration LEASE = Duration.ofSeconds(8);

    private static final Duration PING = Duration.ofSeconds(2);

    /// An answer takes milliseconds; a server that is silent for longer is cut off.
    private static final Duration ANSWER_MAX = Duration.ofSeconds(4);

    /// How long to wait for a session to end after `pg_terminate_backend`.
    private static final Duration ENDING = Duration.ofMillis(100);

    private static final int ENDING_LOOKS_MAX = 10;

    private static final int HAS_IDLE_SESSION_TIMEOUT = 14;

    /// Sessions of locks that this process has or tries to get. A session of this process that is not among
    /// them was given up.
    private static final Set<Integer> OPEN = ConcurrentHashMap.newKeySet();

    private final Connections connections;
    private final String pipeline;
    private final Thread keeper = new Thread(this::keep, "sluice-lock");
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile Session session;
    private volatile boolean held = true;
    private volatile long heldSince = System.nanoTime();
    private volatile Instant confirmed = Instant.now();
    private volatile @Nullable Instant silentSince;
    private volatile @Nullable SluiceException lost;
    private @Nullable Consumer<SluiceException> onLost;

    private PipelineLock(Connections connections, String pipeline, Session session) {
        this.connections = connections;
        this.pipeline = pipeline;
        this.session = session;
        keeper.setDaemon(true);
    }

    /// Opens the connections of the lock, which has them for itself.
    @FunctionalInterface
    public interface Connections {
        Connection open() throws SQLException;
    }

    /// What to do while another process holds the pipeline. Called repeatedly; it has to wait a
    /// moment itself.
    @FunctionalInterface
    public interface Waiting {
        /// @param connection for looking; not for longer than the call
        /// @return false to give up
        /// @throws SluiceException to give up with a message
        boolean goOn(LockHolder holder, Connection connection) throws SQLException, InterruptedException;
    }

    /// Takes the pipeline, or fails at once.
    ///
    /// @throws SluiceException of kind FENCED_OUT, with the holder, when another process has it
    public static PipelineLock take(Connections connections, String pipeline)
            throws SQLException, InterruptedException {
        return take(connections, pipeline, (holder, connection) -> {
                    throw heldBy(pipeline, holder);
                })
                .orElseThrow();
    }

    /// Takes the pipeline as soon as its lock is free. Ends the sessions of a holder that has certainly
    /// ended.
    ///
    /// @return empty when `waiting` gave up
    public static Optional<PipelineLock> take(Connections connections, String pipeline, Waiting waiting)
            throws SQLException, InterruptedException {
        Session session = Session.open(connections);
        try {
            int endingLooks = 0;
            while (!session.tryLock(pipeline)) {
                LockHolder holder =
                        LockHolder.find(session.connection(), pipeline).orElse(null);
                if (holder == null) {
                    // It has just become free; or its holder is not visible, and this must not be a busy loop.
                    Thread.sleep(ENDING);
                } else if (endingLooks == 0
                        ? holder.isGhost() && holder.end(session.connection()) > 0
                        : endingLooks < ENDING_LOOKS_MAX) {
                    endingLooks++;
                    Thread.sleep(ENDING);
                } else {
                    endingLooks = 0;
                    if (!waiting.goOn(holder, session.connection())) {
                        session.close();
                        return Optional.empty();
                    }
                }
            }
            PipelineLock lock = new PipelineLock(connections, pipeline, session);
            lock.keeper.start();
            return Optional.of(lock);
        } catch (SQLException | InterruptedException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /// The error for a process that does not wait.
    public static SluiceException heldBy(String pipeline, LockHolder holder) {
        return new SluiceException(
                FailureKind.FENCED_OUT,
                "The pipeline '" + pipeline + "' is written by " + holder.forPeople()
                        + ". This process has written nothing.");
    }

    /// Whether a process holds the pipeline. Reads the list of locks and does not try to get the lock,
    /// which would for a moment turn away a process that starts. False if the session belongs to a process
    /// that has certainly ended, behind a pooler that gives each transaction another session, and for a
    /// process that works in another database.
    public static boolean isTaken(Connection connection, String pipeline) throws SQLException {
        return holder(connection, pipeline).isPresent();
    }

    /// The holder of the pipeline's lock, where [#isTaken] is true.
    public static Optional<LockHolder> holder(Connection connection, String pipeline) throws SQLException {
        return LockHolder.find(connection, pipeline).filter(holder -> !holder.isGhost());
    }

    /// Whether a session belongs to this process and is no longer used by it.
    static boolean isGivenUp(ProcessIdentity process, int session) {
        return ProcessTable.own().filter(process::equals).isPresent() && !OPEN.contains(session);
    }

    /// Whether this process has the lock, by PostgreSQL's last answer: false from the loss of the session until
    /// the lock is taken again.
    public boolean isHeld() {
        return held;
    }

    /// When PostgreSQL confirmed the lock last, by our clock, while it does not answer or has closed the session; null
    /// while the lock is held, and when it was given back.
    public @Nullable Instant silentSince() {
        return silentSince;
    }

    /// Ends what keeps a session of the lock's holder waiting for transactions of earlier holders; see
    /// [EarlierWriters].
    ///
    /// @param waiting the session that is about to wait, by another thread than the one that ends
    /// @return to be closed when it waits no more
    public EarlierWriters endEarlierWriters(Connection waiting) throws SQLException {
        return EarlierWriters.endFor(this, waiting);
    }

    Connections connections() {
        return connections;
    }

    String pipeline() {
        return pipeline;
    }

    /// PostgreSQL's process of the session that has the lock.
    int sessionNumber() {
        return session.number();
    }

    /// By [System#nanoTime].
    long heldSince() {
        return heldSince;
    }

    /// Calls the listener once, from the lock's own thread, when the session was lost and another process
    /// has the pipeline; at once if that has happened already.
    public synchronized void onLost(Consumer<SluiceException> listener) {
        SluiceException already = lost;
        if (already == null) {
            onLost = listener;
        } else {
            listener.accept(already);
        }
    }

    private void keep() {
        try {
            while (!closing.await(PING.toMillis(), TimeUnit.MILLISECONDS)) {
                if (!answers() && !takeAgain()) {
                    return;
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean answers() {
        if (!held) {
            return false;
        }
        long asked = System.nanoTime();
        try {
            session.ping();
            confirmed = Instant.now();
            return true;
        } catch (SQLException silent) {
            held = false;
            silentSince = confirmed;
            // One that took longer than it may was not waited for all the time: this process got no CPU time.
            boolean awake = System.nanoTime() - asked < 2 * ANSWER_MAX.toNanos();
            if (awake && silent.getCause() instanceof SocketTimeoutException) {
                // A server that hangs; that one is gone is reported by the thread that writes.
                LOG.warn(
                        "PostgreSQL has not answered for {} s. Nothing is lost: the pipeline {} resumes from its committed"
                                + " position when it answers.",
                        ANSWER_MAX.toSeconds(),
                        pipeline);
            }
            LOG.debug("The session of the pipeline's lock is lost: {}", Failures.describe(silent));
            session.close();
            return false;
        }
    }

    /// @return false when another process has the pipeline, for good
    private boolean takeAgain() throws InterruptedException {
        try {
            Session next = Session.open(connections);
            if (next.tryLock(pipeline)) {
                if (!use(next)) {
                    return false;
                }
                LOG.info("The connection that held the lock of the pipeline {} was lost; it is held again.", pipeline);
                return true;
            }
            try (next) {
                LockHolder holder = LockHolder.find(next.connection(), pipeline).orElse(null);
                if (holder == null || (holder.isGhost() && holder.end(next.connection()) > 0)) {
                    return true;
                }
                tell(heldBy(pipeline, holder));
                return false;
            }
        } catch (SQLException away) {
            // The threads that write notice it themselves. Until it is known, the listener is not called.
            LOG.debug("The pipeline's lock can't be taken again yet: {}", Failures.describe(away));
            return true;
        }
    }

    /// @return false when the lock has been closed meanwhile
    private synchronized boolean use(Session next) {
        if (closing.getCount() == 0) {
            next.close();
            return false;
        }
        session = next;
        heldSince = System.nanoTime();
        confirmed = Instant.now();
        silentSince = null;
        held = true;
        return true;
    }

    private synchronized void tell(SluiceException failure) {
        lost = failure;
        if (onLost != null) {
            onLost.accept(failure);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        keeper.interrupt();
        try {
            keeper.join(ANSWER_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            held = false;
            silentSince = null;
            session.close();
        }
    }

    /// A connection of the lock, known as one of this process.
    private record Session(Connection connection, int number) implements AutoCloseable {
        static Session open(Connections connections) throws SQLException {
            Connection connection = connections.open();
            try {
                connection.setNetworkTimeout(Runnable::run, (int) ANSWER_MAX.toMillis());
                int number = LockHolder.sessionOf(connection);
                OPEN.add(number);
                Session session = new Session(connection, number);
                try (Statement statement = connection.createStatement()) {
                    if (connection.getMetaData().getDatabaseMajorVersion() >= HAS_IDLE_SESSION_TIMEOUT) {
                        statement.execute("SET idle_session_timeout = " + LEASE.toMillis());
                    }
                } catch (SQLException e) {
                    session.close();
                    throw e;
                }
                return session;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        }

        boolean tryLock(String pipeline) throws SQLException {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT pg_try_advisory_lock(?, hashtext(?))")) {
                statement.setInt(1, KEY);
                statement.setString(2, pipeline);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        }

        void ping() throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SELECT 1");
            }
        }

        @Override
        public void close() {
            OPEN.remove(number);
            try {
                connection.close();
            } catch (SQLException broken) {
                LOG.debug("The connection of the pipeline's lock was broken: {}", Failures.describe(broken));
            }
        }
    }
}
