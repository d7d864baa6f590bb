package dev.sluice.service.watch;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What there is to see of a pipeline at one moment.
///
/// @param at when it was read
/// @param state in a word or two, such as `streaming`
/// @param condition how it is to be taken
/// @param messages what the state means, in sentences
/// @param written who writes it and how far; null before the first start
/// @param collections in no order to rely on
/// @param notes findings in sentences
/// @param away that PostgreSQL does not answer, in a sentence, so that the rest is of `at`; null while
///     it does
public record Watched(
        Instant at,
        String pipeline,
        String state,
        Condition condition,
        List<String> messages,
        @Nullable String written,
        Numbers numbers,
        List<Row> collections,
        List<String> notes,
        @Nullable String away) {
    public Watched {
        messages = List.copyOf(messages);
        collections = List.copyOf(collections);
        notes = List.copyOf(notes);
    }

    /// How a state is to be taken.
    public enum Condition {
        /// It does what it is there for.
        GOOD,
        /// It is under way to that.
        BUSY,
        /// It waits for somebody.
        WAITS,
        /// Nothing is done until somebody acts.
        BAD
    }

    /// Numbers of the whole pipeline; null where unknown.
    ///
    /// @param lagSeconds the greatest of its collections
    /// @param latencyP50Seconds from MongoDB's commit to PostgreSQL's, of about the last minute
    /// @param latencyP99Seconds the same
    /// @param changesPerSecond applied from the stream
    /// @param rowsPerSecond written by the backfill; null while none runs
    /// @param headroomSeconds that the oplog reaches further back than the position; infinite where it
    ///     has dropped nothing
    ///     yet
    public record Numbers(
            @Nullable Double lagSeconds,
            @Nullable Double latencyP50Seconds,
            @Nullable Double latencyP99Seconds,
            @Nullable Double changesPerSecond,
            @Nullable Double rowsPerSecond,
            @Nullable Double headroomSeconds) {
        static final Numbers UNKNOWN = new Numbers(null, null, null, null, null, null);
    }

    /// One collection.
    ///
    /// @param backfill as `sluice status` calls it
    /// @param documents when they were last counted, or that the backfill has read; null when unknown
    /// @param rows the same
    /// @param copied share of the documents that the backfill has read, from 0 to 1; null where none
    ///     runs or the number
    ///     of documents is not known
    /// @param secondsLeft of the backfill, if it goes on like this; null when unknown
    /// @param lagSeconds null when unknown
    /// @param lags of the last minute, the latest last; NaN where unknown
    /// @param drift rows that are known to differ; null when unknown
    /// @param gate whether it is open; null where reads have nothing to ask it any more
    /// @param route where its reads go, in the words of the page
    public record Row(
            String collection,
            String backfill,
            @Nullable Long documents,
            @Nullable Long rows,
            @Nullable Double copied,
            @Nullable Double secondsLeft,
            @Nullable Double lagSeconds,
            List<Double> lags,
            @Nullable Long drift,
            long deadLetters,
            long quarantined,
            @Nullable GateState gate,
            String route) {
        public Row {
            lags = List.copyOf(lags);
        }

        /// How it is, in the words of the page.
        String state() {
            return switch (backfill) {
                case "done" -> "following";
                case "running" -> "copying";
                case "writes_on_postgres" -> "finished";
                default -> backfill;
            };
        }
    }

    /// @param condition the first that is not met; null while it is open
    /// @param reason why that is not met
    public record GateState(
            @Nullable String condition, @Nullable String reason) {
        static final GateState OPEN = new GateState(null, null);

        boolean open() {
            return condition == null;
        }

        String shortText() {
            return open() ? "open" : "shut: " + condition;
        }

        String text() {
            return open() ? "open" : "shut: " + reason;
        }
    }

    Watched withAway(String what) {
        return new Watched(at, pipeline, state, condition, messages, written, numbers, collections, notes, what);
    }
}
