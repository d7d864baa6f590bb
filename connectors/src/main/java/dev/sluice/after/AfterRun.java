package dev.sluice.after;

import dev.sluice.control.BackfillStore;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.Transaction;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Does what comes after the copy: applies the statements of the scripts in `migrations/after`, script by script, and
/// analyzes the tables. Beside the stream, which it does not stop: it never waits long for a lock that the stream
/// would queue behind.
///
/// One process at a time does it, under a lock of its own, so that neither a run that begins anew nor another
/// process that takes the pipeline over breaks off an index that takes hours. A process that ends in the middle
/// leaves nothing half: the next one goes on with the statement, see [AfterSession].
///
/// Once the writes of a collection have moved to PostgreSQL, its tables are left alone (promise 11): no statement of
/// any script is applied any more, and the tables of the others are analyzed.
///
/// [#run] for one thread at a time.
public final class AfterRun {
    private static final Duration REPORT_EVERY = Duration.ofSeconds(2);
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    /// PostgreSQL takes a moment to end a session that was closed, and lets go of its lock then.
    private static final Duration ENDING = Duration.ofSeconds(1);

    private final String pipeline;
    private final AfterScripts scripts;
    private final List<CollectionTarget> targets;
    private final PostgresConnector connector;
    private final AfterStore store;

    /// What was refused since this was made: it is not tried again.
    private final Set<Object> refused = ConcurrentHashMap.newKeySet();

    /// @param targets all collections of the mapping
    public AfterRun(
            String pipeline, AfterScripts scripts, List<CollectionTarget> targets, PostgresConnector connector) {
        this.pipeline = pipeline;
        this.scripts = scripts;
        this.targets = List.copyOf(targets);
        this.connector = connector;
        this.store = new AfterStore(pipeline);
    }

    /// How it is done.
    ///
    /// @param parallel how many statements of a script run at once, at least
    /// @param apply whether statements are applied; else tables are analyzed, and that is all
    /// @param patience how long a statement may try to get its locks; it holds up nobody meanwhile
    public record Limits(int parallel, boolean apply, Duration patience) {}

    /// Is told the progress, from any thread, one call at a time.
    public interface Listener {
        void onBegin(AfterStatement statement);

        /// @param took since it was begun
        void onDone(AfterStatement statement, Duration took);

        /// Its locks are held by others.
        void onWaits(AfterStatement statement, String what);

        void onAnalyzed(String table);

        /// Called every two seconds or so while statements run.
        void onProgress(AfterProgress progress);
    }

    /// Makes the control tables say what the scripts say, so that the gate knows what is to be done.
    public void register(Connection connection) throws SQLException {
        Transaction.run(connection, () -> store.register(connection, scripts, targets));
    }

    /// Whether everything is copied, and there is something to do that [#run] would do now. Cheap.
    public boolean isDue(Connection connection, Limits limits) throws SQLException {
        if (!notCopied(connection).isEmpty()) {
            return false;
        }
        return store.notAnalyzed(connection).stream().anyMatch(table -> !refused.contains(table))
                || (limits.apply()
                        && hasDueStatement(connection)
                        && new MovedWrites(pipeline).load(connection).isEmpty());
    }

    private boolean hasDueStatement(Connection connection) throws SQLException {
        for (List<AfterStatement> script : scripts.scripts()) {
            List<AfterStatement> open = open(script, connection);
            if (!open.isEmpty()) {
                return open.stream().anyMatch(statement -> !refused.contains(statement));
            }
        }
        return false;
    }

    private List<AfterStatement> open(List<AfterStatement> script, Connection connection) throws SQLException {
        List<AfterStatement> open = new ArrayList<>();
        for (AfterStatement statement : script) {
            switch (store.state(connection, statement)) {
                case PENDING, RUNNING, FAILED -> open.add(statement);
                case DONE, CHANGED, REMOVED -> {}
                case null -> {}
            }
        }
        return open;
    }

    private List<String> notCopied(Connection connection) throws SQLException {
        List<String> copied = new BackfillStore(pipeline).done(connection);
        return targets.stream()
                .map(CollectionTarget::collection)
                .filter(collection -> !copied.contains(collection))
                .toList();
    }

