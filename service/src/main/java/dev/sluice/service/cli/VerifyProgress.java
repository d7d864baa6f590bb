package dev.sluice.service.cli;

import dev.sluice.positions.PauseStore.Pause;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.verify.Verifier;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/// Prints the progress of a verification and its repair every few seconds, apart from the output, which a
/// program may read. One call at a time.
final class VerifyProgress implements Verifier.Listener, ListDrain.Listener {
    private static final long LINE_EVERY_NANOS = Duration.ofSeconds(2).toNanos();

    private final PrintWriter err;
    private long saidAt = System.nanoTime();
    private String collection = "";
    private long startedAt;
    private long startedWith;

    VerifyProgress(PrintWriter err) {
        this.err = err;
    }

    @Override
    public void onProgress(CollectionTarget target, Verifier.Progress progress) {
        long now = System.nanoTime();
        if (!collection.equals(target.collection())) {
            collection = target.collection();
            startedAt = now;
            startedWith = progress.documents();
        }
        if (now - saidAt < LINE_EVERY_NANOS) {
            return;
        }
        saidAt = now;
        if (progress.suspects() > 0) {
            say(
                    "%s: looking again at %s that differed, until all that was on its way is applied",
                    collection, Counted.of(progress.suspects(), "document"));
            return;
        }
        if (progress.isLookingForExtra()) {
            say("%s: looking for rows that no document explains", collection);
            return;
        }
        double perSecond = (progress.documents() - startedWith) / Math.max(1e-3, (now - startedAt) / 1e9);
        long left = Math.max(0, progress.estimate() - progress.documents());
        say(
                "%s: %,d of about %,d documents (%d %%)%s",
                collection,
                progress.documents(),
                progress.estimate(),
                progress.estimate() == 0 ? 100 : Math.min(100, 100 * progress.documents() / progress.estimate()),
                // None was compared yet by this process, or they are large.
                perSecond < 1
                        ? ""
                        : String.format(Locale.ROOT, ", %,.0f documents/s", perSecond)
                                + (left == 0
                                        ? ""
                                        : String.format(
                                                Locale.ROOT, ", about %,.0f s left", Math.ceil(left / perSecond))));
    }

    @Override
    public void onLeft(long left) {
        long now = System.nanoTime();
        if (now - saidAt >= LINE_EVERY_NANOS) {
            saidAt = now;
            say(
                    "%s: waiting until the process that runs the pipeline has resynced %s",
                    collection, Counted.of(left, "document"));
        }
    }

    @Override
    public void onNoHolder(Duration patience) {
        say(
                "%s: no process holds the pipeline now. Waiting %d s for one that may be coming back (a `run` that has lost a"
                        + " database tries again every 10 s); then this command resyncs the documents itself",
                collection, patience.toSeconds());
    }

    @Override
    public void onPaused(Pause pause) {
        err.println(pause.forPeople() + " This command repairs all the same.");
        err.flush();
    }

    @Override
    public void onTakenOver() {
        say("%s: no process runs the pipeline, so this command resyncs the documents itself", collection);
    }

    private void say(String format, Object... arguments) {
        err.printf(Locale.ROOT, format + "%n", arguments);
        err.flush();
    }
}
