package dev.sluice.service.pipeline;

import dev.sluice.threads.Threads;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Mapped batches between the stream's thread and the applier's: one batch is applied while the next is read.
/// It has no bound of its own: each batch has its lease of the stream's memory.
final class BatchQueue {
    private final BooleanSupplier full;
    private final Deque<MappedBatch> batches = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed;
    private final Threads threads;
    private boolean closed;
    private @Nullable Long awaitedSince;

    /// @param full whether so much memory is held that waiting for more changes would only delay the stream
    BatchQueue(BooleanSupplier full, Threads threads) {
        this.full = full;
        this.threads = threads;
        this.changed = threads.condition(lock);
    }

    Threads threads() {
        return threads;
    }

    /// When the queue is closed, the batch is dropped: the next run reads its changes again.
    void put(MappedBatch batch) {
        lock.lock();
        try {
            if (!closed) {
                batches.add(batch);
                changed.signalAll();
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
            awaitFirst();
            long remaining = linger.toNanos();
            while (remaining > 0 && !closed && count() < changesWanted && !full.getAsBoolean()) {
                remaining = changed.awaitNanos(remaining);
            }
            List<MappedBatch> taken = new ArrayList<>();
            int changes = 0;
            while (!batches.isEmpty()) {
                int next = batches.peek().changes().size();
                if (!taken.isEmpty() && changes + next > changesMax) {
                    break;
                }
                taken.add(batches.remove());
                changes += next;
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until there is a batch to take, or none will come any more.
    ///
    /// @return false when the time was over before
    boolean awaitNext(Duration most) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long remaining = most.toNanos();
            while (remaining > 0 && batches.isEmpty() && !closed) {
                remaining = changed.awaitNanos(remaining);
            }
            return !batches.isEmpty() || closed;
        } finally {
            lock.unlock();
        }
    }

    private void awaitFirst() throws InterruptedException {
        awaitedSince = threads.nanoTime();
        try {
            while (batches.isEmpty() && !closed) {
                changed.await();
            }
        } finally {
            awaitedSince = null;
        }
    }

    /// Accepts no further batches. Those inside can still be taken.
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Accepts no further batches and drops those inside.
    void abandon() {
        lock.lock();
        try {
            batches.clear();
            close();
        } finally {
            lock.unlock();
        }
    }

    /// How long the taking thread has waited for a batch; zero while it has work.
    Duration idle() {
        lock.lock();
        try {
            return awaitedSince == null ? Duration.ZERO : Duration.ofNanos(threads.nanoTime() - awaitedSince);
        } finally {
            lock.unlock();
        }
    }

    private int count() {
        return batches.stream().mapToInt(b -> b.changes().size()).sum();
    }
}