    /// @param stopped asked from any thread; statements under way are cancelled then
    /// @throws SluiceException when PostgreSQL can't be asked; what is done stays done
    public AfterOutcome run(Limits limits, Listener listener, BooleanSupplier stopped) throws InterruptedException {
        AtomicReference<@Nullable String> holder = new AtomicReference<>();
        long giveUpAt = System.nanoTime() + ENDING.toNanos();
        try (PipelineLock lock = PipelineLock.take(
                        connector::open, pipeline + ": after-migrations", (other, connection) -> {
                            holder.set(other.forPeople());
                            Thread.sleep(LOOK_EVERY);
                            return System.nanoTime() - giveUpAt < 0;
                        })
                .orElse(null)) {
            if (lock == null) {
                return new AfterOutcome.Held(String.valueOf(holder.get()));
            }
            AtomicBoolean lost = new AtomicBoolean();
            lock.onLost(failure -> lost.set(true));
            return locked(limits, new OneAtATime(listener), () -> lost.get() || stopped.getAsBoolean());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private AfterOutcome locked(Limits limits, Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        try (Connection connection = connector.open()) {
            register(connection);
            List<String> notCopied = notCopied(connection);
            if (!notCopied.isEmpty()) {
                return new AfterOutcome.NotCopied(notCopied);
            }
            Work work = new Work(connection, limits, listener, stopped);
            Set<String> moved = new MovedWrites(pipeline).load(connection);
            if (!moved.isEmpty()) {
                // A statement may do anything, also to tables that are the application's now (promise 11).
                if (limits.apply() && hasDueStatement(connection)) {
                    work.failures.add(MovedWrites.refused(List.copyOf(moved)));
                }
            } else if (limits.apply()) {
                for (List<AfterStatement> script : scripts.scripts()) {
                    if (!work.apply(script)) {
                        break;
                    }
                }
            }
            work.analyze();
            if (stopped.getAsBoolean()) {
                return new AfterOutcome.Stopped();
            }
            AfterProgress progress = AfterProgress.read(connection, pipeline);
            return progress == null || progress.complete()
                    ? new AfterOutcome.Done(work.applied.get(), work.analyzed.get())
                    : new AfterOutcome.Open(
                            work.applied.get(), List.copyOf(work.failures), List.copyOf(work.notAllowed));
        }
    }

    /// One run, with its lock.
    private final class Work {
        private final Connection connection;
        private final Limits limits;
        private final Listener listener;
        private final BooleanSupplier stopped;
        private final Collection<SluiceException> failures = new ConcurrentLinkedQueue<>();
        private final Set<String> notAllowed = new ConcurrentSkipListSet<>();
        private final AtomicInteger applied = new AtomicInteger();
        private final AtomicInteger analyzed = new AtomicInteger();

        Work(Connection connection, Limits limits, Listener listener, BooleanSupplier stopped) {
            this.connection = connection;
            this.limits = limits;
            this.listener = listener;
            this.stopped = stopped;
        }

        /// @return whether all of them are applied
        boolean apply(List<AfterStatement> script) throws SQLException, InterruptedException {
            List<AfterStatement> open = open(script, connection);
            List<AfterStatement> due =
                    open.stream().filter(each -> !refused.contains(each)).toList();
            int before = applied.get();
            inParallel(due, (statement, session) -> {
                if (session.apply(statement, listener)) {
                    applied.incrementAndGet();
                }
            });
            return applied.get() - before == open.size();
        }

        void analyze() throws SQLException, InterruptedException {
            List<String> due = store.notAnalyzed(connection).stream()
                    .filter(table -> !refused.contains(table))
                    .toList();
            Queue<String> left = new ConcurrentLinkedQueue<>(due);
            // To analyze a small table takes less time than to open a session.
            List<Integer> sessions = IntStream.range(0, Math.min(limits.parallel(), due.size()))
                    .boxed()
                    .toList();
            inParallel(sessions, (number, session) -> {
                String table = left.poll();
                while (table != null && !stopped.getAsBoolean() && analyze(table, session)) {
                    table = left.poll();
                }
            });
        }

        /// @return false when stopped
        private boolean analyze(String table, AfterSession session) throws SQLException {
            try {
                return switch (session.analyze(table)) {
                    case YES -> {
                        analyzed.incrementAndGet();
                        listener.onAnalyzed(AfterStore.forPeople(table));
                        yield true;
                    }
                    case NOT_ALLOWED -> {
                        notAllowed.add(AfterStore.forPeople(table));
                        yield true;
                    }
                    case STOPPED -> false;
                };
            } catch (AfterSession.RefusedException e) {
                refused.add(table);
                failures.add(e.failure());
                return true;
            }
        }

        /// Does all of them, each on a session of its own. What PostgreSQL refuses is one of the failures of this
        /// work; the others go on.
        private <T> void inParallel(List<T> all, Step<T> step) throws SQLException, InterruptedException {
            if (all.isEmpty()) {
                return;
            }
            Set<AfterSession> active = ConcurrentHashMap.newKeySet();
            AtomicBoolean over = new AtomicBoolean();
            AfterSession.Bounds bounds =
                    new AfterSession.Bounds(limits.patience(), () -> over.get() || stopped.getAsBoolean());
            ExecutorService threads = Executors.newFixedThreadPool(
                    Math.min(limits.parallel(), all.size()),
                    Thread.ofPlatform().name("sluice-after-", 1).daemon(true).factory());
            List<Future<?>> each = new ArrayList<>();
            try {
                for (T one : all) {
                    each.add(threads.submit(() -> {
                        onSession(one, step, bounds, active);
                        return null;
                    }));
                }
                threads.shutdown();
                await(threads, active, bounds.stopped());
            } finally {
                // Nothing may go on without the lock.
                over.set(true);
                while (!threads.isTerminated()) {
                    active.forEach(AfterSession::cancel);
                    LockSupport.parkNanos(LOOK_EVERY.toNanos());
                }
            }
            for (Future<?> one : each) {
                try {
                    one.get();
                } catch (ExecutionException e) {
                    throw Failures.classify(e);
                }
            }
        }

        private <T> void onSession(T one, Step<T> step, AfterSession.Bounds bounds, Set<AfterSession> active)
                throws SQLException, InterruptedException {
            if (bounds.stopped().getAsBoolean()) {
                return;
            }
            try (AfterSession session = AfterSession.open(connector, pipeline, scripts.schema(), bounds)) {
                active.add(session);
                try {
                    step.run(one, session);
                } finally {
                    active.remove(session);
                }
            } catch (AfterSession.RefusedException e) {
                refused.add(one);
                failures.add(e.failure());
            }
        }

        private void await(ExecutorService threads, Set<AfterSession> active, BooleanSupplier stop)
                throws SQLException, InterruptedException {
            long reportAt = System.nanoTime() + REPORT_EVERY.toNanos();
            while (!threads.awaitTermination(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                if (stop.getAsBoolean()) {
                    active.forEach(AfterSession::cancel);
                } else if (System.nanoTime() - reportAt >= 0) {
                    reportAt = System.nanoTime() + REPORT_EVERY.toNanos();
                    AfterProgress progress = AfterProgress.read(connection, pipeline);
                    if (progress != null) {
                        listener.onProgress(progress);
                    }
                }
            }
        }
    }

    @FunctionalInterface
    private interface Step<T> {
        void run(T each, AfterSession session) throws SQLException, InterruptedException, AfterSession.RefusedException;
    }

    /// One call at a time.
    private record OneAtATime(Listener to) implements Listener {
        @Override
        public synchronized void onBegin(AfterStatement statement) {
            to.onBegin(statement);
        }

        @Override
        public synchronized void onDone(AfterStatement statement, Duration took) {
            to.onDone(statement, took);
        }

        @Override
        public synchronized void onWaits(AfterStatement statement, String what) {
            to.onWaits(statement, what);
        }

        @Override
        public synchronized void onAnalyzed(String table) {
            to.onAnalyzed(table);
        }

        @Override
        public synchronized void onProgress(AfterProgress progress) {
            to.onProgress(progress);
        }
    }
}
