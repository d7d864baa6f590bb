package dev.sluice.service.cli;

import dev.sluice.service.evolve.Evolution;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.verify.Verifier;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/// Prints the steps of `sluice evolve`, and every few seconds how far one is that takes long. One call
/// at a time.
final class EvolveProgress implements Evolution.Listener, AutoCloseable {
    private static final long LINE_EVERY_NANOS = Duration.ofSeconds(2).toNanos();

    private final PrintWriter err;
    private final CopyProgress copy;
    private final VerifyProgress comparison;
    private long saidAt = System.nanoTime();

    EvolveProgress(PrintWriter err) {
        this.err = err;
        this.copy = new CopyProgress(err, err, false);
        this.comparison = new VerifyProgress(err);
    }

    @Override
    public void onStep(String what) {
        err.println(what);
        err.flush();
    }

    @Override
    public void onFilling(String collection, long documents) {
        if (System.nanoTime() - saidAt >= LINE_EVERY_NANOS) {
            saidAt = System.nanoTime();
            onStep(String.format(Locale.ROOT, "%s: %,d documents are read again so far", collection, documents));
        }
    }

    @Override
    public CopyRun.Listener copy() {
        return copy;
    }

    @Override
    public Verifier.Listener comparison() {
        return comparison;
    }

    @Override
    public void close() {
        copy.close();
    }
}
