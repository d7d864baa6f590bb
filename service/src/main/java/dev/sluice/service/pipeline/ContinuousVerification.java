package dev.sluice.service.pipeline;

import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.catalog.TableTriggers;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.verify.Drift;
import dev.sluice.verify.InFlight;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Recheck;
import dev.sluice.verify.SincePosition;
import dev.sluice.verify.Verifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Verifies for as long as a pipeline streams, within a budget: documents that the stream has written are
/// compared again, and full rounds over all documents follow one another. Its findings are in
/// `sluice.drift` and the metrics, and once in the log. It never stops the pipeline: when a server is away,
/// it tries again later.
final class ContinuousVerification implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ContinuousVerification.class);
    private static final Duration BETWEEN_ROUNDS = Duration.ofSeconds(30);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /// Looking takes about a second, most of which is waiting, so this is about as many a second.
    private static final int WRITTEN_MAX = 500;

    private static final int LOGGED_MAX = 10_000;

    private final Pipeline pipeline;
    private final double share;
    private final WrittenDocuments written = new WrittenDocuments(WRITTEN_MAX);
    private final InFlight inFlight;
    private final Map<String, Long> said = new HashMap<>();
    private final LoggedDrift logged = new LoggedDrift(LOGGED_MAX);
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean ending;

    /// @param share of the time that each of the two may work, over 0 and up to 1
    ContinuousVerification(Pipeline pipeline, double share) {
        this.pipeline = pipeline;
        this.share = share;
        this.inFlight = new SincePosition(pipeline.spec());
    }

    /// Begins on threads of its own; nothing happens before the pipeline streams.
    ContinuousVerification start() {
        start("sluice-verify", this::rounds);
        start("sluice-recheck", this::recheck);
        return this;
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private void start(String name, Work work) {
        threads.add(Thread.ofPlatform().name(name).daemon(true).start(() -> {
            try {
                work.run();
            } catch (InterruptedException closed) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    /// Ends it; the comparison in progress gets some seconds.
    @Override
    public void close() {
        ending = true;
        try {
            for (Thread thread : threads) {
                thread.join(CLOSE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// What the stream's applier has written; on its thread.
    void onWritten(List<RowChange> changes) {
        written.add(changes);
    }

    /// By collection, the documents that the stream has written since the last full round began, and that were not
    /// compared again. Any thread.
    Map<String, Long> rechecks() {
        return pipeline.spec().targets().stream()
                .collect(Collectors.toMap(CollectionTarget::collection, written::left));
    }

    /// Compares all documents, one round after the other.
    private void rounds() throws InterruptedException {
        VerifyRun run = new VerifyRun(pipeline.spec());
        Verifier.Wish wish = new Verifier.Wish(Mode.FULL, Origin.CONTINUOUS, 1, share, 1, false);
        Failure failure = new Failure("The verification failed and resumes later");
        while (awaitStreaming()) {
            try {
                for (CollectionTarget target : pipeline.spec().targets()) {
                    if (!ending && run.isCopied(target)) {
                        long before = written.left(target);
                        Verifier.Result result = run.verify(target, wish, (t, progress) -> {}, () -> ending);
                        if (result.complete()) {
                            written.onCompared(target, before);
                        }
                        say(target, result);
                    }
                }
                failure.over();
                rest(BETWEEN_ROUNDS);
            } catch (RuntimeException broken) {
                failure.say(broken);
                rest(AFTER_FAILURE);
            }
        }
    }

    private void say(CollectionTarget target, Verifier.Result result) {
        long rows = result.drift().values().stream().mapToLong(Long::longValue).sum();
        if (!result.complete() || said.getOrDefault(result.collection(), 0L) == rows) {
            return;
        }
        said.put(result.collection(), rows);
        if (rows > 0) {
            LOG.warn(
                    "{}: {}: {}. {}SELECT * FROM sluice.drift shows which; `sluice verify --repair` resyncs the documents{}.",
                    result.collection(),
                    Counted.of(rows, "row is not as it should be", "rows are not as they should be"),
                    kinds(result),
                    cause(target, rows),
                    result.drift().getOrDefault(Drift.Kind.EXTRA, 0L) > 0
                            ? " and deletes the rows that are extra"
                            : "");
        } else {
            LOG.info("{}: equal again, {}.", result.collection(), Counted.of(result.documents(), "document"));
        }
    }

    /// Sentences, with a blank behind each.
    private String cause(CollectionTarget target, long rows) {
        Staying staying = DeadLetterStore.staying(
                        pipeline.spec().connector(), pipeline.spec().name())
                .get(target.collection());
        String trigger = TableTriggers.ofWrites(pipeline.spec().connector(), List.of(target))
                .get(target.collection());
        Optional<String> stayed = new VerifyRun(pipeline.spec()).stayed(target.collection());
        String others = stayed.map(sentence -> sentence + " Else: ").orElse("")
                + (trigger == null ? "" : trigger + " changes or undoes what is written, ")
                + "another client has written there, or Sluice has a bug. ";
        if (staying == null) {
            return Character.toUpperCase(others.charAt(0)) + others.substring(1);
        }
        return Counted.of(staying.rows(), "of them is to be deleted and stays", "of them are to be deleted and stay")
                + ", since PostgreSQL does not let " + (staying.rows() == 1 ? "it" : "them") + " go: " + staying.why()
                + ". "
                + (rows > staying.rows() ? "Of the others, " + others : "");
    }

    /// `1 missing, 2 extra`.
    private static String kinds(Verifier.Result result) {
        return Arrays.stream(Drift.Kind.values())
                .filter(result.drift()::containsKey)
                .map(kind -> String.format(Locale.ROOT, "%,d %s", result.drift().get(kind), kind.text()))
                .collect(Collectors.joining(", "));
    }

    /// Compares again what the stream has written.
    private void recheck() throws InterruptedException {
        Failure failure = new Failure("What the stream has written could not be verified");
        while (awaitStreaming()) {
            TargetTables tables = null;
            try {
                tables = TargetTables.check(
                        pipeline.spec().connector(), pipeline.spec().targets());
                recheckUntilEnd(failure);
            } catch (RuntimeException broken) {
                failure.say(tables == null ? broken : tables.explain(broken));
                rest(AFTER_FAILURE);
            }
        }
    }

    private void recheckUntilEnd(Failure failure) throws InterruptedException {
        try (Recheck recheck = Recheck.open(pipeline.spec(), inFlight, () -> ending)) {
            while (!ending) {
                WrittenDocuments.@Nullable Batch batch =
                        written.take(pipeline.spec().targets());
                if (batch == null) {
                    rest(POLL);
                } else {
                    look(recheck, batch);
                    failure.over();
                }
            }
        }
    }

    /// Logs why one of the two can't work, once for as long as that lasts. For one thread.
    private static final class Failure {
        /// What a comparison meets at most a moment before the stream does.
        private static final Set<FailureKind> OF_THE_STREAM = EnumSet.of(
                FailureKind.TARGET_ALTERED,
                FailureKind.COLLECTION_CHANGED,
                FailureKind.DATABASE_DROPPED,
                FailureKind.HISTORY_LOST,
                FailureKind.CHANGE_TOO_LARGE,
                FailureKind.SOURCE_REPLACED,
                FailureKind.FENCED_OUT);

        private final String what;
        private @Nullable String said;

        Failure(String what) {
            this.what = what;
        }

        /// What stops the stream too is said by the stream; anything else is logged.
        void say(RuntimeException broken) {
            SluiceException known = Failures.classify(broken);
            if (known.kind().retry() == FailureKind.Retry.FOREVER || OF_THE_STREAM.contains(known.kind())) {
                LOG.debug("{}: {}", what, known.getMessage());
            } else if (!String.valueOf(known.getMessage()).equals(said)) {
                said = String.valueOf(known.getMessage());
                LOG.warn("{}: {} The stream continues.", what, known.forPeople());
            }
            LOG.debug("The cause", broken);
        }

        void over() {
            if (said != null) {
                said = null;
                LOG.info("The verification continues.");
            }
        }
    }

    private void look(Recheck recheck, WrittenDocuments.Batch batch) throws InterruptedException {
        String collection = batch.target().collection();
        int drifted = logged.add(collection, recheck.look(batch.target(), batch.documents()));
        if (drifted > 0) {
            LOG.warn(
                    "{}: {} not as they should be. SELECT * FROM sluice.drift shows which; `sluice verify --repair` resyncs {}.",
                    collection,
                    Counted.of(
                            drifted,
                            "document was just written by the stream, and its rows are",
                            "documents were just written by the stream, and their rows are"),
                    drifted == 1 ? "it" : "them");
        }
        // Most of the time of a look is waiting for the stream, so the share is of what is left.
        rest(POLL);
    }

    /// @return false when it is to stop
    private boolean awaitStreaming() throws InterruptedException {
        while (!ending && !(pipeline.status().state() instanceof PipelineState.Streaming)) {
            rest(POLL);
        }
        return !ending;
    }

    private void rest(Duration length) throws InterruptedException {
        long until = System.nanoTime() + length.toNanos();
        while (!ending && System.nanoTime() < until) {
            Thread.sleep(Math.min(100, length.toMillis()));
        }
    }
}
