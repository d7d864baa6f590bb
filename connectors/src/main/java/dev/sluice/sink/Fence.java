package dev.sluice.sink;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Keeps chunks from overwriting what the stream has brought since they were read (promise 3).
///
/// A chunk opens a [Flight] before it is read, not before the stream's position at that moment. The stream's
/// applier notes each document it touches while flights of that collection are open, holding the collection's
/// fence alone from the note until its commit. A chunk that is applied holds the fence too, together with
/// other chunks, until its own commit, and leaves out the documents noted since it opened: the stream's word
/// on those is as new or will be followed by a newer one. A chunk does not get that far when the stream could
/// not give its word ([#spoil]). A document that was not noted can't have been changed by anything the stream
/// had applied when the chunk commits, and what comes later comes over the chunk's row. Chunks need not be
/// kept from each other: they have no document in common.
///
/// One fence for each collection. All methods may be called from any thread. Not final, since a simulation
/// takes single rules away to see that they are missed.
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

    /// A chunk between the moment before it is read and its commit or failure.
    public final class Flight implements AutoCloseable {
        private Flight() {}

        /// The keys of documents the stream has touched since this flight opened. Call with the fence held.
        public Set<Object> touched() {
            return flights.getOrDefault(this, Set.of());
        }

        /// How many documents the stream has touched since this flight opened, about: the stream may be at
        /// it.
        public int touchedCount() {
            return touched().size();
        }

        /// Whether the stream has touched anything of the collection since the fence was made.
        public boolean everTouched() {
            return noted;
        }

        /// Takes the fence beside other chunks, which holds the stream's applier off this collection.
        ///
        /// @throws StoppedException when the stream could not apply what it has noted
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

    /// The fence while it is held; let go by closing, on the thread that took it.
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

    /// Waits for a transaction of the stream that is under way: what it notes, it has noted for the flights
    /// that were open.
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

    /// Takes the fence alone.
    public Held hold() {
        return take(lock.writeLock());
    }

    private static Held take(Lock lock) {
        lock.lock();
        return new Held(lock);
    }

    /// The stream could not apply what it has noted, or does not know whether it is committed, and gives up.
    /// From now on nothing may be written beside it: what leaves those documents out would be done without
    /// them, though they come only when they are read again; and where it is committed after all, what is
    /// read from now on could be from before that, since the position that is known here is. The next run has
    /// fences of its own. Call with the fence held alone.
    public void spoil() {
        spoiled = true;
    }

    /// Notes documents for every open flight. Call with the fence held alone, and hold it until the commit.
    public void note(List<Object> keys) {
        noted = true;
        flights.values().forEach(touched -> touched.addAll(keys));
    }
}
