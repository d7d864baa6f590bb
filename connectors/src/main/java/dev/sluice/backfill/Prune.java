package dev.sluice.backfill;

import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.StoppedException;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.staging.KeptKeys;
import dev.sluice.source.mongo.DocumentSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Deletes the rows that no document explains: rows of documents that were deleted while no process followed
/// the stream, and rows that another client has inserted. Never rows that the stream has just written, nor
/// rows that stay by the mapping, see [KeptKeys#others].
///
/// The `_id`s of all documents are read, from the index alone, and the keys of their rows are put
/// into a temporary table; rows of the target with other keys are deleted in small fenced transactions.
/// For one thread.
public final class Prune {
    private static final int IDS_AT_ONCE = 20_000;
    private static final int ROWS_AT_ONCE = 1_000;

    private final DocumentSource source;
    private final KeptKeys.Opening keptKeys;
    private final ChunkSink sink;
    private final List<CollectionTarget> targets;
    private final Fenced fenced;
    private Undecided undecided = Undecided.NONE;

    /// @param targets all collections of the mapping
    public Prune(
            DocumentSource source,
            KeptKeys.Opening keptKeys,
            ChunkSink sink,
            List<CollectionTarget> targets,
            Fenced fenced) {
        this.source = source;
        this.keptKeys = keptKeys;
        this.sink = sink;
        this.targets = List.copyOf(targets);
        this.fenced = fenced;
    }

    /// @param connection for the keys that are kept, for this alone
    public static Prune of(PipelineSpec pipeline, Connection connection, ChunkSink sink, Fenced fenced) {
        return new Prune(pipeline.source(), t -> KeptKeys.create(connection, t), sink, pipeline.targets(), fenced)
                .leaving(Undecided.of(pipeline, connection));
    }

    /// The collections that explain no row for now, so that nothing of their tables is deleted.
    public Prune leaving(Undecided which) {
        this.undecided = which;
        return this;
    }

    /// Prunes one collection after the other as they are asked for, with a connection for each.
    public static Resync.Pruning asAsked(PipelineSpec pipeline, ChunkSink sink, Fenced fenced) {
        return target -> {
            try (Connection connection = pipeline.connector().openForLongWork()) {
                return of(pipeline, connection, sink, fenced).prune(target).complete();
            }
        };
    }

    /// The result of pruning one collection.
    ///
    /// @param rows of the collection's own table that were deleted
    /// @param complete false when it was stopped, also by a change of the collection that a user has to decide on
    public record Pruned(long rows, boolean complete) {}

    /// @throws dev.sluice.failure.SluiceException when it could not go on; what is deleted stays deleted
    public Pruned prune(CollectionTarget target) {
        // Before the first _id is read: the fence records what the stream writes from here on.
        try (Fence.Flight flight = fenced.of(target).open();
                KeptKeys kept = keptKeys.of(target)) {
            BsonTimestamp notBefore = fenced.streamPosition().get();
            if (!keepAll(target, kept, notBefore)) {
                return new Pruned(0, false);
            }
            long rows = 0;
            for (List<Object> keys = kept.others(null, ROWS_AT_ONCE);
                    !keys.isEmpty();
                    keys = kept.others(keys.getLast(), ROWS_AT_ONCE)) {
                if (fenced.stopped().getAsBoolean() || isUndecided(target)) {
                    return new Pruned(rows, false);
                }
                try {
                    rows += sink.prune(target, keys, flight);
                } catch (StoppedException e) {
                    return new Pruned(rows, false);
                }
            }
            return new Pruned(rows, true);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private boolean isUndecided(CollectionTarget target) throws SQLException {
        Set<String> waiting = undecided.now();
        return ownersOf(target, targets).stream().anyMatch(owner -> waiting.contains(owner.collection()));
    }

    /// How many rows would be deleted, those of child tables without their parent's counted by their
    /// parent.
    ///
    /// @param target of which collection
    /// @param connection without time-outs, in auto-commit mode
    public static long count(
            DocumentSource source, Connection connection, List<CollectionTarget> targets, CollectionTarget target) {
        try (KeptKeys kept = KeptKeys.create(connection, target)) {
            for (CollectionTarget owner : ownersOf(target, targets)) {
                keep(source, owner, kept, null, () -> false);
            }
            long rows = 0;
            for (List<Object> keys = kept.others(null, ROWS_AT_ONCE);
                    !keys.isEmpty();
                    keys = kept.others(keys.getLast(), ROWS_AT_ONCE)) {
                rows += keys.size();
            }
            return rows;
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private boolean keepAll(CollectionTarget target, KeptKeys kept, @Nullable BsonTimestamp notBefore)
            throws SQLException {
        for (CollectionTarget owner : ownersOf(target, targets)) {
            if (!keep(source, owner, kept, notBefore, fenced.stopped())) {
                return false;
            }
        }
        return true;
    }

    /// The collections whose documents are rows of the same table.
    private static List<CollectionTarget> ownersOf(CollectionTarget target, List<CollectionTarget> targets) {
        TableName table = target.mapping().table();
        return targets.stream().filter(t -> t.mapping().table().equals(table)).toList();
    }

    /// @return false when stopped
    private static boolean keep(
            DocumentSource source,
            CollectionTarget owner,
            KeptKeys kept,
            @Nullable BsonTimestamp notBefore,
            BooleanSupplier stopped)
            throws SQLException {
        for (IdBracket bracket : IdBracket.values()) {
            BsonValue after = null;
            for (boolean complete = false; !complete; ) {
                if (stopped.getAsBoolean()) {
                    return false;
                }
                List<BsonValue> ids =
                        source.ids(owner.collection(), IdRange.after(bracket, after), IDS_AT_ONCE, notBefore);
                Set<Object> keys = HashSet.newHashSet(ids.size());
                for (BsonValue id : ids) {
                    if (owner.mapper().key(id) instanceof KeyResult.Key(Object key)) {
                        keys.add(key);
                    }
                }
                kept.add(new ArrayList<>(keys));
                after = ids.isEmpty() ? null : ids.getLast();
                complete = bracket.single() || ids.size() < IDS_AT_ONCE;
            }
        }
        return true;
    }
}
