package dev.sluice.source.debezium;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The bytes that a stream may hold between MongoDB and its handler (promise 7). Any thread.
final class ByteBudget {
    private final long bytesMax;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private long used;
    private boolean closed;

    ByteBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// Waits until there is room; what is larger than the budget passes alone. Does not wait when closed.
    void acquire(long bytes) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && used > 0 && used + bytes > bytesMax) {
                released.await();
            }
            used += bytes;
        } finally {
            lock.unlock();
        }
    }

    void release(long bytes) {
        lock.lock();
        try {
            used -= bytes;
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets everybody through from now on: what comes is dropped.
    void close() {
        lock.lock();
        try {
            closed = true;
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
