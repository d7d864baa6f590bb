package dev.sluice.service.ops;

import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What PostgreSQL said last, read again and again on a thread of its own: who asks here never
/// waits for PostgreSQL and is answered while it is away, too. Any thread may ask.
public final class LatestReading<T> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LatestReading.class);

    private final Source<T> source;
    private final Pace pace;
    private final Thread reader;
    private volatile @Nullable Known<T> known;

    private record Known<T>(T value, long nanos, long goodForNanos) {}

    /// What was read.
    ///
    /// @param stale whether it was read longer ago than [Pace#stale]
    public record Reading<T>(T value, boolean stale) {}

    /// How often is read.
    ///
    /// @param every from the end of a reading to the next
    /// @param restTimes the same, as a multiple of how long the reading took: the longer of both
    ///     counts, so that a reading that takes long is done less often
    /// @param stale how old a reading becomes before it is out of date; at least twice `restTimes`
    public record Pace(Duration every, int restTimes, Duration stale) {}

    /// Where it is read from. Every method is called by the reader's thread.
    public interface Source<T> {
        /// @throws SQLException or [SluiceException] when PostgreSQL does not answer: it is read
        ///     again after [Pace#every]
        T read() throws SQLException;

        /// Called with what was read, once it can be asked for.
        default void hasRead(T value) {}

        /// Waits until it is time to read again.
        ///
        /// @param most when to end at the latest
        default void await(Duration most) throws SQLException, InterruptedException {
            Thread.sleep(most);
        }

        /// Closes what is open, after a failure and at the end.
        default void reset() {}
    }

    private LatestReading(String name, Pace pace, Source<T> source) {
        this.source = source;
        this.pace = pace;
        this.reader = Thread.ofPlatform().name(name).daemon(true).unstarted(this::readAgainAndAgain);
    }

    /// @param name of the thread
    /// @return one that reads nothing before [#start]
    public static <T> LatestReading<T> of(String name, Pace pace, Source<T> source) {
        return new LatestReading<>(name, pace, source);
    }

    public void start() {
        reader.start();
    }

    /// Null before the first one.
    public @Nullable Reading<T> last() {
        Known<T> last = known;
        return last == null
                ? null
                : new Reading<>(last.value(), System.nanoTime() - last.nanos() > last.goodForNanos());
    }

    private void readAgainAndAgain() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    source.await(read());
                } catch (SluiceException | SQLException away) {
                    // The pipeline itself reports it; here a reading becomes stale.
                    LOG.debug("{} could not read: {}", reader.getName(), Failures.describe(away));
                    source.reset();
                    Thread.sleep(pace.every());
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } finally {
            source.reset();
        }
    }

    /// @return how long to wait then
    private Duration read() throws SQLException {
        long started = System.nanoTime();
        T value = source.read();
        long now = System.nanoTime();
        long rest = pace.restTimes() * (now - started);
        known = new Known<>(value, now, Math.max(pace.stale().toNanos(), 2 * rest));
        source.hasRead(value);
        return Duration.ofNanos(Math.max(pace.every().toNanos(), rest));
    }

    @Override
    public void close() {
        reader.interrupt();
    }
}
