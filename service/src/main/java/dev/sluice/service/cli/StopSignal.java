package dev.sluice.service.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Ctrl-C and SIGTERM for a command that ends in good order when it is asked to: its work looks here
/// whether to stop, is given some time to, and the process ends with 1, since it did not get to the end.
final class StopSignal implements AutoCloseable, BooleanSupplier {
    /// A step takes seconds; a server that does not answer is given up before whoever stops us gives up.
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
