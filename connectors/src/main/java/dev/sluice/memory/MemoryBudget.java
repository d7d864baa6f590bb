package dev.sluice.memory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Bytes of heap that documents and the rows made of them may take together (promise 7). A reader
/// takes a lease before it reads documents, sets it to their actual size, and closes it when they
/// are written.
///
/// Leases are granted in the order in which they are asked for. One that is larger than the whole
/// budget is granted when no other is held, so a document of any size passes, alone.
///
/// A stream has a reserved [#part]: the other readers can't use it, so the stream never waits for
/// one of them, and they don't wait for the stream's backlog. A change that is larger than the part
/// passes alone in it; the other readers wait for the bytes that it takes beyond the part.
///
/// No thread can wait for ever: - Outside of parts, no thread waits for a lease while it holds one,
/// nor holds one while it waits for a thread that waits for a lease. So every holder closes its
/// lease, and the first in the queue gets one. - In its part, the stream waits for a lease while it
/// holds those of earlier changes. Those are mapped and committed by threads that take no lease, so
/// they are always closed. A lease that grows ([Lease#grow]) waits for those of earlier changes
/// only. - The others wait for the stream only while it is beyond its part, which ends with the
/// commit of that change.
///
/// Any thread.
public final class MemoryBudget implements AutoCloseable {
    /// The largest reply MongoDB sends, bytes: a cursor's batch ends with the document that reaches
    /// 16 MB.
    private static final long REPLY_MAX = 16L << 20;

    /// While a reply is read its bytes are held by the driver, by its decoder, and as documents.
    private static final int REPLY_COPIES = 3;

    private static final long HEAP = Runtime.getRuntime().maxMemory();

    /// What the stream, backfill, resync and verification share. The rest is for what is on the
    /// wire, and for everything else.
    private static final long PROCESS_BYTES = HEAP * 2 / 5;

    private static final long STREAM_BYTES = Math.min(HEAP / 8, 256L << 20);

    private static final MemoryBudget PROCESS = new MemoryBudget(PROCESS_BYTES);

    private final long total;
    private final @Nullable MemoryBudget whole;
    private final ReentrantLock lock;
    private final Condition changed;
    private final Deque<Lease> queue = new ArrayDeque<>();

    /// How many leases wait to become larger.
    private int growing;

    /// How many threads wait until nothing is held.
    private int awaitingNothing;

    /// By leases, without those of parts.
    private long held;

    /// Reserved by open parts.
    private long apart;

    /// Held by parts beyond that.
    private long beyond;

    private boolean closed;

    /// @param total bytes
    public MemoryBudget(long total) {
        this(total, null);
    }

    private MemoryBudget(long total, @Nullable MemoryBudget whole) {
        if (total < 1) {
            throw new IllegalArgumentException("a budget has at least one byte");
        }
        this.total = total;
        this.whole = whole;
        this.lock = whole == null ? new ReentrantLock() : whole.lock;
        this.changed = lock.newCondition();
    }

    /// What everything in this process shares that reads or holds documents.
    public static MemoryBudget ofProcess() {
        return PROCESS;
    }

    /// A new part of the process's budget, for one stream: from before its changes are handed on
    /// until they are committed.
    public static MemoryBudget ofStream() {
        return PROCESS.part(STREAM_BYTES);
    }

    /// How many bytes of documents are best held at a time by one of several readers: with rows
    /// made of them, four readers stay within the budget.
    public static long piece() {
        return Math.clamp(HEAP / 64, 1L << 20, 16L << 20);
    }

    /// Reserves bytes of this budget, at once: leases taken here wait until there is room for both.
    ///
    /// @return to be closed when it is no longer used
    public MemoryBudget part(long bytes) {
        MemoryBudget part = new MemoryBudget(bytes, this);
        lock.lock();
        try {
            apart += bytes;
        } finally {
            lock.unlock();
        }
        return part;
    }

    /// Waits until documents may be read whose size is not known yet.
    public Lease acquireForReading() throws InterruptedException {
        return acquire(REPLY_COPIES * REPLY_MAX);
    }

    /// Waits until there is room. Does not wait, nor take the lock twice, while there is.
    ///
    /// @param bytes more than the whole budget waits until nothing else is held
    /// @throws IllegalStateException when the budget is closed, also while waiting
    public Lease acquire(long bytes) throws InterruptedException {
        return acquire(bytes, () -> {});
    }

