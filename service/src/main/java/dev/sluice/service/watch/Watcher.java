package dev.sluice.service.watch;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads a pipeline once a second on a thread of its own: who asks here never waits for PostgreSQL,
/// and is told while it
/// does not answer. Any thread may ask.
public final class Watcher implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// A reading that takes longer is one that gets no answer.
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    private final Source source;
    private final History history = new History();
    private final Thread thread;
    private volatile Watched last;
    private volatile @Nullable SluiceException failure;

    /// Where it is read from; for one thread at a time.
    public interface Source {
        /// @throws SluiceException when PostgreSQL can't be asked
        Reading read() throws InterruptedException;
    }

    private Watcher(Source source, Reading first) {
        this.source = source;
        this.last = history.add(first);
        this.thread = Thread.ofPlatform().name("sluice-watch").daemon(true).unstarted(this::readAgainAndAgain);
    }

    /// Reads it once, and then again and again until this is closed.
    ///
    /// @throws SluiceException when PostgreSQL can't be asked the first time
    public static Watcher start(Source source) throws InterruptedException {
        Watcher watcher = new Watcher(source, source.read());
        watcher.thread.start();
        return watcher;
    }

    private void readAgainAndAgain() {
        try {
            while (true) {
                Thread.sleep(EVERY);
                try {
                    last = history.add(source.read());
                    failure = null;
                } catch (SluiceException away) {
                    failure = away;
                } catch (RuntimeException unexpected) {
                    failure = Failures.classify(unexpected);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// What there is to see now.
    public Watched now() {
        Watched known = last;
        SluiceException met = failure;
        Duration age = Duration.between(known.at(), Instant.now());
        if (met == null && age.compareTo(PATIENCE) < 0) {
            return known;
        }
        return known.withAway(String.format(
                Locale.ROOT,
                "%s since %s, %s ago%s What follows is of then; it goes on by itself.",
                met != null && met.kind() != FailureKind.TARGET_UNREACHABLE
                        ? "PostgreSQL can't be asked"
                        : "PostgreSQL does not answer",
                known.at().truncatedTo(ChronoUnit.SECONDS),
                Spans.text(age.toMillis() / 1_000.0),
                met == null ? "." : ": " + met.whatHappened()));
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
