package dev.sluice.service.pipeline;

import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Fenced;
import dev.sluice.backfill.Lanes;
import dev.sluice.backfill.Prune;
import dev.sluice.backfill.Prune.Pruned;
import dev.sluice.backfill.Resync;
import dev.sluice.change.OperationTime;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.ResyncStore;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.Failpoint;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.NotedIds;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.PassedChanges;
import dev.sluice.positions.PipelineLock;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.ReadOnlySetting;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.source.mongo.Deployment;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// A copy without the stream, from taking the pipeline over to its end. Takes the pipeline's position
/// first when it has none, so that a later run streams everything that happened meanwhile. For one
/// thread.
public final class CopyRun {
    private static final Duration TRY_EVERY = Duration.ofMillis(250);

    private final PipelineSpec pipeline;
    private final WrittenWith writtenWith;

    public CopyRun(PipelineSpec pipeline) {
        this(pipeline, WrittenWith.unknown());
    }

    /// @param writtenWith the mapping, so that rows are copied again where it is another one than before
    public CopyRun(PipelineSpec pipeline, WrittenWith writtenWith) {
        this.pipeline = pipeline;
        this.writtenWith = writtenWith;
    }

    /// Where the stream resumes after the copy.
    public sealed interface Onward {
        /// At its position.
        record AsItWas() implements Onward {}

        /// At the current time: after the oplog lost its position.
        record FromNow() implements Onward {}

        /// At the current time, and from another MongoDB than before: only the rows of the earlier one
        /// are kept.
        ///
        /// @param by who accepted it
        record NewSource(String by) implements Onward {}

        /// At its position, and past a change that MongoDB can't send. The collection of that change is
        /// copied again, and its rows that no document explains are deleted unless the mapping keeps
        /// them.
        ///
        /// @param change its operation time
        /// @param by who asked for it
        record Past(BsonTimestamp change, String by) implements Onward {}
    }

    /// What is to be copied, and how.
    ///
    /// @param chosen some of the mapping's collections. An interrupted copy of them resumes
    ///     where it was; when all are copied, they are copied again
    /// @param prune whether rows that no document explains are deleted
    /// @param patience how long to wait for another process that writes the pipeline; zero not to wait
    public record Wish(
            List<CollectionTarget> chosen, Backfill.Limits limits, Onward onward, boolean prune, Duration patience) {
        public Wish {
            chosen = List.copyOf(chosen);
        }
    }

    /// Is told the progress; from any of the copy's threads, one call at a time.
    public interface Listener extends Backfill.Listener {
        /// Another process writes the pipeline, and this one waits for it. Called once for each holder.
        ///
        /// @param holder which process that is, for people
        void onHeld(String holder);

        /// It is recorded that the stream passes a change which MongoDB can't send. Even if this process
        /// ends, `sluice run` and `sluice backfill` continue the copy.
        void onPassed(BsonTimestamp change, List<CollectionTarget> copied);

        /// An earlier copy, which this one resumes, has copied it.
        void onCopiedBefore(CollectionTarget target);

        /// A collection could not be copied; the others are.
        void onFailed(CollectionTarget target, SluiceException failure);

        /// Documents were resynced at the end of the copy. Called once for each cause.
        ///
        /// @param cause what had put them on the list
        void onResynced(Cause cause, int documents);

        void onPruned(CollectionTarget target, Pruned pruned);
    }

    /// @param complete false when it was stopped
    /// @param failed collections that could not be copied
    public record Result(boolean complete, SequencedMap<String, SluiceException> failed) {}

    /// @param stopped asked between chunks, from any thread
    /// @throws WrongUseException when there is no such change to pass
    /// @throws SluiceException of kind COLLECTION_CHANGED, before anything is written, when a change of
    ///     a collection waits for a decision; when no collection could be copied for the same reason;
    ///     what is done stays done
    public Result run(Wish wish, Listener listener, BooleanSupplier stopped) throws InterruptedException {
        try {
            return switch (wish.onward()) {
                case Onward.AsItWas asItWas ->
                    new CopyRun(pipeline.touching(wish.chosen()), writtenWith).copy(wish, listener, stopped);
                case Onward.FromNow fromNow -> copy(wish, listener, stopped);
                case Onward.NewSource newSource -> copy(wish, listener, stopped);
                case Onward.Past past -> copy(wish, listener, stopped);
            };
        } catch (SQLException | SluiceException e) {
            throw ReadOnlySetting.explain(pipeline.connector(), Failures.classify(e));
        }
    }