    /// The same for a thread that keeps what has leases back, to pass it on together.
    ///
    /// @param beforeWaiting passes on what is kept back, since it would be waited for: called with the
    ///     budget's lock held, and only where the thread has to wait
    public Lease acquire(long bytes, Runnable beforeWaiting) throws InterruptedException {
        Lease lease = new Lease();
        lock.lockInterruptibly();
        try {
            queue.add(lease);
            try {
                await(() -> isNext(lease, bytes), beforeWaiting);
                lease.bytes = bytes;
                hold(bytes);
            } finally {
                queue.remove(lease);
                wake();
            }
            return lease;
        } finally {
            lock.unlock();
        }
    }

    /// With the lock held.
    private void await(BooleanSupplier ready, Runnable beforeWaiting) throws InterruptedException {
        while (!ready.getAsBoolean()) {
            beforeWaiting.run();
            // What it passed on may have been given back.
            if (!ready.getAsBoolean()) {
                changed.await();
            }
        }
    }

    private boolean isNext(Lease lease, long bytes) {
        return growing == 0 && queue.peek() == lease && hasRoom(bytes);
    }

    /// A lease of nothing, without waiting: to take over others.
    public Lease acquireNothing() {
        return new Lease();
    }

    /// [#acquireForReading] without interruption: it ends, since every holder of a lease closes it.
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

    private boolean hasRoom(long bytes) {
        if (closed) {
            throw new IllegalStateException("the budget is closed");
        }
        boolean alone = held == 0 && beyond == 0;
        return alone || held + apart + beyond + bytes <= total;
    }

    /// With the lock held.
    ///
    /// @param bytes less than zero gives back
    private void hold(long bytes) {
        long before = Math.max(0, held - total);
        held += bytes;
        if (bytes < 0) {
            wake();
        }
        long more = Math.max(0, held - total) - before;
        if (whole != null && more != 0) {
            whole.beyond += more;
            whole.wake();
        }
    }

    private void wake() {
        if (!queue.isEmpty() || growing > 0 || (awaitingNothing > 0 && held == 0)) {
            changed.signalAll();
        }
    }

    /// Waits until no lease holds anything.
    ///
    /// @return false when the time was over before
    public boolean awaitNothingHeld(Duration most) throws InterruptedException {
        lock.lockInterruptibly();
        awaitingNothing++;
        try {
            long remaining = most.toNanos();
            while (held > 0 && remaining > 0) {
                remaining = changed.awaitNanos(remaining);
            }
            return held == 0;
        } finally {
            awaitingNothing--;
            lock.unlock();
        }
    }

    /// Bytes held by all leases, without those of parts.
    public long held() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }

    /// Whether a good half is held.
    public boolean isHalfHeld() {
        return held() > total / 2;
    }

    /// Gives a part back, and all that its leases hold; from then on those hold nothing. Again does
    /// nothing.
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                hold(-held);
                changed.signalAll();
                if (whole != null) {
                    whole.apart -= total;
                    whole.wake();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// A share of the budget. Any thread may change or close it.
    public final class Lease implements AutoCloseable {
        private long bytes;
        private boolean over;

        private Lease() {}

        /// Sets it to what is really held, without waiting: others wait until there is room again.
        /// Does nothing once it is closed.
        public void set(long bytesHeld) {
            lock.lock();
            try {
                if (!over && !closed) {
                    hold(bytesHeld - bytes);
                    bytes = bytesHeld;
                }
            } finally {
                lock.unlock();
            }
        }

        /// Sets it to more, which it waits for, but not behind those that wait for a lease: what
        /// this one holds is passed on before all that they will hold. Does not wait where nothing
        /// can be given back before it is passed on. Does nothing once it is closed.
        ///
        /// @param behind how many bytes at least are held by this one and by all that are passed on
        ///     only after it; asked with the budget's lock held
        /// @param beforeWaiting as in [MemoryBudget#acquire(long, Runnable)]
        public void grow(long bytesHeld, LongSupplier behind, Runnable beforeWaiting) throws InterruptedException {
            lock.lockInterruptibly();
            growing++;
            try {
                await(() -> !mustWait(bytesHeld, behind), beforeWaiting);
                set(bytesHeld);
            } finally {
                growing--;
                wake();
                lock.unlock();
            }
        }

        private boolean mustWait(long bytesHeld, LongSupplier behind) {
            return !over && !closed && bytesHeld > bytes && held > behind.getAsLong() && !hasRoom(bytesHeld - bytes);
        }

        /// Holds from now on what another one of the same budget held, too; that one is closed.
        public void takeOver(Lease other) {
            lock.lock();
            try {
                bytes += other.bytes;
                other.bytes = 0;
                other.over = true;
            } finally {
                lock.unlock();
            }
        }

        /// Gives it back. Again does nothing.
        @Override
        public void close() {
            lock.lock();
            try {
                set(0);
                over = true;
            } finally {
                lock.unlock();
            }
        }
    }
}
