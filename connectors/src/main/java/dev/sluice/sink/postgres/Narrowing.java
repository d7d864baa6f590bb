package dev.sluice.sink.postgres;

import dev.sluice.control.Counts;
import dev.sluice.failure.Failures;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Applies changes of which PostgreSQL refuses some, in short transactions (steps), and finds the
/// refused ones. For one list of changes and one thread.
///
/// The changes are applied from first to last, so that the order per document and per unique value is
/// kept: a slice that is refused is halved, down to the one change that is refused. Each step commits
/// the rows of its slice; the position, the chunk's done marker, dead letters and counts are left to the
/// caller's last transaction. When the process ends between two steps, everything is read and applied
/// again, which leaves the same rows (promise 2).
///
/// A change that may have been refused because of another row (a foreign key whose row comes later in
/// the list, for one) is tried again after all others, as long as that helps.
final class Narrowing {
    /// Most changes in a step.
    private static final int STEP_MAX = 1_000;

    private static final int STEP_LEAST = 8;

    /// Steps that take longer get smaller.
    private static final long STEP_NANOS = 500_000_000;

    /// How often what was refused is tried again, at most.
    private static final int PASSES_MAX = 10;

    /// How often a document retries for a unique value that no visible row has.
    private static final int CONTESTS_MAX = 5;

    private final Step step;
    private final RefusalWatch watch;
    private final SequencedMap<Document, DeadLetter> deadLetters = new LinkedHashMap<>();
    private final Counts counts = new Counts();
    private WriteSummary summary = WriteSummary.NOTHING;
    private int stepMax = STEP_MAX;
    private int refused;
    /// Documents that were dead letters before, or are refused for the second time: they say nothing
    /// new.
    private final Set<Document> known = new HashSet<>();

    /// What is done with a part of the changes.
    interface Step {
        /// Writes these changes in a transaction of their own, and commits it.
        ///
        /// @throws SQLException also when PostgreSQL refuses one of them; nothing is committed then
        /// @throws dev.sluice.sink.StoppedException when the pipeline is stopping
        Written write(List<RowChange> changes) throws SQLException;

        /// Decides, for a document that a unique index refuses, between it and the documents that have
        /// its value, in a separate transaction, and commits the result.
        ///
        /// @throws SQLException also when PostgreSQL still refuses it
        Contest contend(RowChange change) throws SQLException;

        /// Those of the changes whose documents are dead letters already.
        List<RowChange> parked(List<RowChange> changes) throws SQLException;
    }

    private record Document(int collection, String key) {
        static Document of(RowChange change) {
            return new Document(
                    change.target().index(),
                    RowIdentity.documentKey(change.change().id()));
        }
    }

    Narrowing(Step step, RefusalWatch watch) {
        this.step = step;
        this.watch = watch;
    }

    /// Applies all that can be applied.
    ///
    /// @return what is still to be noted, the refused documents among the dead letters
    /// @throws dev.sluice.failure.SluiceException of kind ROWS_REFUSED when too many are refused for one
    ///     reason
    /// @throws dev.sluice.sink.StoppedException when the pipeline is stopping
    Written apply(List<RowChange> changes) throws SQLException {
        step.parked(changes).forEach(change -> known.add(Document.of(change)));
        int size = STEP_MAX;
        for (int from = 0; from < changes.size(); ) {
            List<RowChange> slice = changes.subList(from, Math.min(changes.size(), from + Math.min(size, stepMax)));
            int refusedBefore = refused;
            apply(slice, false);
            from += slice.size();
            // As large as holds one that is refused, about.
            int found = refused - refusedBefore;
            size = found == 0 ? Math.min(STEP_MAX, 2 * size) : Math.max(STEP_LEAST, slice.size() / found);
        }
        tryAgain();
        return new Written(summary, List.copyOf(deadLetters.values()), counts);
    }

