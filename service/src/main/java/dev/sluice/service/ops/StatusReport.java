package dev.sluice.service.ops;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sluice.after.AfterProgress;
import dev.sluice.balance.Balance;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.service.pipeline.LastWriter;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How a pipeline stands: what `sluice status` prints and `GET /api/status` answers. All but the name,
/// the state and
/// what
/// the running process knows is read from PostgreSQL, and null while that does not answer.
///
/// @param state of the running process; null when none has told PostgreSQL its state within the last
///     seconds
/// @param message what the state means, for people; null when there is nothing to say
/// @param writer who writes it, and how far
/// @param live what the running process knows; null when this was read without one
/// @param activity what the running process says of itself once a second; null when none has within the
///     last seconds
/// @param collections null when they are not known
/// @param after how far it is with what comes after the copy; null when that is not known, as before
///     the first start
/// @param notes findings in sentences
public record StatusReport(
        String pipeline,
        @Nullable String state,
        @Nullable String message,
        @JsonUnwrapped Writer writer,
        @Nullable Live live,
        @Nullable Activity activity,
        @Nullable List<CollectionReport> collections,
        @Nullable AfterProgress after,
        List<String> notes) {
    public StatusReport {
        collections = collections == null ? null : List.copyOf(collections);
        notes = List.copyOf(notes);
    }

    /// Who writes a pipeline.
    ///
    /// @param owner who writes it, or wrote it last; null before the first start
    /// @param epoch of the last taking over; 0 before the first
    /// @param position cluster time of the committed position; null when unknown
    /// @param positionAgeSeconds since it last moved, heartbeats included; null before the first start
    /// @param running whether a process works the pipeline: it holds the pipeline's lock, or the
    ///     position moves and
    ///     the process of `owner` has not ended. The lock can't be seen behind a pooler. A process that
    ///     waits for a database holds none
    /// @param ownerProcess whether the process of `owner` is still there, as far as it can be known
    ///     from here;
    ///     null before the first start
    public record Writer(
            @Nullable String owner,
            @Nullable Long epoch,
            @Nullable String position,
            @Nullable Double positionAgeSeconds,
            @Nullable Boolean running,
            LastWriter.@Nullable Fate ownerProcess) {
        static final Writer UNKNOWN = new Writer(null, null, null, null, null, null);

        /// Before the first start.
        static final Writer NONE = new Writer(null, 0L, null, null, false, null);

        private Writer thatRuns() {
            return new Writer(owner, epoch, position, positionAgeSeconds, true, ownerProcess);
        }
    }

    /// How a collection of it stands.
    ///
    /// @param watermark everything committed in MongoDB up to here is applied; null when unknown, as
    ///     before
    ///     the collection is copied
    /// @param lagSeconds how far the rows are behind, by MongoDB's clock as it was when the watermark
    ///     was
    ///     written and PostgreSQL's since; null when unknown, and when no process runs the pipeline
    /// @param backfill not started, running or done
    /// @param backfilledDocuments that the copy has read; not the current number
    /// @param backfilledRows that the copy has written, those of child tables included; not the
    ///     current number
    /// @param estimatedDocuments how many there were when the copy began, about; null when unknown
    /// @param deadLetters there are now
    /// @param quarantinedValues in quarantine now
    /// @param waitingDocuments that wait for a row which they refer to: those that have no row until
    ///     then (`waiting` of the balance), and those whose row lacks a value until then
    /// @param unmappedFields paths that documents had and no column reads
    /// @param skipped documents that had no row by a rule of the mapping, by the rule's reason; one
    ///     that
    ///     came by twice counts twice
    /// @param balance documents and rows, and what lies between, when they were last counted; null
    ///     before that
    /// @param staying rows that are to be deleted and that PostgreSQL does not let go; null where there
    ///     are none
    /// @param lateWrites that reached MongoDB after its writes had moved to PostgreSQL; null where
    ///     there
    ///     are none
    public record CollectionReport(
            String collection,
            @Nullable String watermark,
            @Nullable Double lagSeconds,
            String backfill,
            long backfilledDocuments,
            long backfilledRows,
            @Nullable Long estimatedDocuments,
            long deadLetters,
            long quarantinedValues,
            long waitingDocuments,
            long unmappedFields,
            SequencedMap<String, Long> skipped,
            @Nullable Balance balance,
            @Nullable Staying staying,
            @Nullable LateWrites lateWrites) {
        public CollectionReport {
            skipped = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(skipped));
        }

        /// Documents whose row is there and lacks a value until the row comes that they refer to.
        long incomplete() {
            return Math.max(0, waitingDocuments - (balance == null ? 0 : balance.waiting()));
        }

        /// The same where no process runs, so that the lag is not known.
        CollectionReport withoutLag() {
            return with(null, balance);
        }

        /// The same with another count.
        public CollectionReport withBalance(Balance other) {
            return with(lagSeconds, other);
        }

        private CollectionReport with(@Nullable Double lag, @Nullable Balance counted) {
            return new CollectionReport(
                    collection,
                    watermark,
                    lag,
                    backfill,
                    backfilledDocuments,
                    backfilledRows,
                    estimatedDocuments,
                    deadLetters,
                    quarantinedValues,
                    waitingDocuments,
                    unmappedFields,
                    skipped,
                    counted,
                    staying,
                    lateWrites);
        }
    }

    /// Writes that reached MongoDB after those of their collection had moved: they are not in
    /// PostgreSQL.
    ///
    /// @param lastAt MongoDB's time of the last of them
    public record LateWrites(long writes, String lastAt) {}

    /// What the process that runs the pipeline says of itself.
    ///
    /// @param changesApplied of the stream, since the process began: the difference of two readings,
    ///     divided by that of their times, is the rate
    /// @param at when it said so
    /// @param latencyP50Seconds from MongoDB's commit to PostgreSQL's, of the changes of about the last
    ///     minute; null when there were none
    /// @param latencyP99Seconds the same
    public record Activity(
            long changesApplied,
            Instant at,
            @Nullable Double latencyP50Seconds,
            @Nullable Double latencyP99Seconds) {}

    /// While PostgreSQL, which has the rest of the answer, does not give it.
    public static StatusReport unknown(String pipeline) {
        return new StatusReport(
                pipeline,
                null,
                null,
                Writer.UNKNOWN,
                null,
                null,
                null,
                null,
                List.of("PostgreSQL does not answer: what is null here is not known."));
    }

    /// The notes that say that something is to be looked at.
    public List<String> findings() {
        return notes.stream().filter(Notes::isFinding).toList();
    }

    /// Those that are known.
    public List<CollectionReport> knownCollections() {
        return collections == null ? List.of() : collections;
    }

    public StatusReport withCollections(List<CollectionReport> others) {
        return new StatusReport(pipeline, state, message, writer, live, activity, others, after, notes);
    }

    /// The same with one more sentence.
    StatusReport withNote(String note) {
        List<String> more = Stream.concat(notes.stream(), Stream.of(note)).toList();
        return new StatusReport(pipeline, state, message, writer, live, activity, collections, after, more);
    }

    public StatusReport withState(String name, @Nullable String text) {
        return new StatusReport(pipeline, name, text, writer, live, activity, collections, after, notes);
    }

    /// @param leads whether the process that knows this writes the pipeline
    public StatusReport withLive(Live now, boolean leads) {
        return new StatusReport(
                pipeline, state, message, leads ? writer.thatRuns() : writer, now, activity, collections, after, notes);
    }
}
