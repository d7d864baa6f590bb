package dev.sluice.service.program;

import java.io.IOException;
import java.io.UncheckedIOException;

/// Signals to processes of a test.
public final class Signal {
    private Signal() {}

    /// SIGSTOP: it is there and does nothing.
    public static void suspend(long pid) throws InterruptedException {
        send("-STOP", pid);
    }

    /// SIGCONT.
    public static void resume(long pid) throws InterruptedException {
        send("-CONT", pid);
    }

    private static void send(String name, long pid) throws InterruptedException {
        try {
            if (new ProcessBuilder("kill", name, Long.toString(pid)).start().waitFor() != 0) {
                throw new AssertionError("kill " + name + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
