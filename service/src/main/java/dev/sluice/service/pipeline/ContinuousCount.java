package dev.sluice.service.pipeline;

import dev.sluice.balance.BalanceCount;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts documents and rows repeatedly for as long as a pipeline streams, so that the status and the
/// metrics show the current numbers and not those of the copy. Collections that the stream has changed are
/// counted soon, the others less often, since other clients write too. Where counting takes long it is done
/// less often. It never stops the pipeline.
final class ContinuousCount implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ContinuousCount.class);
    private static final Duration EVERY = Duration.ofSeconds(10);
    private static final Duration IDLE_EVERY = Duration.ofMinutes(1);
    private static final Duration BETWEEN_ROUNDS = Duration.ofSeconds(1);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final long POLL_MILLIS = 100;

    /// A collection is counted no more often than once in so many times of what its count takes.
    private static final int SHARE = 20;

    /// As [#SHARE], where a count takes longer than [#LONG]: it reads the whole index of `_id`s, and of a large
    /// collection that keeps both servers busy.
    private static final int SHARE_OF_LONG = 100;

    private static final Duration LONG = Duration.ofSeconds(1);

    /// After each count it rests for so many times of what that took.
    private static final int REST = 4;

    private final Pipeline pipeline;
    private final BalanceCount counter;
    private final Thread thread;
    /// Of those that were counted; the thread's alone.
    private final Map<String, Seen> seen = new HashMap<>();
    private volatile boolean ending;

    /// How a collection was when it was counted last.
    ///
    /// @param changes of it that the stream had applied
    /// @param took how long it took, nanoseconds
    private record Seen(long changes, long nanos, long took) {
        boolean isDue(long changesNow) {
            Duration least = changesNow == changes ? IDLE_EVERY : EVERY;
            int share = took > LONG.toNanos() ? SHARE_OF_LONG : SHARE;
            return System.nanoTime() - nanos > Math.max(least.toNanos(), share * took);
        }
    }

    private ContinuousCount(Pipeline pipeline) {
        this.pipeline = pipeline;
        this.counter = new BalanceCount(pipeline.spec());
        this.thread = Thread.ofPlatform().name("sluice-balance").daemon(true).unstarted(this::run);
    }

    /// Begins on a thread of its own; nothing happens before the pipeline streams.
    static ContinuousCount start(Pipeline pipeline) {
        ContinuousCount count = new ContinuousCount(pipeline);
        count.thread.start();
        return count;
    }

    @Override
    public void close() {
        ending = true;
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!ending) {
                if (streams()) {
                    round();
                }
                rest(BETWEEN_ROUNDS);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /// Counts what is due.
    private void round() throws InterruptedException {
        List<CollectionTarget> due = pipeline.spec().targets().stream()
                .filter(target -> {
                    Seen last = seen.get(target.collection());
                    return last == null || last.isDue(changes(target));
                })
                .toList();
        if (due.isEmpty()) {
            return;
        }
        try (Connection connection = pipeline.spec().connector().openForLongWork()) {
            for (CollectionTarget target : due) {
                long changes = changes(target);
                long started = System.nanoTime();
                boolean counted = counter.ifCopied(connection, target, () -> ending || !streams())
                        .isPresent();
                long took = System.nanoTime() - started;
                if (counted) {
                    seen.put(target.collection(), new Seen(changes, started, took));
                }
                rest(Duration.ofNanos(REST * took));
            }
        } catch (SluiceException | SQLException away) {
            // The age of the counts is shown with them; the pipeline itself reports that a server is away.
            LOG.debug("Documents and rows could not be counted", away);
            rest(AFTER_FAILURE);
        }
    }

    private long changes(CollectionTarget target) {
        CollectionStatus status = pipeline.status().collections().get(target.collection());
        return status == null ? 0 : status.changesApplied();
    }

    private boolean streams() {
        return pipeline.status().state() instanceof PipelineState.Streaming;
    }

    private void rest(Duration length) throws InterruptedException {
        long until = System.nanoTime() + length.toNanos();
        while (!ending && System.nanoTime() < until) {
            Thread.sleep(Math.min(POLL_MILLIS, Math.max(1, length.toMillis())));
        }
    }
}
