package dev.sluice.backfill;

import dev.sluice.failure.Failures;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.TouchedCollections;
import dev.sluice.threads.Threads;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Copies several collections at once: small ones beside each other and beside a large one. A small
/// collection takes as long as the way to both servers and back, a hundred of them a hundred times that; of
/// large ones, two at once are no faster than one after the other, and the first would be there later.
///
/// Collections whose rows depend on each other are copied one after the other, in the mapping's order: else
/// documents would have to wait for rows that are still to come. [#copy] is called once, by one thread; lanes
/// are threads of their own.
public final class Lanes {
    /// One with more documents is large: it is copied by several workers, for itself.
    static final long SMALL = 10_000;

    private final Threads threads;
    private final int most;
    private final ToLongFunction<CollectionTarget> documents;

    /// Copies one collection after the other, with what is open for it alone. For one thread.
    public interface Lane extends AutoCloseable {
        /// @return false when it was stopped
        boolean copy(CollectionTarget target) throws SQLException, InterruptedException;

        @Override
        void close() throws SQLException;
    }

    /// Opens a lane.
    @FunctionalInterface
    public interface Opening {
        /// @param ending whether the lane has to stop, since another one has failed or this thread is
        ///     interrupted
        Lane open(BooleanSupplier ending) throws SQLException;
    }

    /// @param most lanes at once
    /// @param documents how many a collection has, about; asked once for each, by any lane
    public Lanes(Threads threads, int most, ToLongFunction<CollectionTarget> documents) {
        this.threads = threads;
        this.most = most;
        this.documents = documents;
    }

    /// Copies the collections.
    ///
    /// @param all the mapping's collections
    /// @param chosen those that are copied, in the mapping's order
    /// @return false when a lane was stopped
    /// @throws dev.sluice.failure.SluiceException the first failure of a lane; the others have stopped then
    /// @throws InterruptedException when this thread is; all lanes have ended
    public boolean copy(List<CollectionTarget> all, List<CollectionTarget> chosen, Opening opening)
            throws InterruptedException {
        Work work = new Work(groups(all, chosen));
        List<Thread> started = new ArrayList<>();
        for (int i = 0; i < Math.min(most, work.groups.size()); i++) {
            started.add(threads.start("sluice-lane-" + (i + 1), () -> work.drive(opening)));
        }
        InterruptedException interrupted = null;
        for (Thread lane : started) {
            while (lane.isAlive()) {
                try {
                    lane.join();
                } catch (InterruptedException e) {
                    // No lane may outlive this call: it would write beside whatever comes next.
                    interrupted = e;
                    work.end(null);
                    started.forEach(Thread::interrupt);
                }
            }
        }
        if (interrupted != null) {
            throw interrupted;
        }
        if (work.failure != null) {
            throw Failures.classify(work.failure);
        }
        return !work.ending;
    }

    private static Set<Group> groups(List<CollectionTarget> all, List<CollectionTarget> chosen) {
        Map<Integer, Group> of = new HashMap<>();
        TouchedCollections.together(all).forEach(together -> {
            Group group = new Group();
            together.forEach(target -> of.put(target.index(), group));
        });
        Set<Group> groups = new LinkedHashSet<>();
        for (CollectionTarget target : chosen) {
            Group group = Objects.requireNonNull(of.get(target.index()), target::collection);
            group.left.add(target);
            groups.add(group);
        }
        return groups;
    }

    /// Collections whose rows depend on each other.
    private static final class Group {
        private final Deque<CollectionTarget> left = new ArrayDeque<>();
        private boolean busy;
    }

    /// What is to be copied, of which each lane takes the next.
    private final class Work {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = threads.condition(lock);
        private final Set<Group> groups;
        private final Map<Integer, Boolean> large = new HashMap<>();
        private boolean largeBusy;
        private volatile boolean ending;
        private @Nullable Throwable failure;

        Work(Set<Group> groups) {
            this.groups = groups;
        }

        /// A collection that is being copied.
        private record Taken(Group group, CollectionTarget target) {}

        @SuppressWarnings("CatchingUnchecked") // Whatever it is, the thread that waits for the lanes throws it.
        void drive(Opening opening) {
            try {
                Taken taken = take();
                if (taken == null) {
                    return;
                }
                try (Lane lane = opening.open(() -> ending)) {
                    while (taken != null) {
                        if (!lane.copy(taken.target())) {
                            end(null);
                            return;
                        }
                        giveBack(taken);
                        taken = take();
                    }
                }
            } catch (Exception | Error e) {
                end(e);
            }
        }

        /// Waits while what is left depends on what another lane copies, or is large and another one is.
        ///
        /// @return null when nothing is left
        private @Nullable Taken take() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                while (!ending) {
                    boolean left = false;
                    for (Group group : groups) {
                        CollectionTarget next = group.left.peek();
                        left |= next != null;
                        if (next == null || group.busy || (largeBusy && isLarge(next))) {
                            continue;
                        }
                        group.left.remove();
                        group.busy = true;
                        largeBusy |= isLarge(next);
                        return new Taken(group, next);
                    }
                    if (!left) {
                        return null;
                    }
                    changed.await();
                }
                return null;
            } finally {
                lock.unlock();
            }
        }

        private boolean isLarge(CollectionTarget target) {
            return large.computeIfAbsent(target.index(), i -> documents.applyAsLong(target) > SMALL);
        }

        private void giveBack(Taken taken) {
            lock.lock();
            try {
                taken.group().busy = false;
                largeBusy &= !isLarge(taken.target());
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /// Lets all lanes stop.
        ///
        /// @param thrown null where nothing failed
        void end(@Nullable Throwable thrown) {
            lock.lock();
            try {
                if (failure == null && !ending) {
                    failure = thrown;
                }
                ending = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
