package dev.sluice.memory;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Bytes of heap that documents and the rows made of them may take together (promise 7). Whoever is about to
/// read documents takes a lease first, sets it to what they turn out to take, and closes it when they are
/// written.
///
/// Leases are granted in the order in which they are asked for. One that is larger than the whole budget is
/// granted when no other is held, so a document of any size passes, alone. Nobody may wait for a lease while
/// holding one, nor hold one while waiting for somebody who waits for a lease: that is what keeps it free of
/// deadlocks. Any thread.
public final class MemoryBudget {
    /// The largest reply MongoDB sends, bytes: a cursor's batch ends with the document that reaches 16 MB.
    private static final long REPLY_MAX = 16L << 20;

    /// While a reply is read its bytes are held by the driver, by its decoder, and as documents.
    private static final int REPLY_COPIES = 3;

    /// The part of the heap that the stream, backfill, resync and verification share. As much again is left
    /// for the engine's buffers, and a third for everything else.
    private static final int HEAP_SHARE = 3;

    private static final MemoryBudget PROCESS =
            new MemoryBudget(Runtime.getRuntime().maxMemory() / HEAP_SHARE);

    private final long total;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Object> queue = new ArrayDeque<>();
    private long held;

    /// @param total bytes
    public MemoryBudget(long total) {
        if (total < 1) {
            throw new IllegalArgumentException("a budget has at least one byte");
        }
        this.total = total;
    }

    /// What everything in this process shares that reads or holds documents.
    public static MemoryBudget ofProcess() {
        return PROCESS;
    }

    /// How many bytes of documents are best held at a time by one of several readers: with rows made of them,
    /// four readers stay within the budget.
    public static long piece() {
        return Math.clamp(Runtime.getRuntime().maxMemory() / 64, 1L << 20, 16L << 20);
    }

    /// Waits until documents may be read whose size is not known yet.
    public Lease acquireForReading() throws InterruptedException {
        return acquire(REPLY_COPIES * REPLY_MAX);
    }

    /// Waits until there is room.
    ///
    /// @param bytes more than the whole budget waits until nothing else is held
    public Lease acquire(long bytes) throws InterruptedException {
        Lease lease = new Lease();
        lock.lockInterruptibly();
        try {
            queue.add(lease);
            try {
                while (queue.peek() != lease || (held > 0 && held + bytes > total)) {
                    changed.await();
                }
                lease.set(bytes);
            } finally {
                queue.remove(lease);
                changed.signalAll();
            }
            return lease;
        } finally {
            lock.unlock();
        }
    }

    /// [#acquireForReading] for those that nobody interrupts: whoever holds leases gives them back.
    public Lease acquireForReadingUninterruptibly() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return acquireForReading();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Bytes held by all leases.
    public long held() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }

    /// A share of the budget. Any thread may change or close it.
    public final class Lease implements AutoCloseable {
        private long bytes;
        private boolean closed;

        private Lease() {}

        /// Sets it to what is really held, without waiting: others wait until there is room again. Does nothing
        /// once it is closed.
        public void set(long bytesHeld) {
            lock.lock();
            try {
                if (!closed) {
                    held += bytesHeld - bytes;
                    bytes = bytesHeld;
                    changed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }

        /// Gives it back. Again does nothing.
        @Override
        public void close() {
            set(0);
            lock.lock();
            try {
                closed = true;
            } finally {
                lock.unlock();
            }
        }
    }
}
