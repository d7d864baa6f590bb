package dev.sluice.source.debezium;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A queue between two threads of a stream. It has no bound of its own: what is inside has leases of the
/// stream's memory.
final class HandOver<T> {
    private final Deque<T> items = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private int wanted = 1;
    private boolean closed;

    /// Does nothing when closed.
    void put(T item) {
        putAll(List.of(item));
    }

    /// Does nothing when closed. The taking thread gets them together, if it waits.
    void putAll(Collection<? extends T> more) {
        lock.lock();
        try {
            if (!closed) {
                items.addAll(more);
                if (items.size() >= wanted) {
                    filled.signal();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Waits for an item, then for as long as `linger` for more, and takes what there is.
    ///
    /// @param max most items taken; with as many it does not linger
    /// @param patience how long to wait for the first
    /// @return empty when closed, or when nothing came
    List<T> take(int max, Duration patience, Duration linger) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            await(1, patience.toNanos());
            if (linger.isPositive() && !items.isEmpty()) {
                await(max, linger.toNanos());
            }
            List<T> taken = new ArrayList<>(Math.min(max, items.size()));
            while (taken.size() < max && !items.isEmpty()) {
                taken.add(items.remove());
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void await(int count, long nanos) throws InterruptedException {
        long remaining = nanos;
        wanted = count;
        while (remaining > 0 && !closed && items.size() < count) {
            remaining = filled.awaitNanos(remaining);
        }
        wanted = 1;
    }

    /// Accepts and returns no further items, and drops those inside.
    void close() {
        lock.lock();
        try {
            closed = true;
            items.clear();
            filled.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return items.size();
        } finally {
            lock.unlock();
        }
    }
}
