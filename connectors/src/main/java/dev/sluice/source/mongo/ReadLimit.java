package dev.sluice.source.mongo;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How fast documents may be read from MongoDB beside the stream. All that read through one [MongoSource] share
/// it: each document that comes is paid for with time, and who has read too much waits. It can be changed while
/// they read; a change is noticed within a tenth of a second. Any thread.
public final class ReadLimit {
    /// Shorter waits are put off to the next document: sleeping so little takes longer than that.
    private static final long LEAST_WAIT_NANOS = Duration.ofMillis(5).toNanos();

    private static final long SLICE_NANOS = Duration.ofMillis(100).toNanos();

    /// MongoDB is asked for no more documents at a time than may be read within this.
    private static final int AT_A_TIME_PARTS_OF_A_SECOND = 2;

    private final LongSupplier nanoTime;
    private final Sleeping sleeping;
    private final LongAdder documentsRead = new LongAdder();
    private final LongAdder bytesRead = new LongAdder();
    private volatile Rate rate = Rate.NONE;

    /// When all that was read is paid for; guarded by this.
    private long paidAt;

    /// How a thread waits.
    @FunctionalInterface
    interface Sleeping {
        void sleep(long nanos) throws InterruptedException;
    }

    /// What may be read a second.
    ///
    /// @param documents null for any number
    /// @param bytes of documents; null for any number
    public record Rate(@Nullable Long documents, @Nullable Long bytes) {
        /// As fast as it can.
        public static final Rate NONE = new Rate(null, null);

        /// @throws IllegalArgumentException for a number below 1
        public Rate {
            if ((documents != null && documents < 1) || (bytes != null && bytes < 1)) {
                throw new IllegalArgumentException("a limit below 1: " + documents + ", " + bytes);
            }
        }

        private double nanos(long read) {
            double ofDocument = documents == null ? 0 : 1e9 / documents;
            double ofBytes = bytes == null ? 0 : 1e9 * read / bytes;
            return Math.max(ofDocument, ofBytes);
        }
    }

    ReadLimit() {
        this(System::nanoTime, nanos -> Thread.sleep(Duration.ofNanos(nanos)));
    }

    ReadLimit(LongSupplier nanoTime, Sleeping sleeping) {
        this.nanoTime = nanoTime;
        this.sleeping = sleeping;
        this.paidAt = nanoTime.getAsLong();
    }

    /// From now on.
    public void set(Rate next) {
        rate = next;
    }

    public Rate rate() {
        return rate;
    }

    /// Documents that were read, limited or not.
    public long documentsRead() {
        return documentsRead.sum();
    }

    /// Bytes of documents that were read, limited or not.
    public long bytesRead() {
        return bytesRead.sum();
    }

    /// How many documents may be asked for at a time, so that a limit holds from second to second.
    ///
    /// @param wanted at least 1
    public int atATime(int wanted) {
        Long documents = rate.documents();
        return documents == null
                ? wanted
                : Math.toIntExact(Math.clamp(documents / AT_A_TIME_PARTS_OF_A_SECOND, 1, wanted));
    }

    /// The same in bytes.
    ///
    /// @param wanted at least 1
    public long bytesAtATime(long wanted) {
        Long bytes = rate.bytes();
        return bytes == null ? wanted : Math.clamp(bytes / AT_A_TIME_PARTS_OF_A_SECOND, 1, wanted);
    }

    /// A document was read. Waits until it is paid for; not where the thread is interrupted, which stays so.
    void onRead(int bytes) {
        documentsRead.increment();
        bytesRead.add(bytes);
        Rate now = rate;
        if (!now.equals(Rate.NONE)) {
            await(now, pay(now, bytes));
        }
    }

    private synchronized long pay(Rate now, int bytes) {
        paidAt = Math.max(paidAt, nanoTime.getAsLong()) + (long) now.nanos(bytes);
        return paidAt;
    }

    private void await(Rate paidWith, long until) {
        long left = until - nanoTime.getAsLong();
        try {
            while (left >= LEAST_WAIT_NANOS && rate.equals(paidWith)) {
                sleeping.sleep(Math.min(left, SLICE_NANOS));
                left = until - nanoTime.getAsLong();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!rate.equals(paidWith)) {
            forgetDebt();
        }
    }

    /// What was read under a limit that is no more has not to be waited for under the next.
    private synchronized void forgetDebt() {
        paidAt = nanoTime.getAsLong();
    }
}
