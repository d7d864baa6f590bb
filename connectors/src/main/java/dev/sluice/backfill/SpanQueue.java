package dev.sluice.backfill;

import dev.sluice.threads.Threads;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The spans of a collection that no worker reads at the moment. A worker that has read a part of a span gives
/// it back for the next one, so the end is reached when no span is left and none is in progress. Any
/// thread.
final class SpanQueue {
    private static final long LOOK_MILLIS = 50;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed;
    private final Deque<Span> waiting;
    private int nextNumber;
    private int working;
    private boolean abandoned;

    /// @param nextNumber that no chunk has yet
    SpanQueue(List<Span> spans, int nextNumber, Threads threads) {
        this.changed = threads.condition(lock);
        this.waiting = new ArrayDeque<>(spans);
        this.nextNumber = nextNumber;
    }

    /// Waits for a span. The caller that gets one calls [#done] when it has finished with it.
    ///
    /// @param admitted polled: whether the caller may have a span now
    /// @param ended polled: whether no further spans are to be given out
    /// @return null when there is no more work
    @Nullable
    Span take(BooleanSupplier admitted, BooleanSupplier ended) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                if (abandoned || ended.getAsBoolean() || (waiting.isEmpty() && working == 0)) {
                    return null;
                }
                if (!waiting.isEmpty() && admitted.getAsBoolean()) {
                    working++;
                    return waiting.remove();
                }
                // In steps, since a change of `admitted` or `ended` sends no signal.
                changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Gives a span back, for the next free worker.
    void giveBack(Span span) {
        lock.lock();
        try {
            // First, so that a cursor that is open is read to its end before another one is opened.
            waiting.addFirst(span);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void done() {
        lock.lock();
        try {
            working--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    int nextNumber() {
        lock.lock();
        try {
            return nextNumber++;
        } finally {
            lock.unlock();
        }
    }

    /// Gives out no further spans.
    void abandon() {
        lock.lock();
        try {
            abandoned = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Whether every span was read to its end.
    boolean isDone() {
        lock.lock();
        try {
            return waiting.isEmpty() && working == 0 && !abandoned;
        } finally {
            lock.unlock();
        }
    }

    /// Closes the spans that were not read to the end. Called when all workers have ended.
    void close() {
        lock.lock();
        try {
            waiting.forEach(Span::abandon);
        } finally {
            lock.unlock();
        }
    }
}