    /// @param hasRefused whether it is known that one of them will be refused
    /// @return whether none was
    private boolean apply(List<RowChange> slice, boolean hasRefused) throws SQLException {
        if (slice.size() > stepMax || (hasRefused && slice.size() > 1)) {
            return halve(slice, hasRefused);
        }
        try {
            applied(slice, write(slice));
            return true;
        } catch (SQLException e) {
            if (!WriteTransaction.canBeSplit(e)) {
                throw e;
            }
            if (slice.size() > 1) {
                return halve(slice, true);
            }
            if (!Failures.isAboutData(e)) {
                throw e;
            }
            return contend(slice.getFirst(), e);
        }
    }

    /// @return whether the document has its rows after all
    private boolean contend(RowChange change, SQLException why) throws SQLException {
        SQLException refusal = why;
        // Others write meanwhile: the row in its way may be deleted, and another one may have the value.
        for (int contest = 1; Failures.isAboutUniqueness(refusal) && contest <= CONTESTS_MAX; contest++) {
            try {
                Contest contested = step.contend(change);
                Written written = contested.written();
                if (written == null && contested.behind() != null) {
                    refused(change, refusal, contested.behind());
                    return false;
                }
                applied(List.of(change), written == null ? write(List.of(change)) : written);
                return true;
            } catch (SQLException e) {
                if (!WriteTransaction.canBeSplit(e)) {
                    throw e;
                }
                if (!Failures.isAboutData(e)) {
                    break;
                }
                refusal = e;
            }
        }
        refused(change, refusal, null);
        return false;
    }

    private boolean halve(List<RowChange> slice, boolean hasRefused) throws SQLException {
        int half = slice.size() / 2;
        boolean first = apply(slice.subList(0, half), false);
        return apply(slice.subList(half, slice.size()), hasRefused && first) && first;
    }

    private Written write(List<RowChange> slice) throws SQLException {
        long started = System.nanoTime();
        try {
            return step.write(slice);
        } finally {
            if (System.nanoTime() - started > STEP_NANOS) {
                stepMax = Math.max(1, Math.min(stepMax, slice.size()) / 2);
            }
        }
    }

    private void applied(List<RowChange> slice, Written written) {
        summary = summary.plus(written.summary());
        counts.add(written.counts());
        for (RowChange change : slice) {
            watch.applied(change.target().collection(), 1);
            switch (change.effect()) {
                // Its row is right again.
                case Effect.Upsert u -> deadLetters.remove(Document.of(change));
                case Effect.Delete d -> deadLetters.remove(Document.of(change));
                case Effect.Skip s -> deadLetters.remove(Document.of(change));
                case Effect.Forget f -> deadLetters.remove(Document.of(change));
                case Effect.Reject r -> {}
                case Effect.Wait w -> {}
            }
        }
        written.deadLetters().forEach(this::park);
    }

    private void refused(RowChange change, SQLException why, @Nullable Rival behind) {
        refused++;
        park(new DeadLetter(change, Failures.describe(why), String.valueOf(why.getSQLState()), behind));
        // A row that a foreign key refuses may still be taken after its parent.
        if (!Failures.isAboutParents(why)) {
            count(change, why);
        }
    }

    private void count(RowChange change, SQLException why) {
        if (known.add(Document.of(change))) {
            watch.refused(change.target().collection(), why);
        }
    }

    /// The last one of a document, after all others.
    private void park(DeadLetter letter) {
        Document document = Document.of(letter.change());
        deadLetters.remove(document);
        deadLetters.put(document, letter);
    }

    private void tryAgain() throws SQLException {
        boolean helped = true;
        for (int pass = 1; helped && pass <= PASSES_MAX; pass++) {
            helped = false;
            for (DeadLetter letter : new ArrayList<>(deadLetters.values())) {
                if (letter.sqlState() == null || !Failures.isAboutOtherRows(letter.sqlState())) {
                    continue;
                }
                RowChange change = letter.change();
                try {
                    applied(List.of(change), write(List.of(change)));
                    helped = true;
                } catch (SQLException e) {
                    if (!Failures.isAboutData(e)) {
                        throw e;
                    }
                    if (Failures.isAboutParents(e)) {
                        count(change, e);
                    } else if (Failures.isAboutUniqueness(e)) {
                        helped |= contend(change, e);
                    }
                }
            }
        }
    }
}
