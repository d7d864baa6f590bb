package dev.sluice.service.finish;

import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.replay.Replay;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.StreamHistory;
import dev.sluice.source.mongo.StreamHistory.Event;
import dev.sluice.verify.Recheck;
import dev.sluice.verify.SincePosition;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;

/// What was written to collections of MongoDB since some operation: asked of the change stream's history, as far as
/// the oplog goes back. Any thread.
final class WrittenSince {
    private static final int EVENTS_AT_ONCE = 5_000;

    private final PipelineSpec pipeline;
    private final BooleanSupplier stopped;

    /// @param stopped asked between steps
    WrittenSince(PipelineSpec pipeline, BooleanSupplier stopped) {
        this.pipeline = pipeline;
        this.stopped = stopped;
    }

    /// The first write between two operations.
    ///
    /// @param after exclusive
    /// @param upTo inclusive
    /// @return empty where there was none
    Optional<Event> first(List<CollectionTarget> chosen, BsonTimestamp after, BsonTimestamp upTo) {
        BsonTimestamp from = new BsonTimestamp(after.getValue() + 1);
        if (from.compareTo(upTo) > 0) {
            return Optional.empty();
        }
        List<String> names = chosen.stream().map(CollectionTarget::collection).toList();
        try (StreamHistory.Reading reading = pipeline.source().history().read(from, upTo, names)) {
            while (!reading.complete() && !stopped.getAsBoolean()) {
                List<Event> events = reading.next(EVENTS_AT_ONCE);
                if (!events.isEmpty()) {
                    return Optional.of(events.getFirst());
                }
            }
        }
        return Optional.empty();
    }

    /// What became of comparing the documents that were written.
    ///
    /// @param documents how many there are
    /// @param differing how many have rows that are not the expected ones
    /// @param open the `_id`s of those of which it is not known yet; what was written at every look
    /// @param changedItself whether the collection was dropped, renamed or replaced
    record Found(long documents, long differing, List<BsonValue> open, boolean changedItself) {
        Found {
            open = List.copyOf(open);
        }
    }

    /// Compares every document of a collection that was written between two operations with its rows, and records what
    /// differs.
    ///
    /// @param from inclusive
    /// @param upTo inclusive
    /// @param more documents that are compared, too
    Found compare(CollectionTarget target, BsonTimestamp from, BsonTimestamp upTo, List<BsonValue> more) {
        try (Connection connection = pipeline.connector().openForLongWork();
                Replay replay = new Replay(pipeline.name(), pipeline.source().history(), connection, List.of(target));
                Recheck recheck = Recheck.open(pipeline, new SincePosition(pipeline), stopped)) {
            Replay.Found found =
                    from.compareTo(upTo) > 0 ? null : replay.count(from, upTo, (events, reached) -> {}, stopped);
            List<BsonValue> open = new ArrayList<>();
            long differing = more.isEmpty() ? 0 : look(recheck, target, more, open);
            if (found != null) {
                differing += replay.check((of, ids) -> look(recheck, of, ids, open), stopped);
            }
            return new Found(
                    found == null ? 0 : found.documents(),
                    differing,
                    open,
                    found != null && found.collections().stream().anyMatch(Replay.Tally::changedItself));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    private static long look(Recheck recheck, CollectionTarget target, List<BsonValue> ids, List<BsonValue> open) {
        Recheck.Tally tally = recheck.tally(target, ids);
        open.addAll(tally.open());
        return tally.differing();
    }
}