    private Result copy(Wish wish, Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        PositionStore positions = new PositionStore(pipeline.name());
        BackfillStore store = new BackfillStore(pipeline.name());
        try (Ownership ownership = Ownership.take(pipeline, new Patience(wish.patience(), listener, stopped))
                .orElse(null)) {
            if (ownership == null) {
                return new Result(false, new LinkedHashMap<>());
            }
            Connection connection = ownership.connection();
            SourceCheck sourceCheck = SourceCheck.of(pipeline);
            Deployment there = wish.onward() instanceof Onward.NewSource
                    ? sourceCheck.requireOther(connection)
                    : sourceCheck.require(connection).deployment();
            List<CollectionTarget> chosen =
                    wish.onward() instanceof Onward.Past past ? ofChange(past, connection) : wish.chosen();
            Position now = pipeline.source().currentPosition();
            positions.initialise(connection, now);
            if (!(wish.onward() instanceof Onward.NewSource)) {
                OpenChanges.record(pipeline, connection, stopped);
            }
            long epoch = ownership.takeOver(changes -> requireDecided(wish.onward(), changes, connection), taken -> {
                writtenWith.follow(connection, pipeline.name());
                switch (wish.onward()) {
                    case Onward.AsItWas asItWas -> {}
                    case Onward.FromNow fromNow -> {
                        beginAnew(now, taken, connection);
                        NotedIds.begin(connection, pipeline.name(), pipeline.targets());
                        askForDeadLetters(pipeline.targets(), connection);
                    }
                    case Onward.NewSource newSource -> {
                        sourceCheck.accept(connection, there, newSource.by());
                        beginAnew(now, taken, connection);
                        // If its document is not in the new source, a dead letter's row is deleted with it.
                        if (wish.prune()) {
                            askForDeadLetters(pipeline.targets(), connection);
                        }
                    }
                    case Onward.Past past -> pass(past, chosen, now, connection);
                }
                sourceCheck.note(connection, there);
            });
            if (wish.onward() instanceof Onward.Past past) {
                Failpoint.CHANGE_PASSED.hit();
                listener.onPassed(past.change(), chosen);
            }
            List<CollectionTarget> left = begin(chosen, listener, store, connection);
            return new Copy(wish, listener, stopped, epoch, notBefore(now)).run(left, connection, ownership.tables());
        }
    }

    /// A change of a collection that waits for a decision is decided first, also where everything is
    /// copied again: rows that no document explains are deleted then. Not where another MongoDB is
    /// accepted, which that change is not of.
    private static void requireDecided(Onward onward, OpenChanges changes, Connection connection) throws SQLException {
        switch (onward) {
            case Onward.AsItWas asItWas -> changes.requireNone(connection);
            case Onward.FromNow fromNow -> changes.requireNoneUnlessDropped(connection);
            case Onward.NewSource newSource -> {}
            case Onward.Past past -> changes.requireNone(connection);
        }
    }

    /// Documents must be read as of the position from which the stream resumes, or later; else changes
    /// in between are lost, by a secondary that is behind, or because a majority does not have them yet.
    /// Read after the pipeline is taken over, since until then an earlier writer moves the position.
    ///
    /// @param asked a position from before it was taken over
    private @Nullable BsonTimestamp notBefore(Position asked) {
        BsonTimestamp then = pipeline.source().currentPosition().newestOperation();
        return then == null ? asked.newestOperation() : then;
    }

    private void beginAnew(Position now, long epoch, Connection connection) throws SQLException {
        PositionStore positions = new PositionStore(pipeline.name());
        positions.advance(connection, now, epoch);
        positions.forgetWatermarks(connection);
        new BackfillStore(pipeline.name()).reset(connection);
        new PassedChanges(pipeline.name()).reset(connection);
        new SchemaChangeStore(pipeline.name()).reset(connection);
    }

