package dev.sluice.threads;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Threads, waits that end by the clock, and the clock itself, where what is done next depends on them.
/// Locks, and waits that only another thread ends, need none of it. [#SYSTEM] in production; in a simulation
/// the waits take no time and end in an order that a seed decides. Any thread.
public interface Threads {
    /// The machine's threads and clock.
    Threads SYSTEM = new Threads() {
        @Override
        public Thread start(String name, Runnable work) {
            return Thread.ofPlatform().name(name).daemon(true).start(work);
        }

        @Override
        public boolean join(Thread thread, Duration most) throws InterruptedException {
            return thread.join(most);
        }

        @Override
        public Condition condition(ReentrantLock lock) {
            return lock.newCondition();
        }

        @Override
        public boolean await(CountDownLatch latch, Duration most) throws InterruptedException {
            return latch.await(most.toNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    };

    /// Starts a daemon thread.
    Thread start(String name, Runnable work);

    /// Waits until a thread has ended.
    ///
    /// @return false when it has not within `most`
    boolean join(Thread thread, Duration most) throws InterruptedException;

    /// A condition of a lock whose timed waits end by this clock.
    Condition condition(ReentrantLock lock);

    /// Waits until a latch is down.
    ///
    /// @return false when it is not within `most`
    boolean await(CountDownLatch latch, Duration most) throws InterruptedException;

    /// As [System#nanoTime()].
    long nanoTime();
}
