package dev.sluice.service.pipeline;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Mapped batches between the stream's thread and the applier's, bounded in bytes (promise 7): one batch is
/// applied while the next is read. A batch larger than the bound passes alone.
final class ByteBoundedQueue {
    private final long bytesMax;
    private final Deque<MappedBatch> batches = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long bytes;
    private boolean closed;

    ByteBoundedQueue(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// Waits for room. When the queue is closed, the batch is forgotten: what comes then is read again by the
    /// next run.
    void put(MappedBatch batch) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && !batches.isEmpty() && bytes + batch.bytes() > bytesMax) {
                changed.await();
            }
            if (!closed) {
                batches.add(batch);
                bytes += batch.bytes();
                changed.signalAll();
            } else {
                batch.lease().close();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Waits for a batch, and takes with it those behind it while they hold no more than `changesMax`
    /// changes together: the more has piled up, the larger the transaction.
    ///
    /// @param changesWanted with fewer changes than this in the queue, waits for more for as long as
    ///     `linger`
    /// @param linger zero does not wait for more
    /// @return empty when the queue is closed and drained
    List<MappedBatch> take(int changesMax, int changesWanted, Duration linger) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (batches.isEmpty() && !closed) {
                changed.await();
            }
            long remaining = linger.toNanos();
            while (remaining > 0 && !closed && bytes < bytesMax && count() < changesWanted) {
                remaining = changed.awaitNanos(remaining);
            }
            List<MappedBatch> taken = new ArrayList<>();
            int changes = 0;
            while (!batches.isEmpty()) {
                int next = batches.peek().changes().size();
                if (!taken.isEmpty() && changes + next > changesMax) {
                    break;
                }
                MappedBatch batch = batches.remove();
                bytes -= batch.bytes();
                changes += next;
                taken.add(batch);
            }
            changed.signalAll();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /// Lets nothing more in. What is inside can still be taken.
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets nothing more in and forgets what is inside.
    void abandon() {
        lock.lock();
        try {
            batches.forEach(batch -> batch.lease().close());
            batches.clear();
            bytes = 0;
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Changes waiting to be applied.
    int waiting() {
        lock.lock();
        try {
            return count();
        } finally {
            lock.unlock();
        }
    }

    private int count() {
        return batches.stream().mapToInt(b -> b.changes().size()).sum();
    }
}