    /// The collections of a change that MongoDB can't send.
    ///
    /// @throws WrongUseException when there is none at that time, or the stream is past it
    private List<CollectionTarget> ofChange(Onward.Past past, Connection connection) throws SQLException {
        String asked = OperationTime.text(past.change());
        Position position = new PositionStore(pipeline.name())
                .load(connection)
                .orElseThrow(() -> new WrongUseException(
                        "The pipeline '" + pipeline.name() + "' has no position yet, so there is no change to pass."));
        BsonTimestamp here = position.clusterTime();
        if (here != null && here.compareTo(past.change()) > 0) {
            throw new WrongUseException("The stream is past " + asked + " already: it is at " + OperationTime.text(here)
                    + ". `sluice run` continues from there.");
        }
        pipeline.source().requireResumable(position);
        List<String> found = pipeline.source()
                .largeChanges()
                .at(
                        past.change(),
                        pipeline.targets().stream()
                                .map(CollectionTarget::collection)
                                .toList());
        if (found.isEmpty()) {
            throw new WrongUseException("No mapped collection has a change at " + asked
                    + " that MongoDB can't send. `sluice run` names the time when it stops at one.");
        }
        return pipeline.targets().stream()
                .filter(t -> found.contains(t.collection()))
                .toList();
    }

    /// Makes the stream leave out the changes of these collections up to now that MongoDB can't send;
    /// the copy has their results. Not only that one change: there may be more, such as its document's
    /// delete.
    private void pass(Onward.Past past, List<CollectionTarget> chosen, Position now, Connection connection)
            throws SQLException {
        BsonTimestamp newest = now.newestOperation();
        BsonTimestamp through = newest == null || newest.compareTo(past.change()) < 0 ? past.change() : newest;
        PassedChanges changes = new PassedChanges(pipeline.name());
        BackfillStore store = new BackfillStore(pipeline.name());
        for (CollectionTarget target : chosen) {
            boolean prune = target.mapping().onDelete() == OnDelete.DELETE;
            changes.note(
                    connection, target.collection(), past.change(), through, new PassedChanges.Asked(prune, past.by()));
            store.restart(connection, target.collection());
            store.begin(connection, target.collection());
        }
        askForDeadLetters(chosen, connection);
    }

    /// Where deletes may have been missed, a dead letter's document may be gone.
    private void askForDeadLetters(List<CollectionTarget> of, Connection connection) throws SQLException {
        ResyncStore list = new ResyncStore(pipeline.name());
        for (CollectionTarget target : of) {
            list.askForDeadLetters(connection, target.collection());
        }
    }

    /// Resumes an interrupted copy, or begins a new one if there is none: each collection is
    /// marked as begun before the first is copied.
    ///
    /// @return what is to be copied
    private static List<CollectionTarget> begin(
            List<CollectionTarget> chosen, Listener listener, BackfillStore store, Connection connection)
            throws SQLException {
        List<CollectionTarget> left = new ArrayList<>();
        List<CollectionTarget> done = new ArrayList<>();
        boolean brokenOff = false;
        for (CollectionTarget target : chosen) {
            boolean isDone = store.done(connection, target.collection());
            brokenOff |= !isDone && store.begun(connection, target.collection());
            (isDone ? done : left).add(target);
        }
        if (brokenOff) {
            done.forEach(listener::onCopiedBefore);
        } else {
            left = chosen;
        }
        connection.setAutoCommit(false);
        for (CollectionTarget target : left) {
            if (store.done(connection, target.collection())) {
                store.restart(connection, target.collection());
            }
            store.begin(connection, target.collection());
        }
        connection.commit();
        connection.setAutoCommit(true);
        return left;
    }

    /// Waits for the process that writes the pipeline until the time is over.
    private final class Patience implements PipelineLock.Waiting {
        private final long until;
        private final Listener listener;
        private final BooleanSupplier stopped;
        private int session;

        Patience(Duration patience, Listener listener, BooleanSupplier stopped) {
            this.until = System.nanoTime() + patience.toNanos();
            this.listener = listener;
            this.stopped = stopped;
        }

