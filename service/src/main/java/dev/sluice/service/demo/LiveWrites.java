package dev.sluice.service.demo;

import com.mongodb.MongoWriteException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// The application of the demo: a fixed number of writes a second. While MongoDB refuses all writes, as
/// `sluice finish --block-writes` makes it do, it only asks now and then whether that is over. For one thread.
final class LiveWrites {
    private static final long PAUSE_MILLIS = 2;
    private static final int PER_SECOND = 400;
    private static final int USER_WRITES_BLOCKED = 371;
    private static final Duration ASK_EVERY = Duration.ofSeconds(1);

    private final Shop shop;
    private final LongAdder written;
    private final Consumer<String> say;

    /// When the first of the writes that are counted in `since` was due.
    private long start = System.nanoTime();

    private long since;
    private boolean refused;

    /// @param say takes a line for people when MongoDB begins to refuse writes, and when it takes them again
    LiveWrites(Shop shop, LongAdder written, Consumer<String> say) {
        this.shop = shop;
        this.written = written;
        this.say = say;
    }

    /// Writes until one of both is counted down.
    void until(CountDownLatch over, CountDownLatch stop) {
        try {
            while (over.getCount() > 0 && stop.getCount() > 0) {
                if (!next()) {
                    over.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Writes once when a write is due.
    ///
    /// @return whether one was
    boolean next() {
        long now = System.nanoTime();
        if (now - start < 0 || since >= (now - start) * PER_SECOND / 1_000_000_000L) {
            return false;
        }
        try {
            shop.live();
        } catch (MongoWriteException e) {
            if (e.getError().getCode() != USER_WRITES_BLOCKED) {
                throw e;
            }
            say(true);
            start = now + ASK_EVERY.toNanos();
            since = 0;
            return true;
        }
        say(false);
        since++;
        written.increment();
        return true;
    }

    private void say(boolean refusedNow) {
        if (refusedNow != refused) {
            refused = refusedNow;
            say.accept(
                    refused
                            ? "MongoDB refuses all writes: the demo writes nothing until that is over."
                            : "MongoDB takes writes again.");
        }
    }
}
