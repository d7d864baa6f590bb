package dev.sluice.service.watch;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads a pipeline once a second on a thread of its own: who asks here never waits for PostgreSQL,
/// and is told while it
/// fails to answer, or takes more than ten seconds. Any thread may ask.
public final class Watcher implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// On a busy machine an answer may take seconds. What takes longer is none.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Source source;
    private final Completion completion;
    private final InstantSource clock;
    private final History history = new History();
    private final Thread thread;
    private volatile Watched last;
    private volatile @Nullable SluiceException failure;

    /// Null while PostgreSQL is not asked.
    private volatile @Nullable Instant askedAt;

    /// Where it is read from; for one thread at a time.
    public interface Source {
        /// @throws SluiceException when PostgreSQL can't be asked
        Reading read() throws InterruptedException;
    }

    /// What is added to a reading after PostgreSQL has answered. However long it takes, that is no
    /// silence of PostgreSQL.
    public interface Completion {
        Reading complete(Reading reading) throws InterruptedException;
    }

    private Watcher(Source source, Completion completion, InstantSource clock, Reading first) {
        this.source = source;
        this.completion = completion;
        this.clock = clock;
        this.last = history.add(first);
        this.thread = Thread.ofPlatform().name("sluice-watch").daemon(true).unstarted(this::readAgainAndAgain);
    }

    /// Reads it once, and then again and again until this is closed.
    ///
    /// @throws SluiceException when PostgreSQL can't be asked the first time
    public static Watcher start(Source source) throws InterruptedException {
        return start(source, reading -> reading);
    }

    /// The same, with something added to each reading.
    ///
    /// @throws SluiceException when PostgreSQL can't be asked the first time
    public static Watcher start(Source source, Completion completion) throws InterruptedException {
        return start(source, completion, InstantSource.system());
    }

    static Watcher start(Source source, Completion completion, InstantSource clock) throws InterruptedException {
        Watcher watcher = new Watcher(source, completion, clock, completion.complete(source.read()));
        watcher.thread.start();
        return watcher;
    }

    private void readAgainAndAgain() {
        try {
            while (true) {
                Thread.sleep(EVERY);
                try {
                    askedAt = clock.instant();
                    Reading reading = source.read();
                    askedAt = null;
                    failure = null;
                    last = history.add(completion.complete(reading));
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
        Instant asked = askedAt;
        Instant now = clock.instant();
        if (met == null && (asked == null || Duration.between(asked, now).compareTo(PATIENCE) < 0)) {
            return known;
        }
        return known.withAway(String.format(
                Locale.ROOT,
                "%s since %s, %s ago%s What follows is of then; it goes on by itself.",
                met != null && met.kind() != FailureKind.TARGET_UNREACHABLE
                        ? "PostgreSQL can't be asked"
                        : "PostgreSQL does not answer",
                known.at().truncatedTo(ChronoUnit.SECONDS),
                Spans.text(Duration.between(known.at(), now).toMillis() / 1_000.0),
                met == null ? "." : ": " + met.whatHappened()));
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