        @Override
        public boolean goOn(LockHolder holder, Connection connection) throws InterruptedException {
            if (System.nanoTime() - until >= 0) {
                throw PipelineLock.heldBy(pipeline.name(), holder);
            }
            if (session != holder.session()) {
                session = holder.session();
                listener.onHeld(holder.forPeople());
            }
            Thread.sleep(TRY_EVERY);
            return !stopped.getAsBoolean();
        }
    }

    /// One copy.
    private final class Copy {
        private final Wish wish;
        private final Listener listener;
        private final BooleanSupplier stopped;
        private final long epoch;

        /// Documents are read as of this operation or later; null where it is unknown.
        private final @Nullable BsonTimestamp notBefore;

        Copy(Wish wish, Listener listener, BooleanSupplier stopped, long epoch, @Nullable BsonTimestamp notBefore) {
            this.wish = wish;
            this.listener = listener;
            this.stopped = stopped;
            this.epoch = epoch;
            this.notBefore = notBefore;
        }

        private Result run(List<CollectionTarget> left, Connection connection, TargetTables tables)
                throws SQLException, InterruptedException {
            Fenced fenced = Fenced.alone(pipeline.targets(), notBefore, stopped);
            Map<String, SluiceException> refused = new ConcurrentHashMap<>();
            CopyLane.Copy copy = new CopyLane.Copy(pipeline, epoch, fenced, wish.limits(), listener);
            boolean complete = copy.lanes(connection)
                    .copy(
                            pipeline.targets(),
                            left,
                            ending -> new OfOneCollection(CopyLane.open(copy, ending), tables, refused));
            SequencedMap<String, SluiceException> failed = new LinkedHashMap<>();
            left.stream()
                    .map(CollectionTarget::collection)
                    .filter(refused::containsKey)
                    .forEach(name -> failed.put(name, Objects.requireNonNull(refused.get(name))));
            if (!complete) {
                return new Result(false, failed);
            }
            try {
                return new Result(finish(failed, connection, fenced), failed);
            } catch (SluiceException failure) {
                SluiceException e = tables.explain(failure);
                if (failed.values().stream().noneMatch(said -> isSame(said, e))) {
                    throw e;
                }
                // A table that stopped its own copy stops this too, and the listener has heard why.
                return new Result(false, failed);
            }
        }

        /// Goes on with the other collections where one could not be copied, and notes why it could not.
        private final class OfOneCollection implements Lanes.Lane {
            private final CopyLane lane;
            private final TargetTables tables;
            private final Map<String, SluiceException> refused;

            OfOneCollection(CopyLane lane, TargetTables tables, Map<String, SluiceException> refused) {
                this.lane = lane;
                this.tables = tables;
                this.refused = refused;
            }

            @Override
            public boolean copy(CollectionTarget target) throws SQLException, InterruptedException {
                try {
                    // A table that was altered since the start stops the collections that write to it, and no others.
                    tables.requireStill(
                            lane.connection(),
                            pipeline.touching(List.of(target)).targets());
                    if (!lane.copy(target)) {
                        return false;
                    }
                    noteAppliedThrough(target, lane.connection());
                } catch (SluiceException failure) {
                    SluiceException e = tables.explain(failure);
                    if (!mayBeOfOneCollection(e.kind())) {
                        throw e;
                    }
                    refused.put(target.collection(), e);
                    synchronized (listener) {
                        listener.onFailed(target, e);
                    }
                }
                return true;
            }

            @Override
            public void close() throws SQLException {
                lane.close();
            }
        }

        private static boolean isSame(SluiceException said, SluiceException again) {
            return said.kind() == again.kind() && Objects.equals(said.getMessage(), again.getMessage());
        }

        /// Resyncs documents whose wait is over, and deletes rows where that is asked for.
        ///
        /// @return false when stopped
        private boolean finish(Map<String, SluiceException> failed, Connection connection, Fenced fenced)
                throws SQLException, InterruptedException {
            try (ChunkSink sink = pipeline.openChunks(epoch, stopped)) {
                Resync resync = Resync.of(pipeline, connection, sink, fenced);
                resync.drain();
                resync.sweep();
                resync.resynced().forEach(listener::onResynced);
                return prune(failed, connection, sink, fenced);
            }
        }

