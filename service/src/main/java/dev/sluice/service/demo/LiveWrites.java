package dev.sluice.service.demo;

import com.mongodb.MongoWriteException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/// The application of the demo: a fixed number of writes a second. While MongoDB refuses all writes, as
/// `sluice finish --block-writes` makes it do, it only asks now and then whether that is over. For one thread.
final class LiveWrites {
    private static final int PER_SECOND = 400;
    private static final int USER_WRITES_BLOCKED = 371;
    private static final Duration ASK_EVERY = Duration.ofSeconds(1);

    private final Shop shop;
    private final LongAdder written;
    private final PrintStream out;

    /// When the first of the writes that are counted in `since` was due.
    private long start = System.nanoTime();

    private long since;
    private boolean refused;

    LiveWrites(Shop shop, LongAdder written, PrintStream out) {
        this.shop = shop;
        this.written = written;
        this.out = out;
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
            out.println(
                    refused
                            ? "MongoDB refuses all writes: the demo writes nothing until that is over."
                            : "MongoDB takes writes again.");
        }
    }
}
