package dev.sluice.after;

import dev.sluice.after.AfterStore.State;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A session of PostgreSQL that applies a statement or analyzes a table.
///
/// **Done and noted are one.** A statement is applied in a transaction with the note that it is. PostgreSQL refuses
/// that for some (CREATE INDEX CONCURRENTLY, VACUUM); those are applied outside of one, and after a process that ended
/// in between, the index itself says how far it came: a valid one is done, one that is not valid is dropped and made
/// again.
///
/// **The stream goes on.** Most statements need a lock that waits behind every transaction on the table, and the
/// stream's next one would wait behind that. So they wait shorter than PostgreSQL takes to look for a
/// deadlock, and try again. Those that say CONCURRENTLY wait for others without being in their way.
///
/// For one thread, but for [#cancel].
final class AfterSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AfterSession.class);

    /// The first key of the advisory lock that a session has for its statement; "slaf" in ASCII. Where a process ends,
    /// its
    /// session may go on with the statement for hours.
    private static final int KEY = 0x736C6166;

    private static final Duration LOCK_WAIT = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(5);
    private static final Duration SAY_EVERY = Duration.ofMinutes(1);

    /// How many words of a statement may say CONCURRENTLY.
    private static final int WORDS = 20;

    private static final String QUERY_CANCELED = "57014";
    private static final String NOT_IN_A_TRANSACTION = "25001";
    private static final String DUPLICATE_TABLE = "42P07";
    private static final String DUPLICATE_OBJECT = "42710";
    private static final String UNDEFINED_TABLE = "42P01";
    private static final String UNDEFINED_OBJECT = "42704";

    private static final String MAY_ANALYZE = """
            SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR pg_has_role(c.relowner, 'USAGE')
                   OR pg_has_role((SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE')
                   OR CASE WHEN current_setting('server_version_num')::int >= 170000
                           THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END,
                   pg_get_userbyid(c.relowner), current_user,
                   greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid))::text
            FROM pg_class c WHERE c.oid = to_regclass(?)
            """;

    private final Connection connection;
    private final String pipeline;
    private final AfterStore store;
    private final Bounds bounds;
    private volatile @Nullable Statement running;

    /// @param patience how long a statement may try to get its locks
    /// @param stopped asked from any thread
    record Bounds(Duration patience, BooleanSupplier stopped) {}

    /// PostgreSQL refused it.
    static final class RefusedException extends Exception {
        private final SluiceException failure;

        RefusedException(SluiceException failure) {
            super(failure);
            this.failure = failure;
        }

        SluiceException failure() {
            return failure;
        }
    }

    /// What became of a table.
    enum Analyzed {
        YES,
        /// The role may not.
        NOT_ALLOWED,
        STOPPED
    }

    private AfterSession(Connection connection, String pipeline, Bounds bounds) {
        this.connection = connection;
        this.pipeline = pipeline;
        this.store = new AfterStore(pipeline);
        this.bounds = bounds;
    }

    /// @param schema where names without a schema are looked for first
    static AfterSession open(PostgresConnector connector, String pipeline, String schema, Bounds bounds)
            throws SQLException {
        Connection connection = connector.openForLongWork();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT set_config('search_path', ? || ', ' || current_setting('search_path'), false)")) {
            statement.setString(1, TableName.quote(schema));
            statement.execute();
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return new AfterSession(connection, pipeline, bounds);
    }

    /// Applies a statement, unless that is done.
    ///
    /// @return false when it was stopped before
    /// @throws SQLException when the connection is lost or the like
    boolean apply(AfterStatement of, AfterRun.Listener listener)
            throws SQLException, InterruptedException, RefusedException {
        if (!alone(of, listener)) {
            return false;
        }
        State state = store.state(connection, of);
        Optional<ConcurrentIndex> index = ConcurrentIndex.of(of.sql());
        if (state == null || state == State.DONE) {
            return true;
        }
        if (index.isPresent() && !index.get().isNamed()) {
            throw refused(
                    of, "it gives the index no name, so that one that is broken off could not be told from others");
        }
        boolean uncertain = state == State.RUNNING;
        if (uncertain && index.isPresent()) {
            ConcurrentIndex.Found left = index.get().find(connection);
            if (left != null && left.valid()) {
                store.done(connection, of);
                return true;
            }
            if (left != null) {
                LOG.info("The index {} was broken off while it was made, and is made again.", left.sql());
                drop(left);
            }
        }
        store.begin(connection, of);
        listener.onBegin(of);
        return new Attempts(of, index.orElse(null), uncertain, listener).run();
    }

    /// Waits until no session of an earlier process works on the statement.
    private boolean alone(AfterStatement of, AfterRun.Listener listener) throws SQLException, InterruptedException {
        for (long tries = 0; !bounds.stopped().getAsBoolean(); tries++) {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT pg_try_advisory_lock(?, hashtext(?))")) {
                statement.setInt(1, KEY);
                statement.setString(2, pipeline + "/" + of.script() + "/" + of.number());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    if (row.getBoolean(1)) {
                        return true;
                    }
                }
            }
            if (tries == 0) {
                listener.onWaits(of, "PostgreSQL still works on it for a process that has ended.");
            }
            Thread.sleep(PAUSE);
        }
        return false;
    }

    /// The attempts to apply one statement.
    private final class Attempts {
        private final AfterStatement of;
        private final @Nullable ConcurrentIndex index;
        private final boolean uncertain;
        private final AfterRun.Listener listener;
        private final long began = System.nanoTime();
        private boolean inTransaction = true;
        private long saidAt = began - SAY_EVERY.toNanos();

        /// @param uncertain whether an earlier process may have applied it
        Attempts(AfterStatement of, @Nullable ConcurrentIndex index, boolean uncertain, AfterRun.Listener listener) {
            this.of = of;
            this.index = index;
            this.uncertain = uncertain;
            this.listener = listener;
        }

        boolean run() throws SQLException, InterruptedException, RefusedException {
            Duration pause = PAUSE;
            while (!bounds.stopped().getAsBoolean()) {
                ConcurrentIndex.Found before = index == null ? null : index.find(connection);
                try {
                    execute();
                    listener.onDone(of, Duration.ofNanos(System.nanoTime() - began));
                    return true;
                } catch (SQLException e) {
                    if (inTransaction && NOT_IN_A_TRANSACTION.equals(e.getSQLState())) {
                        inTransaction = false;
                        continue;
                    }
                    judge(e, before);
                    if (bounds.stopped().getAsBoolean()) {
                        return false;
                    }
                    if (isDoneAlready(e)) {
                        store.done(connection, of);
                        return true;
                    }
                    waitOrRefuse(e);
                }
                Thread.sleep(pause.plusMillis(ThreadLocalRandom.current().nextLong(PAUSE.toMillis())));
                pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause.multipliedBy(2);
            }
            return false;
        }

        private void execute() throws SQLException, RefusedException {
            if (inTransaction) {
                inTransaction();
                return;
            }
            boolean concurrently = SqlWords.of(of.sql(), WORDS).stream().anyMatch("CONCURRENTLY"::equalsIgnoreCase);
            lockTimeout(concurrently ? Duration.ZERO : LOCK_WAIT, false);
            AfterSession.this.execute(of.sql());
            ConcurrentIndex.Found made = index == null ? null : index.find(connection);
            if (made != null && !made.valid()) {
                // IF NOT EXISTS found one that somebody else has broken off.
                throw refused(
                        of,
                        "there is an index " + made.sql() + " that is not valid, and this statement did not"
                                + " make it; drop it");
            }
            Failpoint.AFTER_MIGRATION_APPLIED.hit();
            store.done(connection, of);
        }

        private void inTransaction() throws SQLException {
            connection.setAutoCommit(false);
            try {
                lockTimeout(LOCK_WAIT, true);
                AfterSession.this.execute(of.sql());
                store.done(connection, of);
                Failpoint.AFTER_MIGRATION_APPLIED.hit();
                connection.commit();
            } catch (SQLException e) {
                try {
                    connection.rollback();
                } catch (SQLException broken) {
                    e.addSuppressed(broken);
                }
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }

        /// Lets those through that say something of the statement, and takes back what it left behind.
        private void judge(SQLException e, ConcurrentIndex.@Nullable Found before) throws SQLException {
            if (connection.isClosed() || isOfTheServer(Failures.classify(e).kind())) {
                throw e;
            }
            // One that was stopped stays as it is: to drop it may take long, and the next process does.
            if (index != null && before == null && !bounds.stopped().getAsBoolean()) {
                ConcurrentIndex.Found left = index.find(connection);
                if (left != null && !left.valid()) {
                    drop(left);
                }
            }
        }

        /// Whether it was applied by a process that ended before it could note that. Those that can be in a
        /// transaction were not.
        private boolean isDoneAlready(SQLException e) {
            return uncertain
                    && !inTransaction
                    && switch (String.valueOf(e.getSQLState())) {
                        case DUPLICATE_TABLE, DUPLICATE_OBJECT -> !isDrop();
                        case UNDEFINED_TABLE, UNDEFINED_OBJECT -> isDrop();
                        default -> false;
                    };
        }

        private boolean isDrop() {
            return SqlWords.of(of.sql(), 1).stream().anyMatch("DROP"::equalsIgnoreCase);
        }

        private void waitOrRefuse(SQLException e) throws SQLException, RefusedException {
            boolean locked = switch (String.valueOf(e.getSQLState())) {
                case "55P03", "40P01", "40001" -> true;
                default -> false;
            };
            if (!locked) {
                throw refused(of, Failures.describe(e));
            }
            long tried = System.nanoTime() - began;
            if (tried > bounds.patience().toNanos()) {
                throw refused(
                        of,
                        "for " + bounds.patience().toSeconds() + " s others held locks on its tables. " + blockers());
            }
            if (System.nanoTime() - saidAt >= SAY_EVERY.toNanos()) {
                saidAt = System.nanoTime();
                String what = "Others hold locks on its tables; it is tried again. " + blockers();
                store.waits(connection, of, what);
                listener.onWaits(of, what);
            }
        }
    }

    /// Which transaction may be in the way, for people.
    private String blockers() throws SQLException {
        String sql = "SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::bigint FROM pg_stat_activity"
                + " WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                + " AND backend_type = 'client backend' ORDER BY xact_start LIMIT 1";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next()
                    ? "The longest transaction is that of PostgreSQL's session " + row.getInt(1) + ", since "
                            + row.getLong(2) + " s."
                    : "None has a long transaction.";
        }
    }

    private RefusedException refused(AfterStatement of, String why) throws SQLException {
        store.failed(connection, of, why);
        return new RefusedException(new SluiceException(
                FailureKind.AFTER_MIGRATION, of.name() + " (" + of.beginning() + "): " + why + "."));
    }

    private static boolean isOfTheServer(FailureKind kind) {
        return kind == FailureKind.TARGET_UNREACHABLE
                || kind == FailureKind.TARGET_READ_ONLY
                || kind == FailureKind.TARGET_SET_READ_ONLY
                || kind == FailureKind.TARGET_REFUSED;
    }

    /// Analyzes a table.
    ///
    /// @throws SQLException when the connection is lost or the like
    Analyzed analyze(String table) throws SQLException, RefusedException {
        String at = store.now(connection);
        try (PreparedStatement statement = connection.prepareStatement(MAY_ANALYZE)) {
            statement.setString(1, table);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw refused(table, "there is no such table");
                }
                if (!row.getBoolean(1)) {
                    return byOthers(
                            table,
                            row.getString(4),
                            "the role " + row.getString(3) + " may not, since " + row.getString(2) + " owns it");
                }
            }
        }
        try {
            execute("ANALYZE " + table);
            store.analyzed(connection, table, at);
            return Analyzed.YES;
        } catch (SQLException e) {
            if (connection.isClosed() || isOfTheServer(Failures.classify(e).kind())) {
                throw e;
            }
            if (bounds.stopped().getAsBoolean()) {
                return Analyzed.STOPPED;
            }
            throw refused(table, Failures.describe(e));
        }
    }

    /// Takes an ANALYZE by autovacuum, or by somebody else.
    ///
    /// @param at when the last one was; null where there was none
    private Analyzed byOthers(String table, @Nullable String at, String why) throws SQLException {
        if (at != null) {
            store.analyzed(connection, table, at);
            if (!store.notAnalyzed(connection).contains(table)) {
                return Analyzed.YES;
            }
        }
        store.notAnalyzed(connection, table, why);
        return Analyzed.NOT_ALLOWED;
    }

    private RefusedException refused(String table, String why) throws SQLException {
        store.notAnalyzed(connection, table, why);
        return new RefusedException(new SluiceException(
                FailureKind.AFTER_MIGRATION, AfterStore.forPeople(table) + " was not analyzed: " + why + "."));
    }

    private void drop(ConcurrentIndex.Found index) throws SQLException {
        lockTimeout(Duration.ZERO, false);
        execute("DROP INDEX CONCURRENTLY IF EXISTS " + index.sql());
    }

    /// @param local for the transaction under way alone
    private void lockTimeout(Duration most, boolean local) throws SQLException {
        // Less than the time after which PostgreSQL looks for a deadlock: it might end the stream's transaction.
        String sql = "SELECT set_config('lock_timeout', CASE WHEN ? = 0 THEN '0'"
                + " ELSE greatest(1, least(?, setting::int / 2))::text END, ?) FROM pg_settings WHERE name = 'deadlock_timeout'";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, most.toMillis());
            statement.setLong(2, most.toMillis());
            statement.setBoolean(3, local);
            statement.execute();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            running = statement;
            if (bounds.stopped().getAsBoolean()) {
                // Whoever cancels may have looked before it was there to be cancelled.
                throw new SQLException("stopped before it was executed", QUERY_CANCELED);
            }
            statement.execute(sql);
        } finally {
            running = null;
        }
    }

    /// Ends the statement that runs; does nothing where none does. Any thread.
    void cancel() {
        Statement statement = running;
        if (statement != null) {
            try {
                statement.cancel();
            } catch (SQLException e) {
                // The session's own thread has the failure.
                LOG.debug("Could not cancel: {}", Failures.describe(e));
            }
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