        /// A copied collection has everything that was committed up to the position from which the
        /// stream will resume: it was read as of that, or later. An earlier writer may have moved the
        /// position since an interrupted copy began, but not past what is applied to what it had copied.
        private void noteAppliedThrough(CollectionTarget target, Connection connection) throws SQLException {
            PositionStore positions = new PositionStore(pipeline.name());
            positions.registerCollection(connection, target.collection());
            BsonTimestamp position =
                    positions.load(connection).map(Position::clusterTime).orElse(null);
            if (position == null) {
                return;
            }
            // Other operations of the position's own time, such as those of the same transaction, may come after it.
            BsonTimestamp through = Watermark.before(position);
            positions.moveWatermark(
                    connection,
                    target.collection(),
                    new Watermark(MongoSource.instant(through), through),
                    sourceTime());
        }

        /// MongoDB's time; null when it does not answer, which is no failure of a copy that is done.
        private @Nullable Instant sourceTime() {
            MongoSource source = pipeline.source();
            try {
                Duration offset = source.hello().clockOffset();
                return source.clock().instant().plus(offset);
            } catch (SluiceException away) {
                return null;
            }
        }

        /// @return false when stopped
        private boolean prune(
                Map<String, SluiceException> failed, Connection bookkeeping, ChunkSink sink, Fenced fenced)
                throws SQLException {
            PassedChanges passed = new PassedChanges(pipeline.name());
            List<String> afterPassing = passed.toPrune(bookkeeping);
            // Rows that refer to others are deleted before them. A collection that could not be copied may
            // be one that could not be read.
            List<CollectionTarget> pruned = pipeline.targets().reversed().stream()
                    .filter(t -> (wish.prune() && wish.chosen().contains(t)) || afterPassing.contains(t.collection()))
                    .filter(t -> !failed.containsKey(t.collection()))
                    .toList();
            if (pruned.isEmpty()) {
                return true;
            }
            try (Connection connection = pipeline.connector().openForLongWork()) {
                Prune prune = Prune.of(pipeline, connection, sink, fenced);
                for (CollectionTarget target : pruned) {
                    Pruned rows = prune.prune(target);
                    listener.onPruned(target, rows);
                    if (!rows.complete()) {
                        OpenChanges.requireNoneSoFar(pipeline, bookkeeping, stopped);
                        return false;
                    }
                    passed.pruned(bookkeeping, target.collection());
                }
                return true;
            }
        }
    }

    /// Whether other collections may be copied although one could not be. A server that is away or a
    /// pipeline that is taken over is the same for all of them, and is reported once.
    private static boolean mayBeOfOneCollection(FailureKind kind) {
        return switch (kind) {
            case TARGET_CONFLICT,
                    TARGET_UNWELL,
                    TARGET_DAMAGED,
                    MISSING_RIGHT,
                    ROW_SECURITY,
                    MISSING_TABLE,
                    TARGET_ALTERED,
                    MAPPING,
                    ROWS_REFUSED,
                    UNEXPECTED -> true;
            case SOURCE_UNREACHABLE,
                    SOURCE_REFUSED,
                    TARGET_UNREACHABLE,
                    TARGET_READ_ONLY,
                    TARGET_SET_READ_ONLY,
                    TARGET_POOLED,
                    TARGET_REFUSED,
                    MISSING_DATABASE,
                    HISTORY_LOST,
                    CHANGE_TOO_LARGE,
                    POSITION_UNKNOWN,
                    COLLECTION_CHANGED,
                    CHANGE_AHEAD,
                    DATABASE_DROPPED,
                    SOURCE_REPLACED,
                    FENCED_OUT,
                    WRITES_MOVED,
                    MIGRATION_FINISHED,
                    DISK_FULL,
                    AFTER_MIGRATION,
                    NO_TEMPORARY_FILE,
                    NOT_A_REPLICA_SET,
                    BAD_SETTING,
                    ENGINE -> false;
        };
    }
}
