package dev.sluice.service.cli;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Prune.Pruned;
import dev.sluice.change.OperationTime;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.WriteSummary;
import java.io.Console;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// Shows the progress of a copy: a bar for each collection on a terminal, lines where the output goes
/// to a file, a line for each chunk where that is asked for. One call at a time.
final class CopyProgress implements CopyRun.Listener, AutoCloseable {
    private static final long LINE_EVERY_NANOS = Duration.ofSeconds(2).toNanos();

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean eachChunk;
    private final boolean bars;
    private final long started = System.nanoTime();
    private final SequencedMap<String, Copied> copied = new LinkedHashMap<>();
    private final Map<String, SluiceException> failed = new TreeMap<>();
    private @Nullable ProgressBar bar;

    /// One collection's copy, in this process.
    private static final class Copied {
        private final long estimate;
        private final long before;
        private final long started = System.nanoTime();
        private long saidAt = started;
        private long documents;
        private WriteSummary total = WriteSummary.NOTHING;
        private double seconds;

        Copied(long estimate, long before) {
            this.estimate = estimate;
            this.before = before;
        }

        double secondsSoFar() {
            return (System.nanoTime() - started) / 1e9;
        }

        /// Of documents, not of rows: those that are right already are no rows that are written.
        double perSecond() {
            return documents / Math.max(secondsSoFar(), 1e-3);
        }

        long percent() {
            return estimate == 0 ? 100 : Math.min(100, 100 * (before + documents) / estimate);
        }

        /// @return empty where it is not known: nothing was copied yet, or there are more documents than estimated
        Optional<Duration> left() {
            return documents == 0 || before + documents >= estimate
                    ? Optional.empty()
                    : Optional.of(
                            Duration.ofSeconds(Math.round(Math.max(0, estimate - before - documents) / perSecond())));
        }
    }

    /// @param eachChunk a line for each chunk
    CopyProgress(PrintWriter out, PrintWriter err, boolean eachChunk) {
        this.out = out;
        this.err = err;
        this.eachChunk = eachChunk;
        this.bars = !eachChunk
                && Optional.ofNullable(System.console())
                        .map(Console::isTerminal)
                        .orElse(false);
    }

    @Override
    public void onEstimate(CollectionTarget target, long about, long alreadyCopied) {
        copied.put(target.collection(), new Copied(about, alreadyCopied));
        if (bars) {
            bar = new ProgressBarBuilder()
                    .setTaskName(target.collection())
                    .setInitialMax(about)
                    .startsFrom(Math.min(about, alreadyCopied), Duration.ZERO)
                    .setStyle(ProgressBarStyle.ASCII)
                    .showSpeed()
                    .setConsumer(new ConsoleProgressBarConsumer(new PrintStream(System.out, true)))
                    .build();
        } else {
            say(
                    "%s: about %s%s",
                    target.collection(),
                    Counted.of(about, "document"),
                    alreadyCopied == 0 ? "" : String.format(Locale.ROOT, ", %,d copied before", alreadyCopied));
        }
    }

    @Override
    public void onChunk(CollectionTarget target, Backfill.Done done) {
        Copied collection = copiedOf(target);
        collection.documents += done.documents();
        collection.total = collection.total.plus(done.summary());
        if (bar != null) {
            bar.stepBy(done.documents());
            bar.setExtraMessage(String.format(
                    Locale.ROOT,
                    " %,.0f rows/s, %d at once",
                    collection.total.rows() / collection.secondsSoFar(),
                    done.workers()));
        } else if (eachChunk) {
            say(
                    "%s: chunk %d (%s), %s, %s; read %d ms, written %d ms; %d at once, %d %%",
                    target.collection(),
                    done.chunk().number(),
                    done.chunk().bracket().name().toLowerCase(Locale.ROOT),
                    Counted.of(done.documents(), "document"),
                    Counted.of(done.summary().rows(), "row"),
                    done.reading().toMillis(),
                    done.writing().toMillis(),
                    done.workers(),
                    collection.percent());
        } else if (System.nanoTime() - collection.saidAt >= LINE_EVERY_NANOS) {
            collection.saidAt = System.nanoTime();
            say(
                    "%s: %s (%d %%), %s written%s",
                    target.collection(),
                    Counted.of(collection.before + collection.documents, "document"),
                    collection.percent(),
                    Counted.of(collection.total.rows(), "row"),
                    collection
                            .left()
                            .map(left -> String.format(
                                    Locale.ROOT,
                                    ", %,.0f documents/s, about %s left",
                                    collection.perSecond(),
                                    forPeople(left)))
                            .orElse(""));
        }
    }

