package dev.sluice.service.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Ctrl-C and SIGTERM for a command that can stop cleanly: its work checks here
/// whether to stop and gets some time for it; the process ends with 1, since the work is not complete.
final class StopSignal implements AutoCloseable, BooleanSupplier {
    /// A step takes seconds; the wait for a server that does not answer ends before a service manager kills us.
    private static final long STOP_SECONDS = 25;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean stopped;

    private StopSignal(PrintWriter err, String stopping, @Nullable String end) {
        this.hook = new Thread(() -> stop(err, stopping, end), "sluice-stop");
    }

    /// @param stopping said when the signal comes
    /// @param end said when the work has stopped; null where the work says it itself
    static StopSignal install(PrintWriter err, String stopping, @Nullable String end) {
        StopSignal signal = new StopSignal(err, stopping, end);
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    /// Whether to stop.
    @Override
    public boolean getAsBoolean() {
        return stopped;
    }

    private void stop(PrintWriter err, String stopping, @Nullable String end) {
        stopped = true;
        err.println(stopping);
        err.flush();
        try {
            if (ended.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                if (end != null) {
                    err.println(end);
                    err.flush();
                }
                Runtime.getRuntime().halt(SluiceCommand.FINDING);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook ends the process.
        }
    }
}
