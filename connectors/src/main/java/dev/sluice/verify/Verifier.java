package dev.sluice.verify;

import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.verify.VerificationStore.Phase;
import dev.sluice.verify.VerificationStore.Running;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Compares a collection with its tables while both are written to: every document's rows with its expected
/// rows, and then the rows that no document explains.
///
/// It reads the documents once, in the order of their `_id`s, and compares them chunk by chunk. A difference
/// is a suspect at first, most often a change in flight; suspects are compared again ([Settlement]) until
/// they are equal, or are drift. All its state is in PostgreSQL ([VerificationStore]), so it takes
/// little memory, and it can be interrupted at any moment and resumes where it was. Called by one thread,
/// which starts worker threads.
public final class Verifier {
    private static final int SETTLE_AT_ONCE = 5_000;

    /// How many looks a suspect gets that is written during each of them; then it is left undecided.
    private static final int LOOKS_MAX = 30;

    private final PipelineSpec pipeline;
    private final VerificationStore store;
    private final InFlight inFlight;
    private final Listener listener;
    private final BooleanSupplier stopped;

    /// Is told the progress of a verification, from any of its threads, one call at a time.
    public interface Listener {
        void onProgress(CollectionTarget target, Progress progress);
    }

    /// The progress of a verification.
    ///
    /// @param documents compared so far
    /// @param estimate how many there are, about; 0 when unknown
    /// @param suspects to be compared again; 0 while documents are read
    public record Progress(String phase, long documents, long estimate, long suspects) {
        /// Whether all documents are compared, and rows are looked for that none explains.
        public boolean isLookingForExtra() {
            return phase.equals(Phase.LOOKING_FOR_EXTRA.text());
        }
    }

    /// What is to be done.
    ///
    /// @param sample how many documents and rows a sample has
    /// @param share of the time that may be spent working, over 0 and up to 1
    /// @param workers how many chunks are compared at once
    /// @param afresh whether to start from the beginning instead of resuming an interrupted verification
    public record Wish(Mode mode, Origin origin, int sample, double share, int workers, boolean afresh) {
        /// How many chunks are compared at once by default.
        public static final int WORKERS = 2;

        public Wish {
            if (sample < 1 || workers < 1 || !(share > 0 && share <= 1)) {
                throw new IllegalArgumentException(
                        "sample, workers and share must be greater than 0, and share at most 1");
            }
        }

        /// The same request, resuming where the verification was interrupted.
        public Wish goingOn() {
            return new Wish(mode, origin, sample, share, workers, false);
        }
    }

    /// What a verification has found.
    ///
    /// @param documents that were compared
    /// @param rows of the collection's own table, counted at the end; before the end, the expected rows of the
    ///     documents compared so far
    /// @param drift how many rows differ, by kind; a kind that is not in it has none
    /// @param undecided documents that differed and were written during each look
    /// @param through it holds for MongoDB as of this time; null when unknown
    /// @param resumedAt how many documents an earlier process had compared
    /// @param complete false when it was stopped before the end; then only the documents mean something
    public record Result(
            long id,
            String collection,
            Mode mode,
            long documents,
            long rows,
            Map<Drift.Kind, Long> drift,
            long undecided,
            @Nullable Instant through,
            long resumedAt,
            boolean complete,
            Duration took) {
        public Result {
            drift = Map.copyOf(drift);
        }

        /// Whether it is complete and nothing differs.
        public boolean equal() {
            return complete && drift.isEmpty() && undecided == 0;
        }
    }

    /// @param inFlight asked when no process runs the pipeline
    /// @param stopped asked between steps, from any thread
    public Verifier(PipelineSpec pipeline, InFlight inFlight, Listener listener, BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.inFlight = inFlight;
        this.store = new VerificationStore(pipeline.name());
        this.listener = listener;
        this.stopped = stopped;
    }

    /// Documents without a row and rows without a document, once what was committed before is applied.
    ///
    /// @param differing how many rows are missing or extra, by kind; a kind that is not in it has none
    /// @param undecided documents and rows that a change explains which is not applied, and no process
    ///     applies it
    public record Standing(Map<Drift.Kind, Long> differing, long undecided) {
        public Standing {
            differing = Map.copyOf(differing);
        }
    }

