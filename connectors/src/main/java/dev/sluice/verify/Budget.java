package dev.sluice.verify;

import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Limits work to a share of the time: after each piece it pauses for as long as the share requires. Time that
/// a piece has waited, for a lock or for the stream, loads neither server and does not count. Any thread.
///
/// @param share over 0 and up to 1
/// @param stopped asked while it rests
record Budget(double share, BooleanSupplier stopped) {
    private static final long SLICE_MILLIS = 100;

    /// A piece of work.
    @FunctionalInterface
    interface Work {
        /// @return how much of its time it waited, nanoseconds
        long run() throws SQLException;
    }

    void spend(Work work) throws SQLException, InterruptedException {
        long started = System.nanoTime();
        long waited = work.run();
        long worked = Math.max(0, System.nanoTime() - started - waited);
        long until = System.nanoTime() + (long) (worked * (1 / share - 1));
        for (long left = until - System.nanoTime();
                left > 0 && !stopped.getAsBoolean();
                left = until - System.nanoTime()) {
            Thread.sleep(Math.min(SLICE_MILLIS, Duration.ofNanos(left).toMillis() + 1));
        }
    }
}
