package dev.sluice.sink;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Keeps chunks from overwriting what the stream has brought since they were read (promise 3).
///
/// A chunk opens a [Flight] before it is read, not before the stream's position at that moment. The
/// stream's applier notes each document it touches while flights of that collection are open, holding the
/// collection's lock from the note until its commit. When the chunk is applied it takes the same lock until
/// its own commit and leaves out the documents noted since it opened: the stream's word on those is as new
/// or will be followed by a newer one. A document that was not noted can't have been changed by anything
/// the stream had applied when the chunk commits, and what comes later comes over the chunk's row.
///
/// One fence for each collection. All methods may be called from any thread.
public final class Fence {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Flight, Set<Object>> flights = new HashMap<>();

    /// A chunk between the moment before it is read and its commit or failure.
    public final class Flight implements AutoCloseable {
        private Flight() {}

        /// The keys of documents the stream has touched since this flight opened. Call with the fence held.
        public Set<Object> touched() {
            return flights.getOrDefault(this, Set.of());
        }

        /// Takes the fence, which holds the stream's applier off this collection.
        public Held hold() {
            return Fence.this.hold();
        }

        @Override
        public void close() {
            lock.lock();
            try {
                flights.remove(this);
            } finally {
                lock.unlock();
            }
        }
    }

    /// The fence while it is held; let go by closing.
    public final class Held implements AutoCloseable {
        private Held() {}

        @Override
        public void close() {
            lock.unlock();
        }
    }

    public Flight open() {
        lock.lock();
        try {
            Flight flight = new Flight();
            flights.put(flight, new HashSet<>());
            return flight;
        } finally {
            lock.unlock();
        }
    }

    /// Takes the fence.
    public Held hold() {
        lock.lock();
        return new Held();
    }

    /// Notes documents for every open flight. Call with the fence held, and hold it until the commit.
    public void note(List<Object> keys) {
        flights.values().forEach(touched -> touched.addAll(keys));
    }
}