    /// Counts which documents of a collection have a row, and records nothing.
    ///
    /// @return empty when it was stopped
    /// @throws SluiceException when a side could not be asked
    public Optional<Standing> standing(CollectionTarget target) {
        try (Connection connection = pipeline.connector().openForLongWork()) {
            connection.setAutoCommit(false);
            Counts.Counted counted = new Counts(pipeline, connection, target, inFlight, stopped).count();
            return counted.complete()
                    ? Optional.of(new Standing(counted.differing(), counted.undecided()))
                    : Optional.empty();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Compares one collection.
    ///
    /// @throws SluiceException when it could not continue; the next call resumes where it was
    public Result verify(CollectionTarget target, Wish wish) throws InterruptedException {
        long started = System.nanoTime();
        try (Connection bookkeeping = pipeline.connector().openForLongWork();
                Connection comparing = pipeline.connector().openForLongWork()) {
            store.discard(bookkeeping, target.collection(), wish.mode(), wish.origin(), wish.afresh());
            long estimate = wish.mode() == Mode.SAMPLE
                    ? wish.sample()
                    : pipeline.source().estimate(target.collection());
            Running running = store.takeUp(bookkeeping, target.collection(), wish.mode(), wish.origin())
                    .orElse(null);
            if (running == null) {
                running = store.begin(bookkeeping, target.collection(), wish.mode(), wish.origin(), estimate);
            }
            VerificationTask task = new VerificationTask(
                    pipeline, store, target, wish, running, bookkeeping, new Budget(wish.share(), stopped), stopped);
            return new Verification(task, comparing, estimate, started).run();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// One verification in this process.
    private final class Verification {
        private final VerificationTask task;
        private final CollectionTarget target;
        private final Wish wish;
        private final Connection bookkeeping;
        private final Connection comparing;
        private final Running running;
        private final long estimate;
        private final long startedNanos;
        private final ChunkedComparison chunks;
        private final UnexplainedRows unexplained;

        Verification(VerificationTask task, Connection comparing, long estimate, long startedNanos) {
            this.task = task;
            this.target = task.target();
            this.wish = task.wish();
            this.bookkeeping = task.bookkeeping();
            this.comparing = comparing;
            this.running = task.running();
            this.estimate = estimate;
            this.startedNanos = startedNanos;
            this.chunks = new ChunkedComparison(task, () -> progress(Phase.READING, 0));
            this.unexplained = new UnexplainedRows(task);
        }

        Result run() throws SQLException, InterruptedException {
            Phase phase = running.phase();
            if (wish.mode() == Mode.COUNTS) {
                return count();
            }
            if (phase == Phase.READING) {
                if (!chunks.run()) {
                    return stopped();
                }
                if (wish.mode() == Mode.SAMPLE) {
                    unexplained.suspectSome();
                }
                phase = Phase.LOOKING_FOR_EXTRA;
                store.enter(bookkeeping, running.id(), phase);
            }
            if (phase == Phase.LOOKING_FOR_EXTRA) {
                progress(phase, 0);
                if (wish.mode() == Mode.FULL) {
                    unexplained.find(comparing);
                }
                store.suspectDrifted(bookkeeping, running.id(), target.collection());
                phase = Phase.SETTLING;
                store.enter(bookkeeping, running.id(), phase);
            }
            long undecided = settle();
            if (undecided < 0) {
                return stopped();
            }
            comparing.setAutoCommit(true);
            long rows = task.rows(comparing);
            store.counted(bookkeeping, running.id(), rows);
            store.finish(bookkeeping, running.id(), store.driftRows(bookkeeping, target.collection()), undecided);
            return result(true, rows, undecided);
        }

        private Result stopped() throws SQLException {
            return result(false, chunks.rows(), 0);
        }

        private Result result(boolean complete, long rows, long undecided) throws SQLException {
            return new Result(
                    running.id(),
                    target.collection(),
                    wish.mode(),
                    chunks.documents(),
                    rows,
                    store.driftRows(bookkeeping, target.collection()),
                    undecided,
                    running.through(),
                    running.documents(),
                    complete,
                    Duration.ofNanos(System.nanoTime() - startedNanos));
        }

        private void progress(Phase phase, long suspects) {
            synchronized (listener) {
                listener.onProgress(target, new Progress(phase.text(), chunks.documents(), estimate, suspects));
            }
        }

        /// Compares keys alone. Rows are looked at when everything that was committed before is applied.
        private Result count() throws SQLException, InterruptedException {
            comparing.setAutoCommit(false);
            Counts counts = new Counts(pipeline, comparing, target, inFlight, stopped);
            Counts.Counted counted = counts.count();
            store.progress(bookkeeping, running.id(), null, counted.documents(), counted.rows());
            store.finish(bookkeeping, running.id(), counted.differing(), counted.undecided());
            return new Result(
                    running.id(),
                    target.collection(),
                    wish.mode(),
                    counted.documents(),
                    counted.rows(),
                    counted.differing(),
                    counted.undecided(),
                    running.through(),
                    0,
                    counted.complete(),
                    Duration.ofNanos(System.nanoTime() - startedNanos));
        }

        /// @return how many suspects could not be settled; -1 when stopped
        private long settle() throws SQLException, InterruptedException {
            comparing.setAutoCommit(false);
            RowComparison comparison = RowComparison.createLasting(comparing, pipeline.targets(), List.of(target));
            Settlement settlement = new Settlement(pipeline, comparing, comparison, inFlight, stopped);
            while (!stopped.getAsBoolean()) {
                int looksMax = settlement.pipelineRuns() ? LOOKS_MAX : 1;
                List<Suspect> suspects = store.suspects(bookkeeping, running.id(), SETTLE_AT_ONCE, looksMax);
                long left = store.suspectCount(bookkeeping, running.id());
                if (suspects.isEmpty() || settlement.pipelineIsStuck()) {
                    return left;
                }
                progress(Phase.SETTLING, left);
                task.budget().spend(() -> {
                    note(settlement.look(target, suspects));
                    return settlement.waitedNanos();
                });
            }
            return -1;
        }

        private void note(Map<Suspect, Verdict> verdicts) throws SQLException {
            Set<Suspect> settled = new HashSet<>();
            Set<Suspect> undecided = new HashSet<>();
            verdicts.forEach(
                    (suspect, verdict) -> (verdict instanceof Verdict.Undecided ? undecided : settled).add(suspect));
            bookkeeping.setAutoCommit(false);
            try {
                store.record(bookkeeping, target.collection(), verdicts);
                store.settled(bookkeeping, running.id(), settled);
                store.looked(bookkeeping, running.id(), undecided);
                bookkeeping.commit();
            } finally {
                bookkeeping.setAutoCommit(true);
            }
        }
    }
}
