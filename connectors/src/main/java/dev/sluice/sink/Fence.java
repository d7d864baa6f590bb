package dev.sluice.sink;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Prevents chunks from overwriting rows that the stream has written since the chunks were read (promise 3).
///
/// A chunk opens a [Flight] before it is read, and is read as of the stream's position at that moment or later.
/// While flights of a collection are open, the stream's applier records each document it touches; it holds the
/// collection's fence exclusively from the record until its commit. A chunk that is applied holds the fence
/// shared with other chunks until its own commit, and leaves out the documents recorded since its flight
/// opened: the stream's state of those is as new, or a newer one will follow. If the stream failed to apply
/// what it has recorded ([#spoil]), the chunk is not applied. A document that was not recorded was not changed
/// by anything the stream had applied when the chunk commits, and later changes overwrite the chunk's row.
/// Chunks don't exclude each other: they have no document in common.
///
/// One fence for each collection. All methods may be called from any thread. Not final, since a simulation
/// removes single rules to show that it finds the fault.
public class Fence {
    private final ReadWriteLock lock;
    private final Map<Flight, Set<Object>> flights = new ConcurrentHashMap<>();
    private volatile boolean noted;
    private volatile boolean spoiled;

    public Fence() {
        // Fair: a stream with a backlog would otherwise keep the chunks out, and many chunks the stream.
        this(new ReentrantReadWriteLock(true));
    }

    /// @param lock what the fence is; for a test of what depends on it
    public Fence(ReadWriteLock lock) {
        this.lock = lock;
    }

    /// A chunk, from before it is read until its commit or failure.
    public final class Flight implements AutoCloseable {
        private Flight() {}

        /// The keys of documents the stream has touched since this flight opened. Call with the fence held.
        public Set<Object> touched() {
            return flights.getOrDefault(this, Set.of());
        }

        /// About how many documents the stream has touched since this flight opened; the stream may be adding
        /// more.
        public int touchedCount() {
            return touched().size();
        }

        /// Whether the stream has touched anything of the collection since the fence was made.
        public boolean everTouched() {
            return noted;
        }

        /// Takes the fence, shared with other chunks. The stream's applier waits at this collection meanwhile.
        ///
        /// @throws StoppedException when the stream failed to apply what it has recorded
        public Held hold() {
            Held held = take(lock.readLock());
            if (spoiled) {
                held.close();
                throw new StoppedException();
            }
            return held;
        }

        @Override
        public void close() {
            flights.remove(this);
        }
    }

    /// The fence while it is held; released by closing, on the thread that took it.
    public static final class Held implements AutoCloseable {
        private final Lock lock;

        private Held(Lock lock) {
            this.lock = lock;
        }

        @Override
        public void close() {
            lock.unlock();
        }
    }

    /// Opens a flight. Waits for an open transaction of the stream, which records its documents only for
    /// flights that were open before.
    public Flight open() {
        lock.readLock().lock();
        try {
            Flight flight = new Flight();
            flights.put(flight, new HashSet<>());
            return flight;
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Takes the fence exclusively.
    public Held hold() {
        return take(lock.writeLock());
    }

    private static Held take(Lock lock) {
        lock.lock();
        return new Held(lock);
    }

    /// The stream failed to apply what it has recorded, or does not know whether that is committed, and stops.
    /// From now on nothing else may be written: a chunk would be marked done without those documents, although
    /// the stream delivers them only when it reads them again; and if the transaction was committed after all,
    /// documents read from now on could be older than it, since this process only knows the position before it.
    /// The next run has new fences. Call with the fence held exclusively.
    public void spoil() {
        spoiled = true;
    }

    /// Records documents for every open flight. Call with the fence held exclusively, and hold it until the
    /// commit.
    public void note(List<Object> keys) {
        noted = true;
        flights.values().forEach(touched -> touched.addAll(keys));
    }
}
