package dev.sluice.service.pipeline;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.replay.Replay;
import dev.sluice.replay.Replay.Found;
import dev.sluice.replay.Replay.Listed;
import dev.sluice.replay.ReplayStore;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.verify.Recheck;
import dev.sluice.verify.SincePosition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A replay from beginning to end: finds the changed documents, lists them, and waits until they are
/// resynced. For one thread.
public final class ReplayRun {
    private static final Logger LOG = LoggerFactory.getLogger(ReplayRun.class);

    private final PipelineSpec pipeline;
    private final SourceCheck sourceCheck;

    public ReplayRun(PipelineSpec pipeline) {
        this.pipeline = pipeline;
        this.sourceCheck = SourceCheck.of(pipeline);
    }

    /// What is to be replayed.
    ///
    /// @param from where it begins, inclusive
    /// @param askedFrom the same in words
    /// @param to where it ends, inclusive to the second; null for now
    /// @param chosen some of the mapping's collections
    /// @param requestedBy for the audit
    public record Wish(
            BsonTimestamp from,
            String askedFrom,
            @Nullable Instant to,
            List<CollectionTarget> chosen,
            String requestedBy) {
        public Wish {
            chosen = List.copyOf(chosen);
        }
    }

    /// Is told the progress.
    public interface Listener extends Replay.Listener, ListDrain.Listener {
        /// All documents are on the list; from here on the pipeline resyncs them even if this process ends.
        void onListed(Listed listed);
    }

    /// The result of a replay.
    ///
    /// @param left documents that are still on the list
    /// @param differing documents whose rows differ after it; empty when they were not compared
    public record Result(Listed listed, long left, Optional<Long> differing) {}

    /// Before the stream is read: it is the one that was copied, and its collections are.
    private void requireSource(BooleanSupplier stopped) {
        sourceCheck.require(pipeline.connector());
        OpenChanges.requireNoneSoFar(pipeline, stopped);
    }

    /// Counts what a replay would resync.
    ///
    /// @return null when it was stopped
    /// @throws dev.sluice.failure.SluiceException of kind HISTORY_LOST, with the gap, when the oplog does
    ///     not go back so far; of kind COLLECTION_CHANGED when a change of a collection waits for a decision
    public @Nullable Found dryRun(Wish wish, Replay.Listener listener, BooleanSupplier stopped) throws SQLException {
        sourceCheck.require(pipeline.connector());
        try (Connection connection = pipeline.connector().openForLongWork();
                Replay replay = new Replay(pipeline.name(), pipeline.source().history(), connection, wish.chosen())) {
            OpenChanges.of(pipeline).requireNone(connection, pipeline.source());
            return replay.count(wish.from(), upTo(wish), listener, stopped);
        }
    }

    /// Lists what is to be resynced, and does not wait.
    ///
    /// @return null when it was stopped before anything was listed
    /// @throws dev.sluice.failure.SluiceException as [#run]
    public @Nullable Listed list(Wish wish, Replay.Listener listener, BooleanSupplier stopped) throws SQLException {
        requireSource(stopped);
        TargetTables.check(pipeline.connector(), pipeline.targets());
        try (Connection connection = pipeline.connector().openForLongWork();
                Replay replay = new Replay(pipeline.name(), pipeline.source().history(), connection, wish.chosen())) {
            return list(replay, wish, listener, stopped);
        }
    }

    private @Nullable Listed list(Replay replay, Wish wish, Replay.Listener listener, BooleanSupplier stopped) {
        return replay.list(
                new Replay.Request(wish.from(), wish.askedFrom(), wish.requestedBy()), upTo(wish), listener, stopped);
    }

    /// Lists what is to be resynced, and waits until it is.
    ///
    /// @param verify whether they are compared with their rows at the end
    /// @return null when it was stopped before anything was listed
    /// @throws dev.sluice.failure.SluiceException as [#dryRun], and when the target's tables are not as the
    ///     mapping needs them
    public @Nullable Result run(Wish wish, boolean verify, Listener listener, BooleanSupplier stopped)
            throws SQLException, InterruptedException {
        requireSource(stopped);
        TargetTables tables = TargetTables.check(pipeline.connector(), pipeline.targets());
        try (Connection connection = pipeline.connector().openForLongWork();
                Replay replay = new Replay(pipeline.name(), pipeline.source().history(), connection, wish.chosen())) {
            Listed listed = list(replay, wish, listener, stopped);
            if (listed == null) {
                return null;
            }
            listener.onListed(listed);
            ReplayStore store = new ReplayStore(pipeline.name());
            long left = new ListDrain(pipeline).await(c -> store.left(c, listed.id()), listener, stopped);
            store.noteEnded(connection);
            return new Result(
                    listed,
                    left,
                    left > 0 || !verify ? Optional.empty() : Optional.of(differing(replay, tables, stopped)));
        }
    }

    /// If a table was altered and can still be compared, starts again from the beginning with the tables as
    /// they are now.
    private long differing(Replay replay, TargetTables before, BooleanSupplier stopped) {
        TargetTables tables = before;
        for (int altered = 0; ; altered++) {
            try {
                return differing(replay, stopped);
            } catch (SluiceException e) {
                SluiceException failure = tables.explain(e);
                if (failure.kind() != FailureKind.TARGET_ALTERED || altered == VerifyRun.ALTERED_MAX) {
                    throw failure;
                }
                LOG.info("{} The comparison begins again, with the table as it is now.", failure.getMessage());
                tables = TargetTables.check(pipeline.connector(), pipeline.targets());
            }
        }
    }

    private long differing(Replay replay, BooleanSupplier stopped) {
        try (Recheck recheck = Recheck.open(pipeline, new SincePosition(pipeline), stopped)) {
            return replay.check(recheck::differing, stopped);
        }
    }

    /// MongoDB's newest operation: the pipeline's own stream delivers all later changes.
    private BsonTimestamp upTo(Wish wish) {
        BsonTimestamp now = pipeline.source().hello().lastWrite();
        if (wish.to() == null) {
            return now;
        }
        BsonTimestamp to = new BsonTimestamp((int) wish.to().getEpochSecond(), -1);
        return to.compareTo(now) < 0 ? to : now;
    }

    /// Documents and rows of the collections that were replayed, as they are now.
    ///
    /// @param stopped asked between steps
    /// @return without those that are not copied, and the rest when it was stopped
    public SequencedMap<String, Balance> count(Found found, BooleanSupplier stopped) {
        return new BalanceCount(pipeline)
                .ofCopied(
                        pipeline.targets().stream()
                                .filter(target -> found.collections().stream()
                                        .anyMatch(t -> t.collection().equals(target.collection())))
                                .toList(),
                        stopped);
    }

    /// Rows that are to be deleted and that PostgreSQL does not let go, of each collection that has
    /// some.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public Map<String, DeadLetterStore.Staying> staying() {
        return DeadLetterStore.staying(pipeline.connector(), pipeline.name());
    }

    /// The recorded replays, the newest first.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public static List<ReplayStore.Recorded> latest(PostgresConnector connector, String pipeline, int limit) {
        try (Connection connection = connector.open()) {
            return new ReplayStore(pipeline).latest(connection, limit);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
