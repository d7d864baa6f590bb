package dev.sluice.sink.postgres;

import dev.sluice.failure.Failures;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Cancels the statement of a session that still runs some seconds after the pipeline was stopped:
/// a trigger may take minutes for a batch. A transaction that ends in time is not cancelled, so that a stop
/// drains what is read. The session's thread works; a thread of this class watches it.
final class Cancellation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Cancellation.class);
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final long LOOK_MILLIS = 100;

    private final TargetSession session;
    private final BooleanSupplier stopped;
    private final CountDownLatch closed = new CountDownLatch(1);
    /// When the transaction under way began, by [System#nanoTime]; 0 while none is.
    private volatile long busySince;

    private Cancellation(TargetSession session, BooleanSupplier stopped) {
        this.session = session;
        this.stopped = stopped;
    }

    static Cancellation start(TargetSession session, BooleanSupplier stopped) {
        Cancellation cancellation = new Cancellation(session, stopped);
        Thread.ofPlatform().name("sluice-cancel").daemon(true).start(cancellation::watch);
        return cancellation;
    }

    void begin() {
        busySince = Math.max(1, System.nanoTime());
    }

    void end() {
        busySince = 0;
    }

    private void watch() {
        long stoppedAt = 0;
        try {
            while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                if (!stopped.getAsBoolean()) {
                    continue;
                }
                long now = System.nanoTime();
                if (stoppedAt == 0) {
                    stoppedAt = now;
                }
                long since = busySince;
                if (since != 0 && now - since > PATIENCE.toNanos() && now - stoppedAt > PATIENCE.toNanos()) {
                    session.cancel();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            // The session's own thread has the failure.
            LOG.debug("Could not cancel: {}", Failures.describe(e));
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
