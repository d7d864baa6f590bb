package dev.sluice.service.ops;

import dev.sluice.change.IdText;
import dev.sluice.cutover.ShadowResult;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.KeyResult;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.verify.Recheck;
import dev.sluice.verify.SincePosition;
import dev.sluice.verify.Verdict;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares documents that applications read differently from both sides, one bounded group after the
/// other, on a thread of its own. While a server is away they wait; what is still undecided after some
/// minutes stays unchecked. What differs is recorded as drift. Every public method may be called by any
/// thread.
final class ShadowComparisons implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShadowComparisons.class);

    /// How many different reads may wait.
    private static final int WAITING_MAX = 10_000;

    /// How much their keys may take.
    private static final long CHARACTERS_MAX = 16L << 20;

    private static final int DOCUMENTS_AT_ONCE = 500;

    /// A document that is written each time it is compared must not keep the others waiting for longer.
    private static final int LOOKS_MAX = 3;

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);
    private static final Duration IDLE = Duration.ofSeconds(30);

    private static final int SAID_MAX = 10_000;

    private final PipelineSpec pipeline;
    private final Settled settled;
    private final SequencedMap<Read, Waiting> queue = new LinkedHashMap<>();
    private final Set<String> said = new HashSet<>();
    private final Thread thread;
    private long characters;
    private volatile boolean closed;

    /// Hears what became of reads, on the thread of this class.
    @FunctionalInterface
    interface Settled {
        /// @param reads of the collection, by result
        /// @throws SQLException when it can't be stored; it is told again later
        void settled(String collection, Map<ShadowResult, Long> reads) throws SQLException;
    }

    /// Reads of the same documents are compared once.
    ///
    /// @param keys as [RowIdentity#documentKey] writes them
    private record Read(String collection, Set<String> keys) {
        long length() {
            return keys.stream().mapToLong(String::length).sum();
        }
    }

    /// @param reads how many there were
    private record Waiting(long reads, long sinceNanos) {}

    private ShadowComparisons(PipelineSpec pipeline, Settled settled) {
        this.pipeline = pipeline;
        this.settled = settled;
        this.thread = Thread.ofPlatform().name("sluice-shadow").daemon(true).unstarted(this::compareUntilClosed);
    }

    static ShadowComparisons start(PipelineSpec pipeline, Settled settled) {
        ShadowComparisons comparisons = new ShadowComparisons(pipeline, settled);
        comparisons.thread.start();
        return comparisons;
    }

    /// Has the documents of a read compared.
    ///
    /// @param collection a mapped one
    /// @param ids at least one
    /// @return why they are not compared, in a sentence; null when they are
    synchronized @Nullable String offer(String collection, Collection<BsonValue> ids) {
        CollectionTarget target = target(collection);
        if (ids.stream().anyMatch(id -> target.mapper().key(id) instanceof KeyResult.NoKey)) {
            return "A document with such an _id can have no row, by the mapping.";
        }
        Read read = new Read(
                collection,
                ids.stream().map(RowIdentity::documentKey).collect(Collectors.toCollection(LinkedHashSet::new)));
        Waiting same = queue.get(read);
        if (same != null) {
            queue.put(read, new Waiting(same.reads() + 1, same.sinceNanos()));
            return null;
        }
        if (closed || queue.size() >= WAITING_MAX || characters + read.length() > CHARACTERS_MAX) {
            return "As many reads wait to be compared as can wait.";
        }
        queue.put(read, new Waiting(1, System.nanoTime()));
        characters += read.length();
        notifyAll();
        return null;
    }

    private CollectionTarget target(String collection) {
        return pipeline.targets().stream()
                .filter(t -> t.collection().equals(collection))
                .findFirst()
                .orElseThrow();
    }

    /// How many reads wait to be compared, or are being compared.
    synchronized long waiting() {
        return queue.values().stream().mapToLong(Waiting::reads).sum();
    }

    private void compareUntilClosed() {
        Recheck recheck = null;
        try {
            while (!closed) {
                Map<Read, Waiting> group = next(recheck == null ? Duration.ZERO : IDLE);
                if (group.isEmpty()) {
                    close(recheck);
                    recheck = null;
                    continue;
                }
                try {
                    if (recheck == null) {
                        recheck = Recheck.open(pipeline, new SincePosition(pipeline), () -> closed);
                    }
                    compare(recheck, group);
                } catch (SQLException | RuntimeException failed) {
                    close(recheck);
                    recheck = null;
                    onFailure(group, Failures.classify(failed));
                    rest();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            close(recheck);
        }
    }

    private static void close(@Nullable Recheck recheck) {
        if (recheck != null) {
            recheck.close();
        }
    }

    /// The next group, all of one collection. It stays in the queue.
    ///
    /// @param longest how long to wait for one; zero for as long as it takes
    /// @return empty when there was none
    private synchronized Map<Read, Waiting> next(Duration longest) throws InterruptedException {
        long until = System.nanoTime() + longest.toNanos();
        while (queue.isEmpty() && !closed) {
            long left = longest.isZero() ? 0 : (until - System.nanoTime()) / 1_000_000;
            if (!longest.isZero() && left <= 0) {
                break;
            }
            wait(left);
        }
        Map<Read, Waiting> group = new LinkedHashMap<>();
        int documents = 0;
        for (Map.Entry<Read, Waiting> entry : queue.entrySet()) {
            Read first =
                    group.isEmpty() ? entry.getKey() : group.keySet().iterator().next();
            if (first.collection().equals(entry.getKey().collection())
                    && (group.isEmpty() || documents + entry.getKey().keys().size() <= DOCUMENTS_AT_ONCE)) {
                group.put(entry.getKey(), entry.getValue());
                documents += entry.getKey().keys().size();
            }
        }
        return group;
    }

    private void compare(Recheck recheck, Map<Read, Waiting> group) throws SQLException, InterruptedException {
        String collection = group.keySet().iterator().next().collection();
        Set<String> keys = new LinkedHashSet<>();
        group.keySet().forEach(read -> keys.addAll(read.keys()));
        Map<String, Verdict> verdicts = new HashMap<>();
        recheck.settle(target(collection), keys.stream().map(IdText::parse).toList(), LOOKS_MAX)
                .forEach((id, verdict) -> verdicts.put(RowIdentity.documentKey(id), verdict));
        say(collection, verdicts);
        Map<Read, ShadowResult> results = new LinkedHashMap<>();
        group.forEach((read, waiting) -> {
            ShadowResult result = result(read, verdicts);
            if (result != ShadowResult.UNCHECKED || System.nanoTime() - waiting.sinceNanos() > PATIENCE.toNanos()) {
                results.put(read, result);
            }
        });
        settle(collection, group, results);
        if (results.size() < group.size() && !closed) {
            // What is written all the time, or was not applied yet, is compared again behind the others.
            rest();
        }
    }

    private static ShadowResult result(Read read, Map<String, Verdict> verdicts) {
        boolean all = true;
        for (String key : read.keys()) {
            Verdict verdict = verdicts.get(key);
            if (verdict instanceof Verdict.Drifted) {
                return ShadowResult.DIFFERENT;
            }
            all &= verdict instanceof Verdict.Equal;
        }
        return all ? ShadowResult.UNCONFIRMED : ShadowResult.UNCHECKED;
    }

    private void settle(String collection, Map<Read, Waiting> group, Map<Read, ShadowResult> results)
            throws SQLException {
        Map<ShadowResult, Long> reads = new HashMap<>();
        results.forEach((read, result) -> {
            Waiting waiting = group.get(read);
            reads.merge(result, waiting == null ? 0 : waiting.reads(), Long::sum);
        });
        settled.settled(collection, reads);
        remove(group, results.keySet());
    }

    /// Those that came in the meantime stay, and so does what is not settled, at the end.
    private synchronized void remove(Map<Read, Waiting> group, Set<Read> done) {
        for (Map.Entry<Read, Waiting> entry : group.entrySet()) {
            Read read = entry.getKey();
            Waiting now = queue.remove(read);
            if (now == null) {
                continue;
            }
            long left = done.contains(read) ? now.reads() - entry.getValue().reads() : now.reads();
            if (left > 0) {
                queue.put(read, new Waiting(left, done.contains(read) ? System.nanoTime() : now.sinceNanos()));
            } else {
                characters -= read.length();
            }
        }
    }

    /// Once for each document for as long as it differs.
    private void say(String collection, Map<String, Verdict> verdicts) {
        int found = 0;
        for (Map.Entry<String, Verdict> one : verdicts.entrySet()) {
            String document = collection + " " + one.getKey();
            switch (one.getValue()) {
                case Verdict.Equal equal -> said.remove(document);
                case Verdict.Undecided undecided -> {}
                case Verdict.Drifted drifted -> {
                    if (said.size() >= SAID_MAX) {
                        said.clear();
                    }
                    found += said.add(document) ? 1 : 0;
                }
            }
        }
        if (found > 0) {
            LOG.warn(
                    "{}: {} not as they should be. SELECT * FROM sluice.drift shows which; `sluice verify"
                            + " --repair` resyncs {}.",
                    collection,
                    Counted.of(
                            found,
                            "document was read differently from both sides by an application, and its rows are",
                            "documents were read differently from both sides by an application, and their rows are"),
                    found == 1 ? "it" : "them");
        }
    }

    private void onFailure(Map<Read, Waiting> group, SluiceException failure) {
        if (closed) {
            return;
        }
        if (failure.kind().retry() != FailureKind.Retry.NEVER) {
            LOG.debug("Shadow reads could not be compared; they wait: {}", failure.getMessage());
            remove(group, Set.of());
            return;
        }
        String collection = group.keySet().iterator().next().collection();
        LOG.warn("{}: shadow reads could not be compared and stay unchecked: {}", collection, failure.forPeople());
        Map<Read, ShadowResult> unchecked = new LinkedHashMap<>();
        group.keySet().forEach(read -> unchecked.put(read, ShadowResult.UNCHECKED));
        try {
            settle(collection, group, unchecked);
        } catch (SQLException away) {
            LOG.debug("What became of shadow reads could not be stored: {}", Failures.describe(away));
        }
    }

    private synchronized void rest() throws InterruptedException {
        long until = System.nanoTime() + AFTER_FAILURE.toNanos();
        for (long left = AFTER_FAILURE.toMillis();
                !closed && left > 0;
                left = (until - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        thread.interrupt();
    }
}