    @Override
    public void onDone(CollectionTarget target) {
        closeBar();
        Copied collection = copiedOf(target);
        collection.seconds = collection.secondsSoFar();
        say(
                "%s: done; %s, %s written, %,d skipped%s, %s%s; %.1f s",
                target.collection(),
                Counted.of(collection.before + collection.documents, "document"),
                Counted.of(collection.total.rows(), "row"),
                collection.total.skipped(),
                collection.total.skippedBy().isEmpty() ? "" : " " + new TreeMap<>(collection.total.skippedBy()),
                Counted.of(collection.total.deadLetters(), "dead letter"),
                collection.total.waiting() == 0
                        ? ""
                        : String.format(Locale.ROOT, ", %,d wait for others", collection.total.waiting()),
                collection.seconds);
    }

    @Override
    public void onHeld(String holder) {
        closeBar();
        err.println("The pipeline is written by " + holder + ". It is waited for.");
        err.flush();
    }

    @Override
    public void onPassed(BsonTimestamp change, List<CollectionTarget> copied) {
        say(
                "The change at %s is passed; its collection is copied again: %s. If this is interrupted, `sluice run` and"
                        + " `sluice backfill` continue the copy.",
                OperationTime.text(change),
                String.join(
                        ", ", copied.stream().map(CollectionTarget::collection).toList()));
    }

    @Override
    public void onCopiedBefore(CollectionTarget target) {
        say("%s: copied before", target.collection());
    }

    @Override
    public void onFailed(CollectionTarget target, SluiceException failure) {
        closeBar();
        Optional<String> said = failed.entrySet().stream()
                .filter(e -> e.getValue().kind() == failure.kind()
                        && Objects.equals(e.getValue().getMessage(), failure.getMessage()))
                .map(Map.Entry::getKey)
                .findFirst();
        failed.put(target.collection(), failure);
        err.println(target.collection() + ": "
                + said.map(other -> "not copied, for the same reason as " + other + ".")
                        .orElseGet(() -> Complaint.of(failure, Optional.empty()).text()));
        err.flush();
    }

    @Override
    public void onResynced(Cause cause, int documents) {
        String why = switch (cause) {
            case REFERENCE -> "rows that are referred to came, changed or went";
            case DUPLICATE -> "other documents want the same row or unique value, and it was decided which has it";
            case DEAD_LETTER -> "dead letters that are to be retried";
            case ASKED -> "as was asked";
            case REPAIR -> "for a repair";
            case REPLAY -> "for a replay";
            case SCHEMA -> "for a changed mapping";
        };
        say("%s resynced: %s", Counted.of(documents, "document"), why);
    }

    @Override
    public void onPruned(CollectionTarget target, Pruned pruned) {
        if (pruned.rows() > 0) {
            say("%s: %s pruned that no document explains", target.collection(), Counted.of(pruned.rows(), "row"));
        } else {
            say("%s: no row was pruned", target.collection());
        }
    }

    /// The totals, after everything else.
    void sum() {
        closeBar();
        double seconds = (System.nanoTime() - started) / 1e9;
        long documents = copied.values().stream().mapToLong(c -> c.documents).sum();
        WriteSummary total =
                copied.values().stream().map(c -> c.total).reduce(WriteSummary.NOTHING, WriteSummary::plus);
        say(
                "Copied %s in %.1f s: %s read (%,.0f/s), %s written, %,d skipped, %s.%s",
                Counted.of(
                        copied.keySet().stream()
                                .filter(collection -> !failed.containsKey(collection))
                                .count(),
                        "collection"),
                seconds,
                Counted.of(documents, "document"),
                documents / Math.max(seconds, 1e-3),
                Counted.of(total.rows(), "row"),
                total.skipped(),
                Counted.of(total.deadLetters(), "dead letter"),
                failed.isEmpty() ? "" : " Not copied: " + String.join(", ", failed.keySet()) + ".");
    }

    private Copied copiedOf(CollectionTarget target) {
        return copied.computeIfAbsent(target.collection(), name -> new Copied(0, 0));
    }

    private static String forPeople(Duration left) {
        return left.toHours() > 0
                ? left.toHours() + " h " + left.toMinutesPart() + " min"
                : left.toMinutes() > 0
                        ? left.toMinutes() + " min " + left.toSecondsPart() + " s"
                        : left.toSeconds() + " s";
    }

    private void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }

    private void closeBar() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    @Override
    public void close() {
        closeBar();
    }
}
